/** What a hostile client tries on the gRPC port, below what grpc-js offers a client: half requests, answers that it leaves, resets. */
import { assert, assertEquals } from "@std/assert";
import { Metadata, type sendUnaryData, Server, type ServerWritableStream, status } from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { serviceDefinition } from "../protos/descriptors.ts";
import { boundCalls, type CallBounds, type StreamCall } from "../runtime/grpc_bounds.ts";
import { listen, shutdown } from "../runtime/grpc_listen.ts";
import { addReflection } from "../runtime/grpc_reflection.ts";
import { Streams } from "../runtime/grpc_streams.ts";
import { eventually, serveChat, spawn } from "./harness.ts";

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A message behind its five bytes of flag and length; `whole` is what the length says. */
function framed(bytes: Uint8Array, whole = bytes.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(whole, 1);
  return Buffer.concat([head, bytes]);
}

/** An HTTP/2 connection, whose streams take at most `window` bytes that were not read. */
function connection(port: number, window = 65_535): ClientHttp2Session & Disposable {
  const session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: window } });
  session.on("error", () => {});
  return Object.assign(session, { [Symbol.dispose]: () => session.destroy() });
}

/** A call that nothing was sent on yet, and what became of it: its status, "cut", or "open" after five seconds. */
interface RawCall {
  readonly stream: ClientHttp2Stream;
  readonly end: Promise<number | "cut" | "open">;
}

function begin(session: ClientHttp2Session, path: string): RawCall {
  const headers = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
  const stream = session.request(headers);
  const { promise, resolve } = Promise.withResolvers<number | "cut" | "open">();
  const late = setTimeout(() => resolve("open"), 5_000);
  const read = (headers: { "grpc-status"?: unknown }) => {
    if (headers["grpc-status"] !== undefined) resolve(Number(headers["grpc-status"]));
  };
  const cut = () => resolve("cut");
  stream.on("response", read).on("trailers", read).on("error", () => {}).on("aborted", cut).on("close", cut);
  return { stream, end: promise.finally(() => clearTimeout(late)) };
}

function newStreams(): Streams {
  return new Streams({ admit: () => {}, status: (error) => error as Error });
}

