/** The gateway's own gRPC client, against a server that speaks HTTP/2 by hand: however the bytes come, and however it ends. */
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { GrpcClient, type Method, type Status } from "../gateway/grpc_client.ts";
import { eventually } from "./harness.ts";

const text: Method<string, string> = {
  path: "/test",
  requestSerialize: (value) => Buffer.from(value),
  responseDeserialize: (bytes) => bytes.toString(),
};

/** Serves each stream as told. */
async function serveHttp2(serve: (stream: http2.ServerHttp2Stream) => void) {
  const server = http2.createServer();
  server.on("stream", serve);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** A message as it is on a stream. */
function framed(body: string): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("P3 complete: messages are whole and in order, in whatever pieces they come", async () => {
  const said = ["", "a", "x".repeat(100_000), "end", ...Array.from({ length: 200 }, (_, i) => `m${i}`)];
  await using server = await serveHttp2(async (stream) => {
    stream.respond({ ":status": 200, "chat-keys": "k" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    const bytes = Buffer.concat(said.map(framed));
    for (let at = 0, size = 1; at < bytes.length; at += size, size = at < 50 ? 1 : 3 * size + 1) {
      stream.write(bytes.subarray(at, at + size));
      await wait(1);
    }
    stream.end();
  });
  const client = new GrpcClient(server.address);
  const [heard, keys]: [string[], unknown[]] = [[], []];
  const status = await new Promise<Status>((ended) =>
    client.stream(text, {
      opened: (metadata) => keys.push(metadata["chat-keys"]),
      heard: (message) => heard.push(message),
      ended,
    })
  );
  assertEquals([heard, keys, status.status], [said, ["k"], 0]);
  client.close();
});

Deno.test("P2 ordered: what is written in one turn arrives in its order, as one piece", async () => {
  const chunks: string[] = [];
  await using server = await serveHttp2((stream) => {
    stream.respond({ ":status": 200 });
    stream.on("data", (chunk) => chunks.push(String(chunk)));
    stream.on("error", () => {});
  });
  const client = new GrpcClient(server.address);
  const opened = Promise.withResolvers<unknown>();
  const ended = Promise.withResolvers<Status>();
  const stream = client.stream(text, { opened: opened.resolve, heard: () => {}, ended: ended.resolve });
  await opened.promise;
  const said = Array.from({ length: 50 }, (_, i) => `message ${i}`);
  for (const one of said) stream.write(one);
  const whole = Buffer.concat(said.map(framed)).toString();
  await eventually(() => chunks.join("").length === whole.length);
  assertEquals(chunks, [whole]);
  stream.cancel();
  stream.write("too late");
  assertEquals((await ended.promise).status, 14);
  client.close();
});

Deno.test("a call ends once, with its answer, a refusal, or that nobody is there", async () => {
  await using server = await serveHttp2((stream) => {
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => {
      const asked = chunk.subarray(5).toString();
      if (asked === "refuse") {
        const trailers = {
          "grpc-status": "6",
          "grpc-message": "the name %22%C3%84%22",
          "chat-code": "NAME_TAKEN",
        };
        return stream.respond({ ":status": 200, ...trailers }, { endStream: true });
      }
      if (asked === "hang") return;
      if (asked === "junk") {
        stream.respond({ ":status": 200 });
        return stream.write("HTTP/1.1 400 Bad Request");
      }
      if (asked === "http") return stream.respond({ ":status": 502 }, { endStream: true });
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
      stream.end(framed(`${asked}!`));
    });
  });
  const client = new GrpcClient(server.address);
  const call = (request: string) => client.call(text, { request, ms: 300 });
  assertEquals(await Promise.all([call("hello"), call("hello again")]), [{ value: "hello!" }, {
    value: "hello again!",
  }]);
  assertEquals(await call("refuse"), { status: 6, message: `the name "Ä"`, code: "NAME_TAKEN" });
  for (const asked of ["hang", "http", "junk"]) {
    const answer = await call(asked);
    assertEquals("status" in answer && [answer.status, answer.code], [14, ""], asked);
  }
  client.close();
  const late = await call("hello");
  assertEquals("status" in late && late.status, 14);
  const nobody = new GrpcClient("127.0.0.1:1");
  const answer = await nobody.call(text, { request: "hello", ms: 300 });
  assertEquals("status" in answer && [answer.status, answer.code], [14, ""]);
  nobody.close();
});
