/** The gRPC port itself: what a process that ran out of files, and a client that goes, leave behind. */
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { before } from "../runtime/deadline.ts";
import { goawayFilter } from "../runtime/grpc_goaway.ts";
import { grpcClient, send, Stream } from "./doors.ts";
import { eventually, serveChat, spawn } from "./harness.ts";

Deno.test("P5 bounded: a gRPC port that ran out of files takes connections again when there are some", async () => {
  await using chat = await spawn("grpc", {
    env: { CHAT_LOG: "sqlite::memory:" },
    wrap: ["prlimit", "--nofile=200"],
  });
  using first = grpcClient(chat.port);
  await send(first, { username: "ann", message: "before" });
  const idle = await Promise.all(
    Array.from({ length: 300 }, () => Deno.connect({ hostname: "127.0.0.1", port: chat.port })),
  );
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  assertEquals((await send(first, { username: "ann", message: "meanwhile" })).seq, 2);
  for (const conn of idle) conn.close();
  using second = grpcClient(chat.port);
  await eventually(() =>
    send(second, { username: "bob", message: "after", clientId: "1" }).then(() => true, () => false)
  );
});

Deno.test("P5 bounded: connections that come and go leave no open files behind", async () => {
  await using chat = await spawn("grpc", { env: { CHAT_LOG: "sqlite::memory:" } });
  const files = async () => (await Array.fromAsync(Deno.readDir(`/proc/${chat.pid}/fd`))).length;
  using client = grpcClient(chat.port);
  await send(client, { username: "ann", message: "hi" });
  const before = await files();
  for (let i = 0; i < 60; i++) {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: chat.port });
    if (i % 3 === 0) await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
    conn.close();
    using brief = grpcClient(chat.port);
    using stream = new Stream(brief, { username: "reader" });
    await stream.headers;
  }
  await eventually(async () => await files() <= before + 1, { what: `${before} open files` });
});

/** An HTTP/2 frame: RFC 9113, 4.1. */
function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** The header fields of a call, each literal and without an index: RFC 7541, 6.2.2. */
function headerBlock(path: string): Buffer {
  const fields = { ":method": "POST", ":scheme": "http", ":path": path, "content-type": "application/grpc" };
  const text = (value: string) => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
  return Buffer.concat(
    Object.entries(fields).flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]),
  );
}

Deno.test("P5 bounded: a connection that opens calls and resets them at once is cut (CVE-2023-44487)", async () => {
  await using chat = await serveChat();
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: chat.port });
  let isCut = false;
  const cut = () => isCut = true;
  const ended = conn.readable.pipeTo(new WritableStream()).then(cut, cut);
  const [headers, settings, reset, cancel] = [1, 4, 3, 8];
  const block = headerBlock("/chat.ChatService/Session");
  const calls = Array.from({ length: 10_000 }, (_, i) => 2 * i + 1).map((id) =>
    Buffer.concat([frame(headers, 4, id, block), frame(reset, 0, id, Buffer.of(0, 0, 0, cancel))])
  );
  const writer = conn.writable.getWriter();
  await writer.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(settings, 0, 0)]));
  // More than the server takes: the rest fails once it has cut the connection.
  await writer.write(Buffer.concat(calls)).catch(() => {});
  await before(5_000, ended);
  assert(isCut);
  await writer.close().catch(() => {});
  using client = grpcClient(chat.port);
  assertEquals((await send(client, { username: "ann", message: "still here" })).seq, 1);
});

Deno.test("a GOAWAY is taken out of a connection's bytes, however they are cut, and nothing else is", () => {
  const frame = fc.record({
    type: fc.constantFrom(0, 1, 4, 6, 7, 8),
    payload: fc.uint8Array({ maxLength: 40 }),
  });
  const encode = ({ type, payload }: { type: number; payload: Uint8Array }) =>
    Buffer.concat([Buffer.from([0, 0, payload.length, type, 0, 0, 0, 0, 1]), payload]);
  fc.assert(fc.property(
    fc.constantFrom("client" as const, "server" as const),
    fc.array(frame, { maxLength: 20 }),
    fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
    (from, frames, cuts) => {
      const preface = Buffer.from(from === "client" ? "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" : "");
      const sent = Buffer.concat([preface, ...frames.map(encode)]);
      const wanted = Buffer.concat([preface, ...frames.filter(({ type }) => type !== 7).map(encode)]);
      const strip = goawayFilter(from);
      const got: Buffer[] = [];
      for (let at = 0, i = 0; at < sent.length; i++) {
        const size = cuts[i % cuts.length] ?? 1;
        got.push(Buffer.from(strip(sent.subarray(at, at += size))));
      }
      assert(Buffer.concat(got).equals(wanted));
    },
  ));
});
