/** What the page holds of a room: a fold over its events. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type Conversation,
  fewLines,
  follow,
  hasEarlier,
  messageAt,
  missing,
  mostChanges,
  mostChars,
  mostLines,
  prepend,
  settingsOf,
  shed,
  startConversation,
  take,
} from "../islands/conversation.ts";
import { noticeText } from "../islands/notice_text.ts";
import { type EventBody, type Principal, revise, type RoomEvent } from "../protos/events.ts";
import { ann, batch, batchOf, bob, done, epoch, event, followed, room } from "./page_fixtures.ts";

Deno.test("P3 complete: whatever the cuts and the lost connections, the page holds every event once", () => {
  const cuts = fc.array(fc.record({ size: fc.integer({ min: 1, max: 40 }), lost: fc.boolean() }), {
    minLength: 1,
  });
  fc.assert(fc.property(cuts, (steps) => {
    const head = steps.reduce((sum, { size }) => sum + size, 0);
    let conversation = follow(startConversation(), followed({ head }));
    for (const { size, lost } of steps) {
      const seq = conversation.cursor?.seq ?? 0;
      if (lost) conversation = follow(conversation, followed({ after: seq, head }));
      const { conversation: taken, gap } = take(conversation, batch(seq, seq + size));
      assertEquals(gap, null);
      conversation = taken;
    }
    const expected = Array.from({ length: head }, (_, index) => index + 1).slice(-conversation.lines.length);
    assertEquals(conversation.lines.map(({ seq }) => seq), expected);
    assertEquals(missing(conversation), 0);
    assert(!conversation.reset);
  }));
});

Deno.test("P3 complete: an event that does not continue is told, and nothing behind it is taken", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1 }), (seqs) => {
    const start = follow(startConversation(), followed({ head: 5 }));
    const events = seqs.map((seq) => event(seq));
    const { conversation, gap, taken } = take(start, batchOf(events));
    const good = seqs.findIndex((seq, index) => seq !== index + 1);
    assertEquals(conversation.lines.length, good < 0 ? seqs.length : good);
    assertEquals(taken.length, conversation.lines.length);
    assertEquals(conversation.cursor, { epoch, seq: conversation.lines.length });
    assertEquals(gap?.expected.seq, good < 0 ? undefined : good + 1);
    assertEquals(gap?.got.seq, good < 0 ? undefined : seqs[good]);
  }));
});

Deno.test("P3 complete: events of another epoch, or before the first follow, are a gap", () => {
  assert(take(startConversation(), batch(0, 1)).gap);
  const conversation = follow(startConversation(), followed());
  assert(take(conversation, { ...batch(0, 1), epoch: "e2" }).gap);
});

Deno.test("P3 complete: an event of a kind that this page does not know keeps its place, and is no gap", () => {
  const start = follow(startConversation(), followed({ head: 3 }));
  const events = [event(1), { seq: 2, unknown: true as const }, event(3)];
  const { conversation, gap } = take(start, { room, epoch, first: 1, events });
  assertEquals(gap, null);
  assertEquals(conversation.cursor?.seq, 3);
  assertEquals(conversation.lines.map(({ seq }) => seq), [1, 3]);
});

Deno.test("P3 complete: a history that cannot be continued is dropped, and the page says so", () => {
  const held = take(follow(startConversation(), followed({ head: 3 })), batch(0, 3)).conversation;
  for (
    const other of [
      followed({ after: 3, recovered: false }),
      followed({ after: 3, epoch: "e2" }),
      followed({ after: 7, head: 9 }),
    ]
  ) {
    const conversation = follow(held, other);
    assertEquals(conversation.lines, []);
    assertEquals(conversation.cursor, { epoch: other.epoch, seq: other.after });
    assert(conversation.reset);
  }
  assert(!follow(held, followed({ after: 3 })).reset);
});

Deno.test("P5 bounded: the page holds the newest lines and changes, and knows that there was more", () => {
  const head = mostLines + 5_000;
  let conversation = follow(startConversation(), followed({ head }));
  for (let seq = 0; seq < head; seq += 500) {
    conversation = take(conversation, batch(seq, seq + 500)).conversation;
  }
  assert(conversation.lines.length >= mostLines && conversation.lines.length <= mostLines + 1_500);
  assertEquals(conversation.lines.at(-1)?.seq, head);
  assertEquals(conversation.from, (conversation.lines[0]?.seq ?? 0) - 1);
  assert(!hasEarlier(conversation));
  const few = shed(conversation);
  assertEquals([few.lines.length, few.lines.at(-1)?.seq, hasEarlier(few)], [fewLines, head, true]);
  assertEquals(shed(few), few);

  let liked = take(follow(startConversation(), followed()), batch(0, 10)).conversation;
  for (let seq = 11; seq < mostChanges + 5_000; seq += 500) {
    const by = { id: `guest:${seq}`, name: "x", key: "x" };
    const what = { target: 5, emoji: "👍" };
    const events = Array.from(
      { length: 500 },
      (_, i) => done(seq + i, i % 2 ? { unreacted: what } : { reacted: what }, { by }),
    );
    liked = take(liked, batchOf(events)).conversation;
  }
  assert(liked.changes.length <= mostChanges + 1_500, `${liked.changes.length} changes`);
  assertEquals(liked.cursor?.seq, liked.changes.at(-1)?.seq);
  assert(liked.from > 10 && liked.lines.length === 0 && hasEarlier(liked));
});

Deno.test("P5 bounded: the page holds no more characters than may be, be they said or changed to", () => {
  const text = "x".repeat(16_000);
  let conversation = follow(startConversation(), followed());
  for (let seq = 1; seq < 2 * mostChars / text.length; seq += 2) {
    const events = [event(seq, { text }), done(seq + 1, { edited: { target: 1, text } })];
    conversation = take(conversation, batchOf(events)).conversation;
  }
  const edits = conversation.changes.reduce((sum, { edited }) => sum + (edited?.text.length ?? 0), 0);
  const words = conversation.lines.reduce(
    (sum, line) => sum + (line.is === "message" ? line.text.length : 0),
    0,
  );
  assert(edits + words <= mostChars, `${edits + words} characters`);
  assert(edits + words > mostChars / 2, `only ${edits + words} characters`);
  assertEquals(conversation.cursor?.seq, conversation.changes.at(-1)?.seq);
});

// Changes

/** A room on a server, which revises what it keeps. */
class Room {
  log: RoomEvent[] = [];

