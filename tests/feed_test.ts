import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseStart } from "../feed/begin.ts";
import { type Feed, follow } from "../feed/follow.ts";
import { Tail } from "../feed/tail.ts";
import { ChatError } from "../protos/errors.ts";
import { type EventBody, revise, type RoomEvent, sizeOf } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";

function event(seq: number): RoomEvent {
  return said(seq, `m${seq}`);
}

function said(seq: number, text: string): RoomEvent {
  return change(seq, { message: { text } });
}

function change(seq: number, body: EventBody): RoomEvent {
  const timestamp = new Date(seq * 1000).toISOString();
  return { seq, timestamp, sender: "ann", author: "guest:a", clientId: "", ...body };
}

function events(from: number, to: number): RoomEvent[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => event(from + i));
}

/** A feed whose store has everything, also what the tail is not given yet, and answers late and in small parts. */
function feedOf(tail: Tail, part = 3, ahead = 0): Feed & { reads: number } {
  const feed = {
    room: "lobby",
    tail,
    reads: 0,
    read: async (after: number, count: number) => {
      feed.reads++;
      await Promise.resolve();
      return events(after + 1, Math.min(tail.head + ahead, after + Math.min(count, part)));
    },
  };
  return feed;
}

Deno.test("P3 complete: a cursor gets every later event once, in order, however the tail moves under it", async () => {
  const cases = fc.asyncProperty(
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 0, max: 30 }),
    fc.nat(3),
    fc.array(fc.record({ push: fc.integer({ min: 0, max: 9 }), take: fc.integer({ min: 0, max: 3 }) }), {
      maxLength: 20,
    }),
    async (held, start, ahead, steps) => {
      const tail = new Tail({ epoch: "e", head: 0 }, { events: held, bytes: 1_000_000 });
      tail.push(events(1, 30));
      const stop = new AbortController();
      const reader = follow(feedOf(tail, 3, ahead), { epoch: "e", after: start }, { signal: stop.signal });
      const got: number[] = [];
      const take = async () => {
        const { value } = await reader.next();
        if (value) {
          assertEquals(value.first, value.events[0]?.seq);
          got.push(...value.events.map(({ seq }) => seq));
        }
      };
      for (const step of steps) {
        tail.push(events(tail.head + 1, tail.head + step.push));
        for (let i = 0; i < step.take && start + got.length < tail.head; i++) await take();
      }
      while (start + got.length < tail.head) await take();
      assertEquals(got, events(start + 1, tail.head).map(({ seq }) => seq));
      stop.abort();
      assertEquals((await reader.next()).done, true);
    },
  );
  await fc.assert(cases, { numRuns: 300 });
});

Deno.test("P3 complete: a reader that has everything waits, and is given what comes", async () => {
  const tail = new Tail({ epoch: "e", head: 5 });
  const stop = new AbortController();
  const reader = follow(feedOf(tail), { epoch: "e", after: 5 }, { signal: stop.signal });
  const next = reader.next();
  tail.push(events(6, 7));
  assertEquals((await next).value?.events.map(({ seq }) => seq), [6, 7]);
  const last = reader.next();
  stop.abort();
  assertEquals((await last).done, true);
});

Deno.test("P3 complete: a hole in what the store gives is an error, never a silent gap", async () => {
  const tail = new Tail({ epoch: "e", head: 10 });
  const feed: Feed = { room: "lobby", tail, read: () => Promise.resolve([event(5)]) };
  const reader = follow(feed, { epoch: "e", after: 0 }, { signal: new AbortController().signal });
  assertInstanceOf(await assertRejects(() => reader.next()), RangeError);
});

Deno.test("P3 complete: a reader ends when the room begins another life", async () => {
  const tail = new Tail({ epoch: "old", head: 5 });
  const reader = follow(feedOf(tail), { epoch: "old", after: 5 }, { signal: new AbortController().signal });
  const next = reader.next();
  tail.reset({ epoch: "new", head: 0 });
  assertEquals((await next).done, true);
});

Deno.test("P5 bounded: a tail holds at most its limits, and refuses a hole", () => {
  const tail = new Tail({ epoch: "e", head: 0 }, { events: 10, bytes: 1_000_000 });
  tail.push(events(1, 1000));
  assertEquals([tail.base, tail.head], [990, 1000]);
  assertEquals(tail.slice(989), undefined);
  assertEquals(tail.slice(990)?.length, 10);
  assertInstanceOf(assertThrows(() => tail.push([event(1002)])), RangeError);

  const small = new Tail({ epoch: "e", head: 0 }, { events: 10, bytes: 500 });
  small.push(events(1, 10));
  assert(small.head - small.base < 4, "bytes bound it too");
  assertEquals(small.newest?.seq, 10);
});

Deno.test("P5 bounded: a batch is bounded in events and bytes", () => {
  const tail = new Tail({ epoch: "e", head: 0 }, { events: 5_000, bytes: 1e9 });
  tail.push(events(1, 2_000));
  assertEquals(tail.slice(0)?.length, limits.batchEvents);
  tail.push([said(2001, "x".repeat(limits.batchBytes)), event(2002)]);
  assertEquals(tail.slice(2000)?.length, 1);
});

