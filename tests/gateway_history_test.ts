/** Older events on `/ws`: pages and catching up, served from what the gateway's readers share. */
import { assert, assertEquals } from "@std/assert";
import { Tail } from "../feed/tail.ts";
import { readHistory } from "../gateway/history.ts";
import type { ChatService } from "../grpc_server.ts";
import type { RoomBatch, RoomEvent } from "../protos/events.ts";
import type { Batch__Output } from "../protos/gen/chat/Batch.ts";
import type { Read } from "../protos/gen/chat/Read.ts";
import { limits } from "../protos/limits.ts";
import { bearer, FrameSocket, grpcClient, send, signIn } from "./doors.ts";
import { serveParts, tokensFor } from "./gateway_parts.ts";
import { serveChat, serveWeb } from "./harness.ts";
import { onLogs } from "./logs.ts";

/** Fills the lobby: `count` messages, as long as `textOf` says. */
async function fill(chat: ChatService, count: number, textOf = (i: number) => `m${i}`): Promise<string> {
  using client = grpcClient(chat.port);
  let epoch = "";
  for (let i = 0; i < count; i += 100) {
    const size = Math.min(100, count - i);
    const sent = await Promise.all(
      Array.from(
        { length: size },
        (_, j) => send(client, { username: `bot ${j}`, message: textOf(i + j + 1) }),
      ),
    );
    epoch = sent[0]?.epoch ?? "";
  }
  return epoch;
}

/** The same page from ChatService itself. */
async function readDirectly(chat: ChatService, token: string, read: Read): Promise<Batch__Output> {
  using client = grpcClient(chat.port);
  return await new Promise((resolve, reject) =>
    client.readHistory(read, bearer(token), (error, page) => page ? resolve(page) : reject(error))
  );
}

const seqsOf = ({ events }: { events: { seq: number }[] }) => events.map(({ seq }) => seq);
const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

Deno.test("P5 bounded: hundreds who come back with cursors of their own cost ChatService one read a range", async () => {
  await using chat = await serveChat();
  const epoch = await fill(chat, 4_000);
  await using web = await serveParts(chat.port);
  const cursors = Array.from({ length: 300 }, (_, i) => (i * 37) % 3_400);
  const tokens = await tokensFor(web.port, cursors.length);
  const browsers = await Promise.all(tokens.map((token) => FrameSocket.connect(web.port, { token })));
  await Promise.all(browsers.map(async (browser, i) => {
    const seq = cursors[i] ?? 0;
    const { followed } = await browser.ask({ follow: { replay: "REPLAY_RESUME", after: { epoch, seq } } });
    assertEquals([followed?.after, followed?.recovered], [seq, true]);
    await browser.until(() => browser.events.length >= 4_000 - seq, `all from ${seq} on`);
    assertEquals(seqsOf(browser), from(seq + 1, 4_000));
  }));
  // What a gateway that starts holds is the last 500; before that there are seven ranges of 500.
  assert(web.bridge.pageReads <= 7, `${web.bridge.pageReads} reads`);
  for (const browser of browsers) await browser[Symbol.asyncDispose]();
});

onLogs(
  "a page is the same from a gateway as from ChatService, forward and back, wherever it is",
  async (log) => {
    await using chat = await serveChat(log);
    await fill(chat, 1_700);
    await using web = await serveWeb(chat.port);
    await using ann = await FrameSocket.join(web.port, "ann");
    const reads = [
      { after: 0, count: 1 },
      { after: 0, count: 500 },
      { after: 480, count: 100 },
      { after: 1_150, count: 500 },
      { after: 1_690, count: 500 },
      { after: 1_700, count: 5 },
      { after: 9_999, count: 5 },
      { before: 1, count: 10 },
      { before: 2, count: 10 },
      { before: 520, count: 100 },
      { before: 1_250, count: 500 },
      { before: 1_701, count: 30 },
      { before: 9_999, count: 30 },
    ];
    for (const read of reads) {
      const { page, refused } = await ann.ask({ read });
      assertEquals(refused, undefined);
      const direct = await readDirectly(chat, ann.token, read);
      assertEquals(seqsOf(page ?? { events: [] }), seqsOf(direct), JSON.stringify(read));
      assertEquals(page?.epoch, direct.epoch);
      if (direct.events.length > 0) assertEquals(page?.first, direct.events[0]?.seq);
      assertEquals(
        page?.events.map(({ message }) => message?.text),
        direct.events.map(({ message }) => message?.text),
      );
    }
  },
);

Deno.test("P5 bounded: a page of long texts is cut to size, from the end that is asked for, and paging through gives all", async () => {
  await using chat = await serveChat();
  const text = "x".repeat(limits.textBytes);
  await fill(chat, 600, (i) => i <= 300 ? text : `m${i}`);
  await using web = await serveParts(chat.port);
  await using ann = await FrameSocket.join(web.port, "ann");
  const back: number[] = [];
  for (let before = 601; before > 1;) {
    const { page } = await ann.ask({ read: { before, count: 500 } });
    const seqs = seqsOf(page ?? { events: [] });
    assertEquals(seqs.at(-1), before - 1);
    assert(
      (page?.events ?? []).reduce((sum, { message }) => sum + (message?.text.length ?? 0), 0) <
        limits.batchBytes,
    );
    back.unshift(...seqs);
    before = page?.first ?? 1;
  }
  assertEquals(back, from(1, 600));
  const on: number[] = [];
  for (let after = 0; after < 600;) {
    const { page } = await ann.ask({ read: { after, count: 500 } });
    on.push(...seqsOf(page ?? { events: [] }));
    after = on.at(-1) ?? 600;
  }
  assertEquals(on, from(1, 600));
});

