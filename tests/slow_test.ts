/** Readers that take nothing: what they cost, how they are told, and that they can go on where they were. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { status } from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import { connect } from "node:http2";
import { errors } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import { FrameSocket, grpcClient, send, signIn, Stream } from "./doors.ts";
import { serveChat, serveWeb } from "./harness.ts";

/** A WebSocket client on a bare TCP connection, which reads only when asked to. */
class BareSocket implements Disposable {
  readonly #conn: Deno.TcpConn;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async connect(port: number, path: string, token = ""): Promise<BareSocket> {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const lines = [
      `GET ${path} HTTP/1.1`,
      "Host: localhost",
      `Authorization: Bearer ${token}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ];
    await conn.write(new TextEncoder().encode(lines.join("\r\n") + "\r\n\r\n"));
    return new BareSocket(conn);
  }

  /** Sends a short text, masked with zeros. */
  async send(value: unknown): Promise<void> {
    const text = new TextEncoder().encode(JSON.stringify(value));
    assert(text.length < 126);
    await this.#conn.write(new Uint8Array([0x81, 0x80 | text.length, 0, 0, 0, 0, ...text]));
  }

  /** Reads all that was sent, up to the end, and gives the close frame's code. */
  async readToClose(): Promise<number> {
    let last = new Uint8Array();
    const buffer = new Uint8Array(1 << 20);
    for (let n = await this.#conn.read(buffer); n !== null; n = await this.#conn.read(buffer)) {
      last = new Uint8Array([...last.slice(-200), ...buffer.slice(Math.max(0, n - 200), n)]);
      // A close frame is the last: 0x88, its length, and the code.
      const at = last.lastIndexOf(0x88);
      if (at >= 0 && last.length - at === 2 + (last[at + 1] ?? -1)) {
        return ((last[at + 2] ?? 0) << 8) | (last[at + 3] ?? 0);
      }
    }
    return 0;
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }
}

/**
 * A session that says one whole frame, and then sends the next one so slowly that it never is one. Gives how it ended and
 * the last that it was told.
 */
function halfSpeaking(port: number): { ended: Promise<string> } & Disposable {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  const headers = {
    ":method": "POST",
    ":path": "/chat.ChatService/Session",
    "content-type": "application/grpc",
  };
  const stream = session.request({ ...headers, te: "trailers" });
  // A heartbeat: field 15, without content. Then the head of a message of 1,000 bytes.
  stream.write(Buffer.from([0, 0, 0, 0, 2, 0x7a, 0, 0, 0, 0, 0x03, 0xe8]));
  const trickle = setInterval(() => stream.write(Buffer.of(0)), 2_000);
  let told = "";
  stream.on("data", (part: Buffer) => told = part.toString("latin1"));
  stream.on("error", () => {});
  const ended = new Promise<string>((resolve) => stream.on("trailers", () => resolve(told)));
  ended.then(() => clearInterval(trickle));
  return { ended, [Symbol.dispose]: () => session.destroy() };
}

/** Reads a room in which somebody speaks all the time, and says nothing but the answer to a heartbeat. */
async function busyReader(port: number): Promise<AsyncDisposable & { ws: WebSocket }> {
  const speaker = await FrameSocket.join(port, "speaker");
  await speaker.ask({ createRoom: { room: "busy" } });
  const reader = await FrameSocket.join(port, "silent reader");
  await reader.ask({ follow: { room: "busy" } });
  let number = 0;
  const speaks = setInterval(() => {
    speaker.ask({ send: { room: "busy", text: "a word", clientId: `word ${++number}` } });
  }, 1_000);
  const { raw } = reader;
  let seen = 0;
  const answers = setInterval(() => {
    const frames = raw.received.slice(seen) as { heartbeat?: object }[];
    seen += frames.length;
    if (frames.some(({ heartbeat }) => heartbeat)) raw.send({ heartbeat: {} });
  }, 100);
  return {
    ws: raw.ws,
    [Symbol.asyncDispose]: async () => {
      clearInterval(speaks);
      clearInterval(answers);
      await reader[Symbol.asyncDispose]();
      await speaker[Symbol.asyncDispose]();
    },
  };
}

Deno.test("P5 bounded: readers that take nothing are told TOO_SLOW after 30 s and resume; others notice nothing", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  using client = grpcClient(chat.port);
  await using neighbour = await FrameSocket.join(web.port, "neighbour");
  await neighbour.ask({ follow: {} });

  const { token } = await signIn(web.port, "frames");
  using frames = await BareSocket.connect(web.port, "/ws", token);
  await frames.send([{ id: 1, open: {} }, { id: 2, follow: {} }]);
  using tutorial = await BareSocket.connect(web.port, "/ws/ann");
  const stalled = client.streamMessages({ username: "reader" });
  const ended = new Promise<{ code: number; word: unknown }>((resolve) =>
    stalled.on("status", ({ code, metadata }) => resolve({ code, word: metadata.get("chat-code")[0] }))
  );
  stalled.on("error", () => {});
  let taken = 0;
  const stall = () => {
    taken++;
    stalled.pause();
  };
  stalled.on("data", stall);
  using half = halfSpeaking(chat.port);
  await using busy = await busyReader(web.port);

  const text = "x".repeat(limits.textBytes);
  const count = 1_500;
  for (let i = 0; i < count; i += 50) {
    await Promise.all(Array.from({ length: 50 }, () => send(client, { username: "bot", message: text })));
  }
  assertEquals((await neighbour.count(count)).length, count);
  // Heartbeats of the one that is not stalled, which the harness does not answer, take its socket after 25 s.
  const beats = setInterval(
    () => neighbour.raw.ws.readyState === WebSocket.OPEN && neighbour.raw.send({ heartbeat: {} }),
    5_000,
  );
  await new Promise((resolve) => setTimeout(resolve, limits.slowReaderMs + 3_000));
  clearInterval(beats);
  assertMatch(await half.ended, /SILENT/, "half a frame is no sign of life");
  assertEquals(busy.ws.readyState, WebSocket.OPEN, "who answers heartbeats stays, however much is going on");

  stalled.off("data", stall);
  stalled.on("data", () => taken++);
  stalled.resume();
  assertEquals(await ended, { code: status.RESOURCE_EXHAUSTED, word: "TOO_SLOW" });
  assert(taken < count, `${taken} of ${count}: no queue was kept for it`);
  for (const socket of [frames, tutorial]) {
    const code = await socket.readToClose();
    assert(code === errors.TOO_SLOW.close || code === errors.SILENT.close, `${code}`);
  }

  using resumed = new Stream(client, {
    username: "reader",
    replay: "REPLAY_RESUME",
    after: { epoch: neighbour.frames.find(({ followed }) => followed)?.followed?.epoch ?? "", seq: taken },
  });
  assertEquals(
    (await resumed.count(count - taken)).map(({ seq }) => seq),
    Array.from({ length: count - taken }, (_, i) => taken + 1 + i),
  );
});
