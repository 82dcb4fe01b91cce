/** The gRPC door: the tutorial's two calls, with what was added to them. */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import type { ServiceError } from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import { limits } from "../protos/limits.ts";
import { grpcClient, send, Stream } from "./doors.ts";
import { serveChat, spawn, tempFolder } from "./harness.ts";
import { onLogs } from "./logs.ts";

async function refused(act: () => Promise<unknown>): Promise<ServiceError> {
  return await assertRejects(act) as ServiceError;
}

onLogs(
  "P3 complete: a stream replays the last 100, then goes on live, with no gap and no repeat at the seam",
  async (log) => {
    await using chat = await serveChat(log);
    using client = grpcClient(chat.port);
    for (let i = 1; i <= 130; i++) await send(client, { username: "ann", message: `m${i}` });
    const streams = Array.from({ length: 8 }, () => new Stream(client, { username: "reader" }));
    await Promise.all(
      Array.from({ length: 70 }, (_, i) => send(client, { username: "bob", message: `live ${i}` })),
    );
    for (const stream of streams) {
      const first = Number((await stream.headers).get("chat-head")[0]) - 99;
      const seqs = (await stream.count(200 - first + 1)).map(({ seq }) => seq);
      assertEquals(seqs, Array.from({ length: 200 - first + 1 }, (_, i) => first + i));
      stream[Symbol.dispose]();
    }
  },
);

onLogs("P3 complete: a stream tells epoch and head at once, also in a silent room", async (log) => {
  await using chat = await serveChat(log);
  using client = grpcClient(chat.port);
  using stream = new Stream(client, { username: "reader" });
  const headers = await stream.headers;
  assertEquals(headers.get("chat-head"), ["0"]);
  assertEquals(headers.get("chat-recovered"), ["true"]);
  assertMatch(String(headers.get("chat-epoch")[0]), /^[0-9a-f]{12}$/);
});

onLogs(
  "P3 complete: every replay mode gives what it says, and a strange cursor is told that it is not recovered",
  async (log) => {
    let now = Date.parse("2026-01-31T12:00:00Z");
    await using chat = await serveChat({ ...log, now: () => now });
    using client = grpcClient(chat.port);
    for (let i = 1; i <= 20; i++) {
      now += 1_000;
      await send(client, { username: "ann", message: `m${i}` });
    }
    const { epoch } = await send(client, { username: "ann", message: "m21", clientId: "last" });
    const read = async (request: object, count: number) => {
      using stream = new Stream(client, { username: "reader", ...request });
      const [recovered] = (await stream.headers).get("chat-recovered");
      return { recovered, seqs: (await stream.count(count)).map(({ seq }) => seq) };
    };
    const range = (from: number) => Array.from({ length: 22 - from }, (_, i) => from + i);
    const recovered = "true";
    assertEquals(await read({ replay: "REPLAY_LAST_N", count: 3 }, 3), { recovered, seqs: range(19) });
    assertEquals(await read({ replay: "REPLAY_RESUME", after: { epoch, seq: 15 } }, 6), {
      recovered,
      seqs: range(16),
    });
    assertEquals(await read({ replay: "REPLAY_RESUME" }, 21), { recovered, seqs: range(1) });
    assertEquals(await read({ replay: "REPLAY_SINCE", since: "2026-01-31T12:00:10Z" }, 12), {
      recovered,
      seqs: range(10),
    });
    assertEquals(await read({ replay: "REPLAY_NONE" }, 0), { recovered, seqs: [] });
    assertEquals(await read({ replay: "REPLAY_RESUME", after: { epoch, seq: 22 } }, 21), {
      recovered: "false",
      seqs: range(1),
    });
    assertEquals(await read({ replay: "REPLAY_RESUME", after: { epoch: "x", seq: 2 } }, 21), {
      recovered: "false",
      seqs: range(1),
    });
  },
);

