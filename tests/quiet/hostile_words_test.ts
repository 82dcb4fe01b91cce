/** What a hostile client says: frames put together by hand, names that show nothing, and what is cheap to ask for and dear to do. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { status } from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { findMentions } from "../../chat/mentions.ts";
import { lookAlikeKeys } from "../../chat/names.ts";
import { parseName, parseText } from "../../chat/rules.ts";
import { openLog } from "../../log/open.ts";
import { serviceDefinition } from "../../protos/descriptors.ts";
import type { EventBody, RoomEvent } from "../../protos/events.ts";
import type { ClientFrame } from "../../protos/gen/chat/ClientFrame.ts";
import { limits } from "../../protos/limits.ts";
import { grpcClient, send, Stream } from "../doors.ts";
import { eventually, serveChat, tempFolder } from "../harness.ts";

const session = serviceDefinition("chat.ChatService").Session;
const encode = (frame: ClientFrame): Buffer => session?.requestSerialize(frame) ?? Buffer.alloc(0);

/** A session's call without a client library: what is written is what is sent. */
class BareSession implements Disposable {
  readonly call: ClientHttp2Stream;
  readonly #connection: ClientHttp2Session;

  constructor(port: number) {
    this.#connection = connect(`http://127.0.0.1:${port}`);
    this.#connection.on("error", () => {});
    const path = session?.path ?? "";
    const headers = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
    this.call = this.#connection.request(headers);
    this.call.on("error", () => {});
  }

  /** Sends one message, so many times. */
  write(message: Buffer, { times = 1 } = {}): void {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    const framed = Buffer.concat([head, message]);
    this.call.write(Buffer.concat(Array.from({ length: times }, () => framed)));
  }

  [Symbol.dispose](): void {
    this.#connection.destroy();
  }
}

Deno.test("P6 closed: two commands in one frame do not let somebody without a name speak", async () => {
  await using chat = await serveChat();
  using client = grpcClient(chat.port);
  using bare = new BareSession(chat.port);
  let answered = 0;
  bare.call.on("data", () => answered++);
  const speak = encode({ id: 1, send: { text: "from nobody", clientId: "1" } });
  bare.write(Buffer.concat([speak, encode({ read: { count: 1 } })]));
  await eventually(() => answered > 0);
  assertEquals((await send(client, { username: "ann", message: "the first" })).seq, 1);
});

Deno.test("P5 bounded: a client that sends what is no frame, and reads nothing, is not heard further", async () => {
  await using chat = await serveChat();
  using bare = new BareSession(chat.port);
  bare.call.pause();
  const frames = 60_000;
  const noFrame = Buffer.from([0x12, 0x7f]);
  bare.write(noFrame, { times: frames });
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  // What HTTP/2 lets be under way, and the commands that may wait.
  assert(bare.call.writableLength > 0, "all of it was taken");
  bare.call.resume();
});

Deno.test("P6 closed: a name is not free for one who adds something that does not show", () => {
  for (const unseen of ["\u2800", "\u{1D159}", "\u{16FE4}", "\u180B", "\u2065", "\u3164"]) {
    assertEquals(lookAlikeKeys(`Ann${unseen}`), lookAlikeKeys("Ann"), escape(unseen));
    for (const parse of [parseName, parseText]) {
      let refused = "";
      try {
        parse(unseen);
      } catch (error) {
        refused = String(error);
      }
      assertMatch(refused, /^ChatError: Cannot /, `${escape(unseen)} alone`);
    }
  }
});

Deno.test("an answer's words fit into its header, whatever was asked", async () => {
  await using chat = await serveChat();
  using client = grpcClient(chat.port);
  const request = { username: "ann", replay: "REPLAY_SINCE", since: "漢".repeat(100_000) } as const;
  using stream = new Stream(client, request);
  const { code, details } = await stream.status;
  assertEquals(code, status.INVALID_ARGUMENT);
  assertMatch(details, /it is not a time/);
});

Deno.test("P5 bounded: a text that calls somebody in thousands of spellings costs no more than one that calls many", () => {
  const spelling = (n: number) =>
    "@" + Array.from("abcdefghijk", (letter, i) => n >> i & 1 ? letter.toUpperCase() : letter).join("");
  const spellings = Array.from({ length: 1_000 }, (_, n) => spelling(n)).join(" ");
  assertEquals(findMentions(`${spellings} @bob`), lookAlikeKeys("abcdefghijk").slice(0, 1));
  assertEquals(findMentions(`${"@ann ".repeat(3_000)} @zoe`), ["ann", "zoe"], "once is enough");
});

Deno.test("P5 bounded: the thousandth edit of a message takes no longer than a message", async () => {
  await using folder = await tempFolder();
  await using log = await openLog(`sqlite:${folder.file("chat.db")}`);
  const text = "x".repeat(limits.textBytes);
  let head = 0;
  const append = async (body: EventBody) => {
    const began = performance.now();
    const events = Array.from({ length: 64 }, (_, i): RoomEvent => {
      const seq = head + 1 + i;
      const timestamp = "2026-01-31T12:00:00.000Z";
      return { seq, timestamp, sender: "ann", author: "guest:1", clientId: `${seq}`, ...body };
    });
    await log.append("lobby", head, events);
    head += events.length;
    return performance.now() - began;
  };
  await append({ message: { text } });
  for (let i = 0; i < 16; i++) await append({ edited: { target: 1, text } });
  const took = {
    messages: await append({ message: { text } }),
    edits: await append({ edited: { target: 1, text } }),
  };
  assert(
    took.edits < 200 + 10 * took.messages,
    `64 edits took ${took.edits} ms, messages ${took.messages} ms`,
  );
  await append({ deleted: { target: 1 } });
  const left = log.read("lobby", 0, 100).flatMap(({ message, edited }) =>
    edited ?? (message?.deleted ? message : [])
  );
  assertEquals(new Set(left.map(({ text }) => text)), new Set([""]));
});

Deno.test("P5 bounded: one who asks for thousands of long replays does not keep others from reading", async () => {
  await using folder = await tempFolder();
  await using chat = await serveChat({ chatLog: `sqlite:${folder.file("chat.db")}` });
  using client = grpcClient(chat.port);
  for (let i = 0; i < 5_000; i += 250) {
    const more = Array.from(
      { length: 250 },
      () => send(client, { username: `bot ${i}`, message: "x".repeat(300) }),
    );
    await Promise.all(more);
  }
  using greedy = new BareSession(chat.port);
  greedy.call.resume();
  const replay = encode({ id: 1, follow: { replay: "REPLAY_LAST_N", count: limits.replayMost } });
  greedy.write(replay, { times: 1_000 });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const reader = client.session();
  reader.on("error", () => {});
  const began = performance.now();
  const page = new Promise<number>((resolve) => reader.on("data", () => resolve(performance.now() - began)));
  reader.write({ id: 1, read: { after: 100, count: 100 } });
  const took = await page;
  reader.cancel();
  assert(took < 700, `a page took ${took} ms`);
});