  add(body: EventBody, by: Principal): void {
    const change = done(this.log.length + 1, body, { by });
    this.log = [...this.log.map((event) => revise(event, change)), change];
  }
}

type Step =
  | {
    do: "message" | "edited" | "deleted" | "reacted" | "unreacted" | "settings";
    which: number;
    who: number;
  }
  | { do: "take" | "read" | "resume"; count: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constantFrom("message", "edited", "deleted", "reacted", "unreacted", "settings"),
      which: fc.nat(30),
      who: fc.nat(1),
    }),
    fc.record({ do: fc.constantFrom("take", "read", "resume"), count: fc.integer({ min: 1, max: 9 }) }),
  ),
  { minLength: 20, maxLength: 80 },
);

function carryOut(server: Room, step: Extract<Step, { who: number }>): void {
  const by = step.who === 0 ? ann : bob;
  const said = server.log.filter(({ message }) => message && !message.deleted);
  const target = said[step.which % Math.max(1, said.length)]?.seq;
  const emoji = step.which % 2 === 0 ? "👍" : "🎉";
  const n = server.log.length;
  if (step.do === "message") server.add({ message: { text: `text ${n}`, mentions: ["ann"] } }, by);
  else if (step.do === "settings") server.add({ settings: { topic: `topic ${n}` } }, by);
  else if (target === undefined) return;
  else if (step.do === "edited") server.add({ edited: { target, text: `edit ${n}` } }, by);
  else if (step.do === "deleted") server.add({ deleted: { target } }, by);
  else if (step.do === "reacted") server.add({ reacted: { target, emoji } }, by);
  else server.add({ unreacted: { target, emoji } }, by);
}

/** What a reader who was there from the beginning knows, the slow and plain way. */
function truth(log: readonly RoomEvent[]): unknown[] {
  return log.filter(({ message, settings }) => message || settings).map((event) => {
    const { seq, message, settings } = event;
    if (!message) return { seq, topic: settings?.topic };
    const up = new Set<string>();
    for (const { reacted, unreacted, author } of log) {
      if (reacted?.target === seq) up.add(`${reacted.emoji} ${author}`);
      if (unreacted?.target === seq) up.delete(`${unreacted.emoji} ${author}`);
    }
    const gone = Boolean(message.deleted);
    return { seq, text: message.text, gone, edited: message.edited ?? 0, up: gone ? [] : [...up].sort() };
  });
}

function told({ lines }: Conversation): unknown[] {
  return lines.map((line) => {
    if (line.is === "notice") return { seq: line.seq, topic: line.now.topic };
    const { seq, text, deleted: gone, edited } = line;
    const up = line.reactions.flatMap(({ emoji, by }) => by.map(({ author }) => `${emoji} ${author}`)).sort();
    return { seq, text, gone, edited: gone ? 0 : edited, up };
  });
}