onLogs(
  "P4 once: a repeated client_id answers with the first one's seq, across a restart and a day",
  async (log) => {
    let now = Date.parse("2026-01-31T12:00:00Z");
    const message = { username: "ann", message: "hi", clientId: "id" };
    {
      await using chat = await serveChat({ ...log, now: () => now });
      using client = grpcClient(chat.port);
      const first = await send(client, message);
      assertEquals([first.success, first.seq, first.duplicate], [true, 1, false]);
      assertEquals((await send(client, message)).duplicate, true);
    }
    now += 24 * 3_600_000;
    await using chat = await serveChat({ ...log, now: () => now });
    using client = grpcClient(chat.port);
    const late = await send(client, message);
    assertEquals([late.seq, late.duplicate], [1, true]);
    const reused = await refused(() => send(client, { ...message, message: "other" }));
    assertEquals(reused.code, status.ALREADY_EXISTS);
    assertEquals(reused.metadata.get("chat-code"), ["ALREADY_EXISTS"]);
  },
);

onLogs("bad input at the gRPC door gets a code and a reason, and nothing is stored", async (log) => {
  await using chat = await serveChat(log);
  using client = grpcClient(chat.port);
  const cases: [object, number, RegExp][] = [
    [{ username: "", message: "hi" }, status.INVALID_ARGUMENT, /name/],
    [{ username: " \t", message: "hi" }, status.INVALID_ARGUMENT, /name/],
    [{ username: "a\u202Eb", message: "hi" }, status.INVALID_ARGUMENT, /direction/],
    [{ username: "x".repeat(65), message: "hi" }, status.INVALID_ARGUMENT, /65 bytes.*64/],
    [{ username: "ann", message: "" }, status.INVALID_ARGUMENT, /nothing to see/],
    [
      { username: "ann", message: "x".repeat(limits.textBytes + 1) },
      status.INVALID_ARGUMENT,
      /16,385 bytes.*16,384/,
    ],
    [{ username: "ann", message: "hi", clientId: "x".repeat(65) }, status.INVALID_ARGUMENT, /client_id/],
    [{ username: "ann", message: "hi", room: "attic" }, status.NOT_FOUND, /"attic"/],
    [{ username: "ann", message: "hi", room: "Not a room" }, status.INVALID_ARGUMENT, /room name/],
    [
      { username: "ann", message: "x".repeat(limits.grpcMessageBytes) },
      status.RESOURCE_EXHAUSTED,
      /larger than max/,
    ],
  ];
  for (const [message, code, reason] of cases) {
    const error = await refused(() => send(client, message));
    assertEquals(error.code, code, error.details);
    assertMatch(error.details, reason);
  }
  const requests: [object, number][] = [
    [{ username: "" }, status.INVALID_ARGUMENT],
    [{ username: "ann", room: "attic" }, status.UNAUTHENTICATED],
    [{ username: "ann", replay: "REPLAY_LAST_N", count: 10_001 }, status.INVALID_ARGUMENT],
  ];
  for (const [request, expected] of requests) {
    using stream = new Stream(client, request);
    const { code, details } = await stream.status;
    assertEquals(code, expected, details);
    assertStringIncludes(details, "Cannot ");
  }
  using stream = new Stream(client, { username: "reader" });
  assertEquals((await stream.headers).get("chat-head"), ["0"]);
});

Deno.test("P5 bounded: a gRPC reader that takes nothing makes the server hold no more than its window", async () => {
  await using folder = await tempFolder();
  await using chat = await spawn("grpc", { env: { CHAT_LOG: `sqlite:${folder.file("chat.db")}` } });
  using client = grpcClient(chat.port);
  const rss = async () =>
    Number(/VmRSS:\s+(\d+)/.exec(await Deno.readTextFile(`/proc/${chat.pid}/status`))?.[1]) / 1024;
  const text = "x".repeat(10_000);
  const paused = Array.from({ length: 20 }, () => client.streamMessages({ username: "reader" }));
  for (const call of paused) {
    call.on("error", () => {});
    call.on("data", () => call.pause());
  }
  const fill = async (count: number) => {
    for (let i = 0; i < count; i += 100) {
      const one = (_: unknown, by: number) => send(client, { username: `speaker ${by}`, message: text });
      await Promise.all(Array.from({ length: 100 }, one));
    }
  };
  await fill(1_000);
  const before = await rss();
  await fill(3_000);
  const grown = await rss() - before;
  for (const call of paused) call.cancel();
  // Queued, it would be 3,000 × 10 KB × 20 readers = 600 MB.
  assert(grown < 150, `RSS grew by ${grown.toFixed(0)} MB`);
});
