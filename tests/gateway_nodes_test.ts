/** To which ChatService a gateway goes, and when: gateway/nodes.ts. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Nodes } from "../gateway/nodes.ts";
import { dice } from "./chaos/dice.ts";
import { calm, clear, Proxy } from "./chaos/proxy.ts";
import { FrameSocket } from "./doors.ts";
import { serveChat, serveWeb } from "./harness.ts";
import { onLogs } from "./logs.ts";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const resolve = (host: string) => Promise.resolve(host === "many" ? ["10.0.0.1", "10.0.0.2", "::1"] : []);

async function take(nodes: Nodes, count: number): Promise<{ address: string; waitMs: number }[]> {
  const taken = [];
  for (let i = 0; i < count; i++) taken.push(await nodes.next());
  return taken;
}

Deno.test("a gateway tries each ChatService once before it waits, and longer after each round", async () => {
  const property = fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 6 }), async (seed, count) => {
    const addresses = Array.from({ length: count }, (_, i) => `node${i}:50051`);
    const nodes = new Nodes(addresses, { resolve, random: dice(seed) });
    for (let round = 0; round < 6; round++) {
      const [first, ...rest] = await take(nodes, count);
      assertEquals([first, ...rest].map((next) => next?.address).sort(), addresses);
      assertEquals(rest.filter(({ waitMs }) => waitMs > 0), []);
      assert((first?.waitMs ?? 0) <= (round === 0 ? 0 : Math.min(1_000, 100 * 2 ** round)));
    }
  });
  await fc.assert(property, { numRuns: 100 });
});

Deno.test("gateways are spread over all ChatServices, also over those that one name has", async () => {
  const counts = new Map<string, number>();
  for (let seed = 0; seed < 400; seed++) {
    const nodes = new Nodes(["many:1", "other:2"], { resolve, random: dice(seed) });
    const { address } = await nodes.next();
    counts.set(address, (counts.get(address) ?? 0) + 1);
  }
  assertEquals([...counts.keys()].sort(), ["10.0.0.1:1", "10.0.0.2:1", "[::1]:1", "other:2"]);
  for (const [address, count] of counts) assert(count > 60 && count < 140, `${address}: ${count}`);
});

Deno.test("after one that held went away, another one is tried at once", async () => {
  for (let seed = 0; seed < 50; seed++) {
    const nodes = new Nodes(["a:1", "b:1", "c:1"], { resolve, random: dice(seed) });
    await take(nodes, 7);
    const before = await nodes.next();
    nodes.held();
    const [first, second, third] = await take(nodes, 3);
    assertEquals([first?.waitMs, second?.waitMs, third?.waitMs], [0, 0, 0]);
    assert(first?.address !== before.address);
    assertEquals(third?.address, before.address, "it comes last");
  }
});

onLogs(
  "P3 complete: a gateway whose ChatService dies goes on with another one at once, and its browsers notice nothing",
  async (log) => {
    await using chat = await serveChat(log);
    const doors = await Promise.all(
      [1, 2, 3].map((seed) => Proxy.start(() => chat.port, { random: dice(seed) })),
    );
    await using closing = new AsyncDisposableStack();
    for (const door of doors) closing.use(door);
    // One takes connections and says nothing, as a process that was stopped.
    doors[2]?.set({ up: { ...clear, held: true } });
    await using web = await serveWeb(doors.map(({ port }) => `127.0.0.1:${port}`).join(","));
    // It may have tried the silent one first.
    const joining = () => FrameSocket.join(web.port, "ann").catch(() => undefined);
    let ann = await joining();
    for (const end = Date.now() + 10_000; !ann && Date.now() < end; ann = await joining()) await wait(100);
    if (!ann) throw new Error("nobody was let in");
    closing.use(ann);
    await ann.ask({ follow: {} });
    for (let round = 1; round <= 4; round++) {
      const used = doors.slice(0, 2).find(({ links }) => links > 0);
      used?.set({ refusing: true });
      used?.cut({ reset: true });
      const began = performance.now();
      assertEquals((await ann.ask({ send: { text: `round ${round}` } })).sent?.seq, round);
      assert(performance.now() - began < 4_500);
      used?.set(calm);
      assertEquals(ann.frames.filter(({ parting }) => parting), []);
    }
    await ann.until(() => ann.events.length === 4);
    assertEquals(ann.events.map(({ seq }) => seq), [1, 2, 3, 4]);
  },
);
