/** Browsers that follow much and read nothing: what each may cost. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Socket } from "../../gateway/socket.ts";
import { noTraffic } from "../../gateway/traffic.ts";
import { ChatError } from "../../protos/errors.ts";
import { limits } from "../../protos/limits.ts";
import { silent } from "../../runtime/journal.ts";
import { bearer, FrameSocket, grpcClient, send, signIn } from "../doors.ts";
import { tokensFor } from "../gateway_parts.ts";
import { serveChat, serveWeb, spawn, tempFolder } from "../harness.ts";

/** Resident memory of a process in MB. */
async function rss(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await Deno.readTextFile(`/proc/${pid}/status`))?.[1]) / 1_024;
}

/** A WebSocket on a bare TCP connection that sends frames, and reads nothing. */
async function stalledSocket(port: number, token: string, frames: object[]): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = [
    "GET /ws HTTP/1.1",
    "Host: localhost",
    `Authorization: Bearer ${token}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
  ];
  await conn.write(new TextEncoder().encode(lines.join("\r\n") + "\r\n\r\n"));
  await conn.read(new Uint8Array(1_024));
  for (const frame of frames) {
    const text = new TextEncoder().encode(JSON.stringify(frame));
    assert(text.length < 126);
    await conn.write(new Uint8Array([0x81, 0x80 | text.length, 0, 0, 0, 0, ...text]));
  }
  return conn;
}

Deno.test("P5 bounded: a browser that follows many rooms and reads nothing costs one buffer and one batch, not one a room", async () => {
  await using folder = await tempFolder();
  await using chat = await spawn("grpc", { env: { CHAT_LOG: `sqlite:${folder.file("chat.db")}` } });
  await using web = await spawn("web", { env: { CHAT_ADDRESS: `localhost:${chat.port}` } });
  const { token } = await signIn(web.port, "ann");
  const tokens = await tokensFor(web.port, 60);
  using client = grpcClient(chat.port);
  const rooms = Array.from({ length: 20 }, (_, i) => `room-${i}`);
  const text = "x".repeat(limits.textBytes);
  for (const room of rooms) {
    await new Promise((resolve, reject) =>
      client.createRoom({ room }, bearer(token), (error, made) => made ? resolve(made) : reject(error))
    );
    await Promise.all(
      Array.from(
        { length: 40 },
        () =>
          new Promise((resolve, reject) =>
            client.say({ room, text }, bearer(token), (error, sent) => sent ? resolve(sent) : reject(error))
          ),
      ),
    );
  }
  // One who reads, so that the gateway holds all of it already.
  await using reader = await FrameSocket.connect(web.port, { token });
  await reader.ask({ open: {} });
  for (const room of rooms) await reader.ask({ follow: { room, replay: "REPLAY_RESUME" } });
  await reader.until(() => reader.events.length >= rooms.length * 41);

  const frames = [
    { id: 1, open: {} },
    ...rooms.map((room, i) => ({ id: 2 + i, follow: { room, replay: "REPLAY_RESUME" } })),
  ];
  await using sockets = new AsyncDisposableStack();
  const stall = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const conn = await stalledSocket(web.port, tokens.pop() ?? "", frames);
      sockets.defer(() => conn.close());
    }
    // So long that whatever would be written is written.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    return await rss(web.pid);
  };
  // The first ones also make the heap grow, once and for all.
  const first = await stall(20);
  const each = (await stall(40) - first) / 40;
  // A batch of 350 KB a room would be 7 MB each. What V8 has not yet let go of comes on top of what is held.
  const bound = (limits.socketBufferBytes + limits.batchBytes) / 1_048_576;
  assert(each < 2 * bound, `${each.toFixed(2)} MB each, and ${bound.toFixed(2)} are stated`);
  assertEquals((await reader.ask({ send: { text: "still here" } })).sent?.seq, 1);
});

Deno.test("P5 bounded: those who are far behind and read nothing give their place to one who reads", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  using client = grpcClient(chat.port);
  const [count, text] = [3_000, "x".repeat(4_000)];
  for (let i = 0; i < count; i += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, j) => send(client, { username: `bot ${j}`, message: text })),
    );
  }
  const { token } = await signIn(web.port, "ann");
  await using sockets = new AsyncDisposableStack();
  const frames = [{ id: 1, open: {} }, { id: 2, follow: { replay: "REPLAY_RESUME" } }];
  for (const token of await tokensFor(web.port, 3 * limits.catchingUp)) {
    const conn = await stalledSocket(web.port, token, frames);
    sockets.defer(() => conn.close());
  }
  await using reader = await FrameSocket.connect(web.port, { token });
  await reader.ask({ open: {} });
  const began = Date.now();
  await reader.ask({ follow: { replay: "REPLAY_RESUME" } });
  await reader.until(() => reader.events.length >= count);
  assertEquals(reader.events.map(({ seq }) => seq), Array.from({ length: count }, (_, i) => i + 1));
  assert(Date.now() - began < 10_000, `it took ${Date.now() - began} ms`);
});

/** A WebSocket whose peer reads when the test says so. */
class FakeWebSocket extends EventTarget {
  readonly readyState = WebSocket.OPEN;
  readonly sent: string[] = [];
  bufferedAmount = 0;
  most = 0;

  send(text: string): void {
    this.sent.push(text.slice(0, 8));
    this.bufferedAmount += text.length;
    this.most = Math.max(this.most, this.bufferedAmount);
  }

  close(): void {}
}

Deno.test("P5 bounded: whoever writes on a socket waits for a turn, and makes nothing before it", async () => {
  const batch = 300_000;
  const writes = fc.array(fc.constantFrom(10, 1_000, 100_000, batch), { minLength: 1, maxLength: 20 });
  const reads = fc.array(fc.integer({ min: 0, max: 600_000 }), { maxLength: 10 });
  const run = async (sizes: number[], reads: number[]) => {
    const ws = new FakeWebSocket();
    const socket = new Socket(ws as unknown as WebSocket, { journal: silent, traffic: noTraffic() });
    const ignore = () => {};
    socket.listen({
      sendsFrames: false,
      opened: ignore,
      heard: ignore,
      refuse: ignore,
      part: ignore,
      gone: ignore,
    });
    ws.dispatchEvent(new Event("open"));
    let made = 0;
    const written = sizes.map((size, i) =>
      socket.turn(async () => {
        assertEquals(made++, i, "one after the other");
        assert(ws.bufferedAmount <= limits.socketBufferBytes, "made before there was space");
        await Promise.resolve();
        socket.send(`${i}`.padEnd(8) + "x".repeat(size - 8));
      })
    );
    for (const bytes of [...reads, ...sizes.map(() => batch)]) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      ws.bufferedAmount = Math.max(0, ws.bufferedAmount - bytes);
    }
    for (let i = 0; made < sizes.length && i < 100; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      ws.bufferedAmount = 0;
    }
    await Promise.all(written);
    assertEquals(ws.sent.map(Number), sizes.map((_, i) => i));
    assert(ws.most <= limits.socketBufferBytes + batch, `${ws.most} bytes waited`);
    socket.close(new ChatError("UNAVAILABLE", "Cannot go on: the test is over, go home."));
  };
  await fc.assert(fc.asyncProperty(writes, reads, run), { numRuns: 20 });
});
