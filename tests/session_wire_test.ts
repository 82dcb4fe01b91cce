/** A session on a wire of ours, which takes what it is given when it is told to: chat/session.ts. */
import { assert, assertEquals } from "@std/assert";
import { type Outlet, Session } from "../chat/session.ts";
import { openLog } from "../log/open.ts";
import { toChatError } from "../protos/errors.ts";
import type { ClientFrame__Output } from "../protos/gen/chat/ClientFrame.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { limits } from "../protos/limits.ts";
import { eventually } from "./harness.ts";
import { onLogs, type TestLog } from "./logs.ts";
import { as, chatOn, hi, tutor } from "./playing.ts";

/** A session on a chat, and a wire that takes a frame when it is told to. */
async function slowSession(place?: TestLog) {
  const log = await (place?.open() ?? openLog("sqlite::memory:"));
  const chat = await chatOn(log);
  const frames: ServerFrame[] = [];
  const signals: ServerFrame[] = [];
  let taking = Promise.withResolvers<void>();
  taking.resolve();
  const out: Outlet = {
    write: async (frame) => {
      frames.push(frame);
      await taking.promise;
    },
    writeBatch: async (batch) => {
      frames.push({ batch: { ...batch, events: [...batch.events] } });
      await taking.promise;
    },
    signal: (frame) => signals.push(frame),
    fail: (error) => frames.push({ parting: { code: error.code } }),
    known: toChatError,
  };
  const session = new Session(chat, out);
  return {
    chat,
    session,
    frames,
    signals,
    handle: (id: number, frame: object) =>
      session.handle({ id, command: Object.keys(frame)[0], ...frame } as ClientFrame__Output),
    stall: () => taking = Promise.withResolvers<void>(),
    flow: () => taking.resolve(),
    [Symbol.asyncDispose]: async () => {
      session.close();
      await chat.close();
      await log.close();
    },
  };
}

onLogs(
  "P2 ordered: after a refusal for now, a person's later sends wait for its repeat; another's do not",
  async (log) => {
    await using slow = await slowSession(log);
    const people = await Promise.all(["ann", "bob"].map((name) => slow.chat.guests.signIn(name, "")));
    for (const [i, { token }] of people.entries()) {
      await slow.handle(i + 1, {
        open: { token, username: "" },
      });
    }
    const reply = (id: number) => slow.frames.find((frame) => frame.id === id);
    const say = (id: number, person = 1) =>
      slow.handle(id, { send: { person, room: "", text: `m${id}`, clientId: `${id}`, replyTo: 0 } });
    const [first, sends] = [10, limits.commandsBurstGrpc + 500];
    const saying = Array.from({ length: sends }, (_, i) => say(first + i));
    await Promise.all(saying);
    const refused = slow.frames.filter(({ refused }) => refused).map(({ id }) => Number(id));
    const [stopped = 0] = refused;
    assert(stopped >= first + limits.commandsBurstGrpc, `the first refusal was of ${stopped}`);
    assertEquals(
      refused,
      Array.from({ length: first + sends - stopped }, (_, i) => stopped + i),
      "nothing passes it",
    );
    await say(9_000, 2);
    assertEquals(reply(9_000)?.sent?.duplicate, false);
    // The bucket fills, and what comes out of turn still waits.
    await new Promise((resolve) => setTimeout(resolve, 100));
    slow.frames.length = 0;
    await say(stopped + 1);
    assertEquals(reply(stopped + 1)?.refused?.code, "RESOURCE_EXHAUSTED");
    slow.frames.length = 0;
    for (let id = stopped; id < stopped + 10; id++) await say(id);
    assertEquals(slow.frames.map(({ sent }) => sent?.duplicate), Array.from({ length: 10 }, () => false));
  },
);

const follow = { room: "", replay: "REPLAY_LAST_100", after: null, count: 0, since: "", person: 0 };

for (const [what, leave] of Object.entries({ "is left": false, "ends": true })) {
  Deno.test(`P5 bounded: a reader whose room ${what} while its answer waits for the client leaves nothing behind`, async () => {
    await using slow = await slowSession();
    slow.stall();
    const answered = slow.handle(1, { follow });
    await eventually(() => slow.frames.some(({ followed }) => followed));
    if (leave) slow.session.close();
    else void slow.handle(2, { unfollow: { room: "" } });
    slow.flow();
    await answered;
    slow.chat.rosters.publish({
      kind: "present",
      room: "lobby",
      holder: slow.chat.rosters.newHolder(),
      name: "ann",
    });
    await slow.chat.write("lobby", as(tutor, hi));
    await new Promise((resolve) => setTimeout(resolve, 100));
    assertEquals([slow.signals, slow.frames.filter(({ batch }) => batch)], [[], []]);
    assertEquals(slow.chat.feed("lobby").tail.followed, false);
  });
}

Deno.test("a room that was left tells nothing any more: no event, and not who is there", async () => {
  await using slow = await slowSession();
  const { rosters } = slow.chat;
  const enter = (name: string) =>
    rosters.publish({ kind: "present", room: "lobby", holder: rosters.newHolder(), name });
  await slow.handle(1, { follow });
  enter("ann");
  await eventually(() => slow.signals.length === 1);
  await slow.handle(2, { unfollow: { room: "" } });
  enter("bob");
  await slow.chat.write("lobby", as(tutor, hi));
  await new Promise((resolve) => setTimeout(resolve, limits.rosterMs + 100));
  assertEquals([slow.signals.length, slow.frames.filter(({ batch }) => batch).length], [1, 0]);
});

onLogs(
  "P3 complete: a room that is followed again while it is read gives every event once behind the answer",
  async (log) => {
    await using slow = await slowSession(log);
    await slow.handle(1, { follow });
    for (const id of ["1", "2", "3"]) await slow.chat.write("lobby", as(tutor, hi, id));
    await slow.handle(2, { follow });
    await slow.chat.write("lobby", as(tutor, hi, "4"));
    const since = () => slow.frames.slice(slow.frames.findIndex(({ id }) => id === 2));
    const seqs = () => since().flatMap(({ batch }) => batch?.events ?? []).map(({ seq }) => seq);
    await eventually(() => seqs().length >= 4);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assertEquals(seqs(), [1, 2, 3, 4]);
  },
);

onLogs(
  "P3 complete: `follow` and right behind it `unfollow` ends in not following, whatever the follow had to read",
  async (log) => {
    await using slow = await slowSession(log);
    await Promise.all(Array.from({ length: 300 }, () => slow.chat.write("lobby", as(tutor, hi))));
    const following = slow.handle(1, { follow });
    await slow.handle(2, { unfollow: { room: "" } });
    await following;
    await slow.chat.write("lobby", as(tutor, hi));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assertEquals(slow.chat.feed("lobby").tail.followed, false);
    assertEquals(slow.frames.filter(({ batch }) => batch), []);
  },
);