/** A server of two calls: `Ask` answers with as many bytes as are asked for, `Read` streams as many and ends. */
async function serveBounded(bounds: Partial<CallBounds>): Promise<{ port: number } & AsyncDisposable> {
  const all = { openingMs: 10_000, endingMs: 10_000, openingBytes: 1e9, ...bounds };
  const server = new Server({ interceptors: [boundCalls(all)] });
  const same = (bytes: Buffer) => bytes;
  const codec = {
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  const answer = (request: Buffer) => Buffer.alloc(Number(request.toString()));
  const streams = newStreams();
  server.addService({
    ask: { path: "/test/Ask", requestStream: false, responseStream: false, ...codec },
    read: { path: "/test/Read", requestStream: false, responseStream: true, ...codec },
  }, {
    ask: ({ request }: { request: Buffer }, reply: sendUnaryData<Buffer>) => reply(null, answer(request)),
    read: (call: ServerWritableStream<Buffer, Buffer>) =>
      streams.run(call, { most: 100 }, () => Promise.resolve(void call.write(answer(call.request)))),
  });
  const port = await listen(server, { host: "127.0.0.1", port: 0 });
  return { port, [Symbol.asyncDispose]: () => shutdown(server, 100) };
}

Deno.test("P5 bounded: a call whose request is not whole in time is ended, whatever was sent of it", async () => {
  await using server = await serveBounded({ openingMs: 300 });
  using session = connection(server.port);
  const calls = ["/test/Ask", "/test/Ask", "/test/Read", "/test/Ask"].map((path) => begin(session, path));
  calls[1]?.stream.write(framed(Buffer.alloc(1_000), 60_000));
  calls[2]?.stream.write(Buffer.alloc(3));
  calls[3]?.stream.write(framed(Buffer.from("1")));
  const began = performance.now();
  const late = status.DEADLINE_EXCEEDED;
  assertEquals(await Promise.all(calls.map(({ end }) => end)), [late, late, late, late]);
  assert(performance.now() - began < 2_000);
  const closed = () => calls.every(({ stream }) => stream.closed);
  await eventually(closed, { what: "streams that the server has closed" });
  const good = begin(session, "/test/Ask");
  good.stream.end(framed(Buffer.from("1")));
  assertEquals(await good.end, status.OK);
});

Deno.test("P5 bounded: of requests that are not whole only so many bytes are held, and the oldest go first", async () => {
  // A call costs 16 KB by itself.
  await using server = await serveBounded({ openingBytes: 200_000 });
  using session = connection(server.port);
  const calls: RawCall[] = [];
  for (let i = 0; i < 12; i++) {
    const call = begin(session, "/test/Ask");
    call.stream.write(framed(Buffer.alloc(10_000, "0"), 10_001));
    calls.push(call);
    await sleep(20);
  }
  for (const { stream } of calls.slice(5)) stream.end("1");
  const ends = await Promise.all(calls.map(({ end }) => end));
  assertEquals(ends, calls.map((_, i) => i < 5 ? status.RESOURCE_EXHAUSTED : status.OK));
});

Deno.test("P5 bounded: a call whose answer nobody takes is cut", async () => {
  await using server = await serveBounded({ endingMs: 300 });
  using session = connection(server.port, 100);
  for (const path of ["/test/Ask", "/test/Read"]) {
    const { stream, end } = begin(session, path);
    stream.pause();
    stream.end(framed(Buffer.from("300000")));
    assertEquals(await end, "cut", path);
  }
  using patient = connection(server.port);
  for (const path of ["/test/Ask", "/test/Read"]) {
    const { stream, end } = begin(patient, path);
    stream.end(framed(Buffer.from("300000")));
    let taken = 0;
    stream.on("data", (part: Buffer) => taken += part.length);
    assertEquals([await end, taken], [status.OK, 300_005], path);
  }
});

Deno.test("P5 bounded: connections past the most are closed, and taken again when others went", async () => {
  const server = new Server();
  const port = await listen(server, { host: "127.0.0.1", port: 0, most: 3 });
  const dial = () => Deno.connect({ hostname: "127.0.0.1", port });
  const open = [await dial(), await dial(), await dial()];
  using fourth = await dial();
  assertEquals(await fourth.read(new Uint8Array(9)), null);
  open.pop()?.close();
  // Whoever is let in is sent the server's settings.
  await eventually(async () => {
    using conn = await dial();
    return await conn.read(new Uint8Array(9)).catch(() => null) !== null;
  });
  for (const conn of open) conn.close();
  await shutdown(server, 100);
});

/** Resident memory of a process in MB. */
async function rss(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await Deno.readTextFile(`/proc/${pid}/status`))?.[1]) / 1024;
}

Deno.test("P5 bounded: half-sent messages of hundreds of calls cost ChatService little", async () => {
  await using chat = await spawn("grpc", { env: { CHAT_LOG: "sqlite::memory:" } });
  const before = await rss(chat.pid);
  using session = connection(chat.port);
  const half = framed(Buffer.alloc(499_000), 500_000);
  for (let i = 0; i < 800; i++) {
    begin(session, i % 2 ? "/chat.ChatService/SendMessage" : "/chat.ChatService/Session").stream.write(half);
    if (i % 20 === 0) await sleep(20);
  }
  await sleep(1_500);
  const grown = await rss(chat.pid) - before;
  assert(grown < 250, `grown by ${grown.toFixed(0)} MB; 400 MB were sent`);
});