Deno.test("P3 complete: joined anywhere, read backwards at any time, the page shows what the room is", () => {
  fc.assert(
    fc.property(steps, fc.nat(40), (script, joinAt) => {
      const server = new Room();
      let held: Conversation | null = null;
      const read = (count: number) => {
        if (!held || held.from === 0) return;
        const events = server.log.slice(Math.max(0, held.from - count), held.from);
        held = prepend(held, batchOf(events));
      };
      const takeSome = (count: number) => {
        if (!held) return;
        const events = server.log.slice(held.cursor?.seq ?? 0).slice(0, count);
        if (events.length > 0) held = take(held, batchOf(events)).conversation;
      };
      script.forEach((step, index) => {
        if (index === joinAt) {
          const after = Math.max(0, server.log.length - 3);
          held = follow(startConversation(), followed({ after, head: server.log.length }));
        }
        if ("who" in step) carryOut(server, step);
        else if (step.do === "take") takeSome(step.count);
        else if (step.do === "read") read(step.count);
        else if (held) {
          held = follow(held, followed({ after: held.cursor?.seq ?? 0, head: server.log.length }));
        }
      });
      held ??= follow(startConversation(), followed({ head: server.log.length }));
      takeSome(Infinity);
      while (held.from > 0) read(4);
      assertEquals(told(held), truth(server.log));
      const settings = server.log.findLast(({ settings }) => settings)?.settings;
      assertEquals(settingsOf(held.lines)?.topic, settings?.topic);
    }),
    { numRuns: 500 },
  );
});

Deno.test("P3 complete: a page of history that does not end where the page begins changes nothing", () => {
  const held = follow(startConversation(), followed({ after: 10, head: 12 }));
  assertEquals(prepend(held, batch(0, 9)), held);
  assertEquals(prepend(held, { ...batch(4, 10), epoch: "e2" }), held);
  assertEquals(prepend(startConversation(), batch(0, 1)), startConversation());
  const whole = prepend(held, batch(0, 10));
  assertEquals(whole.from, 0);
  assertEquals(prepend(whole, batch(0, 10)), whole);
  const trimmed = prepend(held, batchOf([]));
  assert(!hasEarlier(trimmed), "nothing before it can be had any more");
});

Deno.test("P7 honest: an edit that comes after a message was read with a newer text does not bring the older one back", () => {
  const read = done(1, { message: { text: "third", edited: 3 } });
  const held = take(follow(startConversation(), followed({ head: 3 })), batchOf([read])).conversation;
  const older = done(2, { edited: { target: 1, text: "second" } });
  assertEquals(messageAt(take(held, batchOf([older])).conversation, 1)?.text, "third");
});

Deno.test("changes leave what they do not name as it is, so that it need not be drawn again", () => {
  const held = take(follow(startConversation(), followed()), batch(0, 5)).conversation;
  const reacted = take(held, batchOf([done(6, { reacted: { target: 3, emoji: "👍" } })])).conversation;
  const same = held.lines.filter((line, index) => line === reacted.lines[index]).map(({ seq }) => seq);
  assertEquals(same, [1, 2, 4, 5]);
  const again = take(reacted, batchOf([done(7, { reacted: { target: 3, emoji: "👍" } })])).conversation;
  assertEquals(messageAt(again, 3), messageAt(reacted, 3));
  assertEquals(messageAt(again, 3)?.reactions, [{ emoji: "👍", by: [{ author: bob.id, name: "bob" }] }]);
});

Deno.test("what happened to the room is told in words, as far as it is known what was before", () => {
  const bodies = [
    { settings: { topic: "ships" } },
    { settings: { topic: "boats" } },
    { settings: {} },
    { settings: { archived: true } },
    { settings: {} },
  ];
  const events = bodies.map((body, index) => done(index + 1, body));
  const whole = take(follow(startConversation(), followed({ head: 5 })), batchOf(events)).conversation;
  const texts = (conversation: Conversation) =>
    conversation.lines.flatMap((line) => line.is === "notice" ? [noticeText(line)] : []);
  assertEquals(texts(whole), [
    "bob made the room: ships",
    "bob set the topic: boats",
    "bob cleared the topic",
    "bob archived the room",
    "bob brought the room back",
  ]);
  const late = follow(startConversation(), followed({ after: 2, head: 3 }));
  const unsure = take(late, batchOf(events.slice(2, 3))).conversation;
  assertEquals(texts(unsure), ["bob changed the room’s settings"]);
  assertEquals(texts(prepend(unsure, batchOf(events.slice(0, 2)))), texts(whole).slice(0, 3));
});