onLogs(
  "P6 closed: a text that was deleted is not given to anybody any more, also not from what was kept of it",
  async (log) => {
    await using chat = await serveChat(log);
    await using web = await serveParts(chat.port);
    await using ann = await FrameSocket.join(web.port, "ann");
    await ann.ask({ createRoom: { room: "attic" } });
    await ann.ask({ send: { room: "attic", text: "secret" } });
    await ann.ask({ edit: { room: "attic", target: 2, text: "secret again" } });
    using client = grpcClient(chat.port);
    // More than one may say at once.
    const tokens = await tokensFor(web.port, 100);
    const say = (text: string, token = ann.token) =>
      new Promise((resolve, reject) =>
        client.say(
          { room: "attic", text },
          bearer(token),
          (error, sent) => sent ? resolve(sent) : reject(error),
        )
      );
    for (let i = 0; i < 3_000; i += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, j) => say(`m${i + j}`, tokens[j])));
    }
    await using web2 = await serveParts(chat.port);
    const look = async (gateway: { port: number }) => {
      await using reader = await FrameSocket.connect(gateway.port, { token: ann.token });
      await reader.ask({ open: {} });
      await reader.ask({ follow: { room: "attic", replay: "REPLAY_RESUME" } });
      await reader.until(() => reader.events.length >= 3_003);
      const { page } = await reader.ask({ read: { room: "attic", after: 1, count: 2 } });
      return [...reader.events.slice(1, 3), ...page?.events ?? []].map(({ message, edited }) =>
        (message ?? edited)?.text
      );
    };
    for (const gateway of [web, web2]) {
      assertEquals(await look(gateway), ["secret again", "secret again", "secret again", "secret again"]);
    }
    const reads = web2.bridge.pageReads;
    assertEquals((await ann.ask({ delete: { room: "attic", target: 2 } })).sent?.seq, 3_004);
    // This one's gateway has caught up with it when it is answered; the other one is told by its own follow.
    await using reader = await FrameSocket.connect(web2.port, { token: ann.token });
    await reader.ask({ open: {} });
    await reader.ask({ follow: { room: "attic", replay: "REPLAY_LAST_N", count: 1 } });
    await reader.until(() => reader.events.some(({ deleted }) => deleted));
    for (const gateway of [web, web2]) assertEquals(await look(gateway), ["", "", "", ""]);
    assertEquals(web2.bridge.pageReads, reads, "it was changed where it is kept");
  },
);

Deno.test("P6 closed: what is deleted while a page is put together, or waits for its turn, is not in it", async () => {
  const event = (seq: number, body: object) =>
    ({ seq, timestamp: "", sender: "ann", author: "a", clientId: "", ...body }) as RoomEvent;
  const message = (seq: number) => event(seq, { message: { text: `secret ${seq}` } });
  const tail = new Tail({ epoch: "e", head: 4 });
  tail.push([message(5), message(6)]);
  const remove = (target: number) => tail.push([event(tail.head + 1, { deleted: { target } })]);
  const stored = [1, 2, 3, 4].map(message);
  const room = {
    room: "attic",
    tail,
    read: (after: number, count: number) => {
      const events = stored.slice(after, after + Math.min(count, 2));
      if (after === 2) remove(1);
      return Promise.resolve(events);
    },
    page: (seq: number) => {
      if (seq === 2) remove(3);
      return Promise.resolve(stored.slice(seq - 1, seq));
    },
  };
  const gone = (page: RoomBatch) => page.events.flatMap(({ seq, message }) => message?.deleted ? [seq] : []);
  const forward = await readHistory(room, { after: 0, before: 0, count: 6 });
  assertEquals(gone(forward()), [1]);
  remove(5);
  assertEquals([gone(forward()), forward().events.length], [[1, 5], 6]);
  assert(!JSON.stringify(forward()).includes("secret 5"));
  const back = await readHistory(room, { after: 0, before: 5, count: 4 });
  assertEquals(gone(back()), [3]);
  tail.reset({ epoch: "another", head: 0 });
  assertEquals(back().epoch, "e");
});

Deno.test("joining far back: the last N and since a time are found, and cost few reads however many ask", async () => {
  await using chat = await serveChat();
  await fill(chat, 3_000);
  await using web = await serveParts(chat.port);
  const { token } = await signIn(web.port, "ann");
  await using first = await FrameSocket.connect(web.port, { token });
  const at = (await first.ask({ read: { after: 1_234, count: 1 } })).page?.events[0]?.timestamp ?? "";
  const join = async () => {
    await using browser = await FrameSocket.connect(web.port, { token });
    const { followed } = await browser.ask({ follow: { replay: "REPLAY_LAST_N", count: 2_500 } });
    assertEquals(followed?.after, 500);
    await browser.until(() => browser.events.length >= 2_500);
    const since = (await browser.ask({ follow: { replay: "REPLAY_SINCE", since: at } })).followed?.after ??
      3_000;
    assert(since <= 1_234);
    assert(
      ((await browser.ask({ read: { after: since, count: 1 } })).page?.events[0]?.timestamp ?? "") >= at,
    );
  };
  await join();
  const reads = web.bridge.pageReads;
  for (let i = 0; i < 10; i++) await join();
  assertEquals(web.bridge.pageReads, reads);
  assert(reads <= 25, `${reads} reads`);
});