Deno.test("P6 closed: a tail gives an edited message with its newest text and a deleted one with none", () => {
  const tail = new Tail({ epoch: "e", head: 0 }, { events: 4, bytes: 1_000_000 });
  tail.push([event(1), event(2), change(3, { edited: { target: 1, text: "new" } })]);
  assertEquals(tail.slice(0)?.[0]?.message, { text: "new", edited: 3 });
  assertEquals(tail.at(2)?.message, { text: "m2" });
  tail.push([change(4, { edited: { target: 2, text: "newer" } })]);
  const held = tail.slice(0) ?? [];
  tail.push([change(5, { deleted: { target: 1 } }), change(6, { deleted: { target: 2 } })]);
  assertEquals(tail.base, 2, "both messages have fallen off");
  assertEquals(
    tail.slice(2)?.map(({ edited, deleted }) => [edited?.text, edited?.target ?? deleted?.target]),
    [
      ["", 1],
      ["", 2],
      [undefined, 1],
      [undefined, 2],
    ],
  );
  assertEquals([tail.at(2), tail.at(7), tail.at(0)], [undefined, undefined, undefined]);
  assertEquals(held[0]?.message?.text, "new", "what was given before is left as it was");
});

/** A body of the event at a seq: what it changes came before it. */
type MakeBody = (seq: number) => EventBody;

const anyBody: fc.Arbitrary<MakeBody> = fc.oneof(
  fc.constantFrom("a", "b".repeat(300)).map((text): MakeBody => () => ({ message: { text } })),
  fc.nat(9).map((back): MakeBody => (seq) => ({ deleted: { target: Math.max(1, seq - 1 - back) } })),
  fc.tuple(fc.nat(9), fc.constantFrom("c", "d".repeat(300))).map(([back, text]): MakeBody => (seq) => ({
    edited: { target: Math.max(1, seq - 1 - back), text },
  })),
);

Deno.test("P6 closed: whatever comes, a tail holds what `revise` makes of it, and no more bytes than it may", () => {
  const pushes = fc.array(fc.array(anyBody, { maxLength: 4 }), { maxLength: 12 });
  fc.assert(
    fc.property(pushes, fc.integer({ min: 1, max: 15 }), (groups, events) => {
      const tail = new Tail({ epoch: "e", head: 1 }, { events, bytes: 2_500 });
      let past = [event(1)];
      for (const group of groups) {
        const added = group.map((makeBody, i) => change(past.length + 1 + i, makeBody(past.length + 1 + i)));
        for (const one of added) past = [...past.map((earlier) => revise(earlier, one)), one];
        tail.push(added);
        assertEquals(tail.slice(tail.base), past.slice(tail.base));
        for (const { seq } of past) assertEquals(tail.at(seq), seq > tail.base ? past[seq - 1] : undefined);
        const bytes = past.slice(tail.base).reduce((sum, one) => sum + sizeOf(one), 0);
        const held = past.length - tail.base;
        assert(held <= events && (bytes <= 2_500 || held <= 1), `${held} events, ${bytes} bytes`);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("a tail is followed as long as one of its readers is", async () => {
  const tail = new Tail({ epoch: "e", head: 0 });
  const stops = [new AbortController(), new AbortController()];
  const readers = stops.map(({ signal }) => follow(feedOf(tail), { epoch: "e", after: 0 }, { signal }));
  const waits = readers.map((reader) => reader.next());
  for (const [i, stop] of stops.entries()) {
    assert(tail.followed);
    stop.abort();
    await waits[i];
  }
  assert(!tail.followed);
});

Deno.test("P5 bounded: readers that leave a silent room leave nothing behind", async () => {
  const tail = new Tail({ epoch: "e", head: 0 });
  const stop = new AbortController();
  const readers = Array.from(
    { length: 1000 },
    () => follow(feedOf(tail), { epoch: "e", after: 0 }, { signal: stop.signal }),
  );
  const waits = readers.map((reader) => reader.next());
  stop.abort();
  assert((await Promise.all(waits)).every(({ done }) => done));
});

Deno.test("how a reader asks to begin: the zero value is the tutorial's, and what is wrong is named", () => {
  assertEquals(parseStart({}), { replay: "LAST_N", count: 100 });
  assertEquals(parseStart({ replay: "REPLAY_RESUME" }), { replay: "RESUME", epoch: "", seq: 0 });
  assertEquals(parseStart({ replay: "REPLAY_SINCE", since: "2026-01-31T13:00:00+01:00" }), {
    replay: "SINCE",
    since: "2026-01-31T12:00:00.000Z",
  });
  for (
    const bad of [{ replay: "REPLAY_LAST_N", count: 10_001 }, { replay: "REPLAY_SINCE", since: "noon" }, {
      replay: "ALL",
    }]
  ) {
    const error = assertThrows(() => parseStart(bad));
    assertInstanceOf(error, ChatError);
    assertEquals(error.code, "INVALID_ARGUMENT");
  }
});
