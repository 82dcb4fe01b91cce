/** The loop of the client library on a wire that the test holds in its hands: what it makes of what comes, and when. */
import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { ChatError } from "../protos/errors.ts";
import { type Client, connectOver, type CursorStore, type Told } from "../sdk/mod.ts";
import { pause, until } from "./chaos/wait.ts";
import { type FarEnd, Wires } from "./wires.ts";

const timing = { firstMs: 5, mostMs: 20, heartbeatMs: 20_000, silenceMs: 50_000, openingMs: 1_000 };

async function join(): Promise<{ wires: Wires; chat: Client }> {
  const wires = new Wires();
  return { wires, chat: await connectOver(wires, { name: "ann", timing }) };
}

/** Collects what a follow tells until it is stopped. */
function collect(
  chat: Client,
  options: Parameters<Client["follow"]>[1] = {},
): { told: Told[]; ended: Promise<unknown> } {
  const told: Told[] = [];
  const ended = (async () => {
    for await (const one of chat.follow("lobby", options)) told.push(one);
  })().catch((error) => error);
  return { told, ended };
}

const batch = (first: number, count: number, epoch = "e") => ({
  batch: {
    room: "lobby",
    epoch,
    first,
    events: Array.from({ length: count }, (_, i) => ({
      seq: first + i,
      timestamp: "t",
      sender: "bob",
      message: { text: `${first + i}` },
    })),
  },
});

function answerFollow(end: FarEnd, followed: object): void {
  end.say({
    id: end.all("follow").at(-1)?.id,
    followed: { room: "lobby", epoch: "e", recovered: true, ...followed },
  });
}

Deno.test("P3 complete: sdk: a hole is said aloud, resumed from, and nothing behind it is taken for what was missing", async () => {
  const { wires, chat } = await join();
  const { told, ended } = collect(chat, { replay: "ALL" });
  const end = wires.now;
  await until(() => end.all("follow").length === 1, "a follow");
  answerFollow(end, { head: 9, after: 0 });
  end.say(batch(1, 3));
  end.say(batch(5, 2));
  end.say(batch(7, 1));
  await until(() => end.all("follow").length === 2, "another follow");
  assertEquals(end.all("follow")[1]?.body.after, { epoch: "e", seq: 3 });
  answerFollow(end, { head: 9, after: 3 });
  end.say(batch(4, 4));
  await until(() => told.length === 9, "all");
  assertEquals(told.map((one) => one.is === "event" ? one.event.seq : one.is), [
    "begun",
    1,
    2,
    3,
    "fault",
    4,
    5,
    6,
    7,
  ]);
  await chat.close();
  assertEquals(await ended, undefined, "a loop ends by itself when the caller closes the client");
});

Deno.test("P3 complete: sdk: the cursor of an event is kept before the next one is given, and an error of its store ends the loop", async () => {
  const { wires, chat } = await join();
  await using _ = chat;
  const trace: string[] = [];
  const full = new Error("the disk is full");
  const cursor: CursorStore = {
    load: () => Promise.resolve(undefined),
    save: async ({ seq }) => {
      await pause(5);
      if (seq === 3) throw full;
      trace.push(`kept ${seq}`);
    },
  };
  const loop = (async () => {
    for await (const told of chat.follow("lobby", { cursor })) trace.push(`${told.is} ${told.cursor.seq}`);
  })();
  await until(() => wires.now.all("follow").length === 1, "a follow");
  answerFollow(wires.now, { head: 0, after: 0 });
  wires.now.say(batch(1, 4));
  assertEquals(await assertRejects(() => loop), full);
  assertEquals(trace, ["kept 0", "begun 0", "event 1", "kept 1", "event 2", "kept 2", "event 3"]);
});

Deno.test("P3 complete: sdk: a reader that cannot be given what it missed is told so, over a lost wire and by the server alone", async () => {
  const { wires, chat } = await join();
  const { told, ended } = collect(chat, { replay: "ALL" });
  await until(() => wires.now.all("follow").length === 1, "a follow");
  answerFollow(wires.now, { head: 2, after: 0 });
  wires.now.say(batch(1, 2));
  wires.now.end();
  await until(
    () => wires.ends.length === 2 && wires.now.all("follow").length === 1,
    "a follow on the next wire",
  );
  answerFollow(wires.now, { epoch: "f", head: 1, after: 0, recovered: false });
  wires.now.say(batch(1, 1, "f"));
  wires.now.say({ id: 0, followed: { room: "lobby", epoch: "g", head: 4, after: 3, recovered: false } });
  wires.now.say(batch(4, 1, "g"));
  const seen = () => told.map((one) => `${one.is} ${one.cursor.epoch}/${one.cursor.seq}`);
  await until(() => told.length === 7, "all");
  assertEquals(seen(), [
    "begun e/0",
    "event e/1",
    "event e/2",
    "reset f/0",
    "event f/1",
    "reset g/3",
    "event g/4",
  ]);
  await chat.close();
  await ended;
});

Deno.test("P5 bounded: sdk: a slow loop has a bounded number of events read ahead, and loses none", async () => {
  const { wires, chat } = await join();
  const end = wires.now;
  const loop = chat.follow("lobby", { replay: "ALL", readAhead: 10 });
  const first = loop.next();
  await until(() => end.all("follow").length === 1, "a follow");
  answerFollow(end, { head: 30, after: 0 });
  await first;
  end.say(batch(1, 6));
  end.say(batch(7, 6));
  await until(() => end.all("unfollow").length === 1, "an unfollow");
  end.say(batch(13, 5));
  for (let seq = 1; seq <= 12; seq++) assertEquals((await loop.next()).value?.cursor.seq, seq);
  const next = loop.next();
  await until(() => end.all("follow").length === 2, "another follow");
  assertEquals(end.all("follow")[1]?.body.after, { epoch: "e", seq: 12 });
  answerFollow(end, { head: 30, after: 12 });
  end.say(batch(13, 1));
  assertEquals((await next).value?.cursor.seq, 13);
  await loop.return();
  await chat.close();
});

Deno.test("sdk: a follow that may not be ends its loop with the refusal; one that may pass is asked again", async () => {
  const { wires, chat } = await join();
  await using _ = chat;
  const { ended } = collect(chat);
  const refuse = (code: string, retry: boolean) =>
    wires.now.say({ id: wires.now.all("follow").at(-1)?.id, refused: { code, message: "Cannot.", retry } });
  await until(() => wires.now.all("follow").length === 1, "a follow");
  refuse("RESOURCE_EXHAUSTED", true);
  await until(() => wires.now.all("follow").length === 2, "another follow");
  refuse("PERMISSION_DENIED", false);
  const error = await ended;
  assertInstanceOf(error, ChatError);
  assertEquals(error.code, "PERMISSION_DENIED");
});

Deno.test("P3 complete: sdk: a follow that is answered for a room of another name ends with an error, and does not wait for ever", async () => {
  const { wires, chat } = await join();
  await using _ = chat;
  let error: unknown;
  collect(chat).ended.then((why) => error = why);
  await until(() => wires.now.all("follow").length === 1, "a follow");
  answerFollow(wires.now, { room: "hall", head: 0, after: 0 });
  await until(() => error !== undefined, "the loop's end", { ms: 2_000 });
  assertInstanceOf(error, ChatError);
  assertEquals(error.code, "INTERNAL");
});