Deno.test("P5 bounded: a tool that asks for reflection is answered as fast as it reads, and let go when it asks no more", async () => {
  const v1 = serviceDefinition("grpc.reflection.v1.ServerReflection");
  const method = v1.ServerReflectionInfo;
  let answered = 0;
  const described = {
    get files() {
      answered++;
      return [{ name: "a.proto", package: "a", bytes: new Uint8Array(1_000) }];
    },
    symbols: [],
    serviceNames: [],
  };
  const server = new Server();
  addReflection(server, described, {
    versions: [v1],
    streams: newStreams(),
    share: { most: 10 },
    silenceMs: 1_000,
  });
  const port = await listen(server, { host: "127.0.0.1", port: 0 });
  {
    using session = connection(port, 1_000);
    const { stream, end } = begin(session, method?.path ?? "");
    const question = framed(method?.requestSerialize({ fileByFilename: "a.proto" }) ?? Buffer.alloc(0));
    stream.pause();
    stream.write(Buffer.concat(Array.from({ length: 2_000 }, () => question)));
    await sleep(500);
    assert(answered < 100, `${answered} answers wait`);
    stream.resume();
    assertEquals([await end, answered], [status.OK, 2_000]);
  }
  await shutdown(server, 100);
});

Deno.test("a client that is gone holds no drain, also while nothing is read from it", async () => {
  const chat = await serveChat();
  const { Session } = serviceDefinition("chat.ChatService");
  using session = connection(chat.port);
  const { stream } = begin(session, Session?.path ?? "");
  stream.pause();
  const refused = framed(Session?.requestSerialize({ id: 1, send: { person: 77 } }) ?? Buffer.alloc(0));
  stream.write(Buffer.concat(Array.from({ length: 30_000 }, () => refused)));
  await sleep(1_000);
  session.destroy();
  await sleep(100);
  const began = performance.now();
  await chat.close();
  assert(performance.now() - began < 2_000, `it took ${Math.round(performance.now() - began)} ms`);
});

Deno.test("P5 bounded: streams of one kind take their own places only, and give them back", async () => {
  const streams = new Streams({
    admit: ({ taken, most }) => {
      if (taken >= most) throw new Error("full");
    },
    status: (error) => error as Error,
  });
  const [strangers, sessions] = [{ most: 2 }, { most: 2 }];
  const begin = (share: { most: number }) => {
    const call = Object.assign(new EventEmitter(), { end: () => {}, metadata: new Metadata() });
    const done = Promise.withResolvers<string>();
    call.on("error", ({ message }) => done.resolve(message));
    streams.run(call as unknown as StreamCall, share, ({ gone }) => {
      done.resolve("in");
      return new Promise((resolve) => gone.addEventListener("abort", () => resolve()));
    });
    return { said: done.promise, leave: () => call.emit("cancelled") };
  };
  const [one, two, three] = [begin(strangers), begin(strangers), begin(strangers)];
  assertEquals([await one.said, await two.said, await three.said], ["in", "in", "full"]);
  assertEquals(await begin(sessions).said, "in");
  one.leave();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(await begin(strangers).said, "in");
  await streams.drain(0);
});

Deno.test("an answer and the event that it is about go to a session in one packet", async () => {
  await using chat = await serveChat();
  const { Session } = serviceDefinition("chat.ChatService");
  using session = connection(chat.port);
  const { stream } = begin(session, Session?.path ?? "");
  const give = (...frames: object[]) =>
    stream.write(
      Buffer.concat(frames.map((frame) => framed(Session?.requestSerialize(frame) ?? Buffer.alloc(0)))),
    );
  const packets: string[] = [];
  stream.on("data", (part: Buffer) => packets.push(part.toString("latin1")));
  give({ id: 1, open: { username: "ann" } }, { id: 2, follow: {} });
  await eventually(() => packets.length > 0);
  await sleep(100);
  packets.length = 0;
  give({ id: 3, send: { text: "hello", clientId: "1" } });
  await sleep(300);
  assertEquals(packets.filter((packet) => packet !== "").length, 1);
  assert(packets[0]?.includes("hello"));
});
