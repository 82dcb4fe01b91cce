import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { begin, parseStart, type Start } from "../feed/begin.ts";
import { type Feed, follow } from "../feed/follow.ts";
import { Tail } from "../feed/tail.ts";
import { ChatError } from "../protos/errors.ts";
import type { RoomEvent } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";

function event(seq: number): RoomEvent {
  return {
    seq,
    timestamp: new Date(seq * 1000).toISOString(),
    sender: "ann",
    clientId: "",
    message: { text: `m${seq}` },
  };
}

function events(from: number, to: number): RoomEvent[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => event(from + i));
}

/** A feed whose store has everything, and answers late and in small parts. */
function feedOf(tail: Tail, part = 3): Feed & { reads: number } {
  const feed = {
    room: "lobby",
    tail,
    reads: 0,
    read: async (after: number, count: number) => {
      feed.reads++;
      await Promise.resolve();
      return events(after + 1, Math.min(tail.head, after + Math.min(count, part)));
    },
  };
  return feed;
}

Deno.test("P3 complete: a cursor gets every later event once, in order, however the tail moves under it", async () => {
  const cases = fc.asyncProperty(
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 0, max: 30 }),
    fc.array(fc.record({ push: fc.integer({ min: 0, max: 9 }), take: fc.integer({ min: 0, max: 3 }) }), {
      maxLength: 20,
    }),
    async (held, start, steps) => {
      const tail = new Tail({ epoch: "e", head: 0 }, { events: held, bytes: 1_000_000 });
      tail.push(events(1, 30));
      const stop = new AbortController();
      const reader = follow(feedOf(tail), { epoch: "e", after: start }, { signal: stop.signal });
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
  tail.push([{ ...event(2001), message: { text: "x".repeat(limits.batchBytes) } }, event(2002)]);
  assertEquals(tail.slice(2000)?.length, 1);
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

const start: fc.Arbitrary<Start> = fc.oneof(
  fc.record({ replay: fc.constant("LAST_N" as const), count: fc.nat(200) }),
  fc.record({
    replay: fc.constant("RESUME" as const),
    epoch: fc.constantFrom("e", "f", ""),
    seq: fc.nat(200),
  }),
  fc.record({ replay: fc.constant("SINCE" as const), since: fc.constant("2026-01-01T00:00:00.000Z") }),
  fc.record({ replay: fc.constant("NONE" as const) }),
);

Deno.test("P3 complete: whatever is asked, a reader begins inside the room, and is told if its past is another's", () => {
  fc.assert(
    fc.property(start, fc.nat(150), fc.nat(150), (asked, head, since) => {
      const firstSince = Math.min(since, head) + 1;
      const { after, recovered } = begin(asked, { epoch: "e", head }, firstSince);
      assert(after >= 0 && after <= head);
      if (asked.replay === "RESUME") {
        const known = (asked.epoch === "e" && asked.seq <= head) || (asked.epoch === "" && asked.seq === 0);
        assertEquals(recovered, known);
        if (known) assertEquals(after, asked.seq);
        else assertEquals(after, Math.max(0, head - limits.replayDefault));
      } else assert(recovered);
      if (asked.replay === "NONE") assertEquals(after, head);
      if (asked.replay === "LAST_N") assertEquals(head - after, Math.min(head, asked.count));
      if (asked.replay === "SINCE") assertEquals(after, firstSince - 1);
    }),
    { numRuns: 2_000 },
  );
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
