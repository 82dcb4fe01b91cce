/** The fault proxy does to a connection what it says, and nothing else. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { dice } from "./chaos/dice.ts";
import { arrival, calm, clear, Proxy } from "./chaos/proxy.ts";
import { until } from "./chaos/wait.ts";

/** A server that says back what it hears, behind a proxy, and a connection to it. */
async function echo(): Promise<AsyncDisposable & { proxy: Proxy; conn: Deno.TcpConn; served: () => number }> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const serving = (async () => {
    for await (const conn of listener) {
      open.add(conn);
      conn.readable.pipeTo(conn.writable).catch(() => {}).finally(() => open.delete(conn));
    }
  })();
  const proxy = await Proxy.start(() => listener.addr.port, { random: dice(1) });
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
  const dispose = async () => {
    try {
      conn.close();
    } catch {
      // The proxy has ended it.
    }
    await proxy[Symbol.asyncDispose]();
    listener.close();
    await serving;
    await until(() => open.size === 0, "the other end to know");
  };
  return { proxy, conn, served: () => open.size, [Symbol.asyncDispose]: dispose };
}

/** Reads so many bytes, or to the end. */
async function read(conn: Deno.TcpConn, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  let at = 0;
  while (at < count) {
    const n = await conn.read(bytes.subarray(at));
    if (n === null) break;
    at += n;
  }
  return bytes.subarray(0, at);
}

function noise(count: number): Uint8Array {
  const random = dice(7);
  return Uint8Array.from({ length: count }, () => random() * 256);
}

async function took(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

Deno.test("proxy: all bytes pass, in order, whatever the temper and however it changes", async () => {
  await using link = await echo();
  const { proxy, conn } = link;
  const bytes = noise(1_500_000);
  const tempers = [
    { delayMs: 3, jitterMs: 10, bytesPerSecond: 0, held: false },
    { delayMs: 0, jitterMs: 0, bytesPerSecond: 3_000_000, held: false },
    { ...clear, held: true },
    clear,
  ];
  let turn = 0;
  const changing = setInterval(() => {
    proxy.set({ up: tempers[turn++ % 4] ?? clear, down: tempers[turn % 4] ?? clear });
  }, 30);
  const [got] = await Promise.all([read(conn, bytes.length), writeAll(conn, bytes)]);
  clearInterval(changing);
  assert(got.every((byte, i) => byte === bytes[i]) && got.length === bytes.length);
  assertEquals([proxy.counts.bytesUp, proxy.counts.bytesDown], [bytes.length, bytes.length]);
});

Deno.test("proxy: delay is felt both ways, and trickle sets the pace", async () => {
  await using link = await echo();
  const { proxy, conn } = link;
  const roundTrip = async (count: number) => {
    await writeAll(conn, noise(count));
    await read(conn, count);
  };
  const times: number[] = [];
  for (let i = 0; i < 5; i++) times.push(await took(() => roundTrip(100)));
  assert(Math.min(...times) < 80, `${times} ms`);
  proxy.set({ up: { ...clear, delayMs: 60 }, down: { ...clear, delayMs: 60 } });
  assert(await took(() => roundTrip(100)) >= 118);
  proxy.set({ up: clear, down: { ...clear, bytesPerSecond: 10_000 } });
  const ms = await took(() => roundTrip(4_000));
  assert(ms >= 390 && ms < 1_500, `${ms} ms`);
});

Deno.test("proxy: a held way lets nothing through, nor the end of the other side, until it is free", async () => {
  await using link = await echo();
  const { proxy, conn } = link;
  await writeAll(conn, noise(10));
  await read(conn, 10);
  proxy.set({ down: { ...clear, held: true } });
  await writeAll(conn, noise(20));
  await until(() => proxy.counts.bytesUp === 30, "the other end to know");
  const reading = read(conn, 20);
  let heard = false;
  reading.then(() => heard = true);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assertEquals([heard, proxy.counts.bytesDown], [false, 10]);
  proxy.set(calm);
  assertEquals(await reading, noise(20));

  proxy.set({ up: { ...clear, held: true } });
  conn.close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assertEquals(link.served(), 1, "the server does not know that the client is gone");
  proxy.set(calm);
  await until(() => link.served() === 0 && proxy.links === 0, "the other end to know");
});

Deno.test("proxy: a cut ends both ends, a reset is felt as one, and a refusing proxy takes nobody", async () => {
  await using link = await echo();
  const { proxy, conn } = link;
  await writeAll(conn, noise(10));
  await read(conn, 10);
  proxy.cut();
  assertEquals(await conn.read(new Uint8Array(1)), null);
  await until(() => link.served() === 0, "the other end to know");

  using second = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
  await writeAll(second, noise(10));
  await read(second, 10);
  proxy.cut({ reset: true });
  const felt = await second.read(new Uint8Array(1)).catch((error) => error);
  assert(felt instanceof Deno.errors.ConnectionReset, String(felt));

  proxy.set({ refusing: true });
  using third = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
  const end = await third.read(new Uint8Array(1)).catch(() => null);
  assertEquals(end, null);
});

Deno.test("proxy: one end that stops reading stops the other, so that nothing piles up between them", async () => {
  const random = dice(1);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using proxy = await Proxy.start(() => listener.addr.port, { random });
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
  using far = await listener.accept();
  const bytes = noise(65_536);
  let written = 0;
  const flooding = (async () => {
    for (;;) written += await conn.write(bytes);
  })().catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const before = written;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assertEquals(written, before, "the sender is stopped");
  assert(far.localAddr);
  proxy.cut({ reset: true });
  await flooding;
  listener.close();
});

Deno.test("proxy: pieces arrive in the order they were sent, however the delay jumps", () => {
  const way = fc.record({
    delayMs: fc.nat(1_000),
    jitterMs: fc.nat(1_000),
    bytesPerSecond: fc.constantFrom(0, 10, 1e6),
    held: fc.constant(false),
  });
  const sending = fc.record({
    way,
    gap: fc.nat(100),
    bytes: fc.integer({ min: 0, max: 10_000 }),
    dice: fc.double({ min: 0, max: 0.999, noNaN: true }),
  });
  fc.assert(fc.property(fc.array(sending), (sendings) => {
    let [now, last] = [0, 0];
    for (const { way, gap, bytes, dice } of sendings) {
      now += gap;
      const due = arrival(way, { now, last, bytes, dice });
      assert(due >= last && due >= now + way.delayMs);
      last = due;
    }
  }));
});
