/** Where readers begin, and pages of the past: feed/begin.ts, on a tail and a store that answers late and in parts. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { beginIn, canResume, readBack, type Start } from "../feed/begin.ts";
import { type Feed, follow } from "../feed/follow.ts";
import { Tail } from "../feed/tail.ts";
import { openLog } from "../log/open.ts";
import type { ChatError } from "../protos/errors.ts";
import { isReadable, type RoomEvent } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { chatOn } from "./playing.ts";

type Kind = "said" | "gone" | "like" | "topic";

/** A room's past: each event a second after the one before. */
function eventsOf(kinds: readonly Kind[], text = "hi"): RoomEvent[] {
  const bodies = {
    said: { message: { text } },
    gone: { message: { text: "", deleted: 99 } },
    like: { reacted: { target: 1, emoji: "👍" } },
    topic: { settings: { topic: "tea" } },
  };
  return kinds.map((kind, i) => ({
    seq: i + 1,
    timestamp: new Date((i + 1) * 1000).toISOString(),
    sender: "ann",
    author: "guest:a",
    clientId: "",
    ...bodies[kind],
  }));
}

/** A room that holds the newest `held` events in its tail, and all in a store that gives at most `part` at a time. */
function feedOf(events: readonly RoomEvent[], { held = 10, part = 7 } = {}): Feed & { reads: number } {
  const tail = new Tail({ epoch: "e", head: 0 }, { events: held, bytes: 1e9 });
  tail.push(events);
  return {
    room: "lobby",
    tail,
    reads: 0,
    async read(after, count) {
      this.reads++;
      await Promise.resolve();
      return events.slice(after, after + Math.min(count, part));
    },
  };
}

const kinds = fc.array(fc.constantFrom<Kind>("said", "said", "gone", "like", "topic"), { maxLength: 60 });
const held = fc.integer({ min: 1, max: 70 });

Deno.test("P3 complete: LAST_N gives the last so many messages that can be read, and all between them", async () => {
  const property = fc.asyncProperty(kinds, held, fc.nat(30), async (kinds, held, count) => {
    const events = eventsOf(kinds);
    const { after, recovered, head, epoch } = await beginIn(feedOf(events, { held }), {
      replay: "LAST_N",
      count,
    });
    const given = events.slice(after);
    const readable = events.filter(isReadable).length;
    assertEquals([recovered, head, epoch], [true, events.length, "e"]);
    assertEquals(given.filter(isReadable).length, Math.min(count, readable));
    if (given[0] && readable >= count) assert(isReadable(given[0]), "it begins with a message");
    if (count > readable) assertEquals(after, 0);
    if (count === 0) assertEquals(after, events.length);
  });
  await fc.assert(property, { numRuns: 500 });
});

Deno.test("P5 bounded: LAST_N looks no further back than its limit, however little can be read there", async () => {
  const likes = Array.from({ length: limits.replayMost + 2_000 }, (): Kind => "like");
  const feed = feedOf(eventsOf(["said", ...likes]), { part: 1_000 });
  const { after } = await beginIn(feed, { replay: "LAST_N", count: 1 });
  assertEquals(after, likes.length + 1 - limits.replayMost);
  assert(feed.reads < 50, `${feed.reads} reads`);
});

Deno.test("P3 complete: RESUME is exact, or is told that it cannot be and gives the last 100", async () => {
  const cursor = fc.record({ epoch: fc.constantFrom("e", "f", ""), seq: fc.nat(80) });
  const property = fc.asyncProperty(kinds, held, cursor, async (kinds, held, { epoch, seq }) => {
    const events = eventsOf(kinds);
    const feed = feedOf(events, { held });
    const begun = await beginIn(feed, { replay: "RESUME", epoch, seq });
    const known = (epoch === "e" && seq <= events.length) || (epoch === "" && seq === 0);
    assertEquals(canResume({ epoch, seq }, { epoch: "e", head: events.length }), known);
    assertEquals(begun.recovered, known);
    if (known) assertEquals(begun.after, seq);
    else {
      const fresh = await beginIn(feed, { replay: "LAST_N", count: limits.replayDefault });
      assertEquals(begun.after, fresh.after);
    }
    const stop = new AbortController();
    const reader = follow(feed, { epoch: begun.epoch, after: begun.after }, { signal: stop.signal });
    const got: RoomEvent[] = [];
    while (begun.after + got.length < events.length) got.push(...(await reader.next()).value?.events ?? []);
    stop.abort();
    assertEquals(got, events.slice(begun.after));
  });
  await fc.assert(property, { numRuns: 1_000 });
});

Deno.test("P3 complete: SINCE gives every event at or after a time; NONE gives none", async () => {
  const property = fc.asyncProperty(
    kinds,
    held,
    fc.oneof(fc.integer({ min: -5, max: 80_000 }), fc.nat(80).map((s) => s * 1_000)),
    async (kinds, held, ms) => {
      const events = eventsOf(kinds);
      const feed = feedOf(events, { held });
      const start: Start = { replay: "SINCE", since: new Date(ms).toISOString() };
      const { after, recovered } = await beginIn(feed, start);
      assert(recovered);
      assertEquals(events.slice(after), events.filter(({ timestamp }) => Date.parse(timestamp) >= ms));
      assertEquals((await beginIn(feed, { replay: "NONE" })).after, events.length);
    },
  );
  await fc.assert(property, { numRuns: 500 });
});

Deno.test("P3 complete: one who begins while the room begins another life is told of one life only", async () => {
  const old = eventsOf(Array.from({ length: 50 }, (): Kind => "said"));
  const feed = feedOf(old, { held: 5 });
  const beginning = beginIn(feed, { replay: "LAST_N", count: 20 });
  feed.tail.reset({ epoch: "new", head: 3 });
  const { epoch, head, after } = await beginning;
  assertEquals([epoch, head, after], ["new", 3, 0]);
});

Deno.test("P3 complete: a page back ends right before where it was asked to, also when its bytes cut it", async () => {
  const property = fc.asyncProperty(
    fc.integer({ min: 1, max: 60 }),
    held,
    fc.integer({ min: 1, max: 70 }),
    fc.integer({ min: 1, max: 50 }),
    fc.boolean(),
    async (size, held, before, count, isLong) => {
      const text = isLong ? "x".repeat(limits.batchBytes / 30) : "hi";
      const events = eventsOf(Array.from({ length: size }, (): Kind => "said"), text);
      const feed = feedOf(events, { held });
      const end = Math.min(before, size + 1);
      const page = await readBack(feed, { before: end, count });
      const most = isLong ? Math.min(count, 9) : count;
      assertEquals(page, events.slice(Math.max(0, end - 1 - most), end - 1));
      if (end > 1) assert(page.length > 0, "it is not empty while there is something");
    },
  );
  await fc.assert(property, { numRuns: 500 });
});

Deno.test("P3 complete: pages back, one after the other, give the whole past once", async () => {
  const events = eventsOf(Array.from({ length: 333 }, (_, i): Kind => i % 3 ? "said" : "like"));
  const feed = feedOf(events, { held: 40 });
  let past: RoomEvent[] = [];
  for (let before = 334; before > 1;) {
    const page = await readBack(feed, { before, count: 50 });
    past = [...page, ...past];
    before = page[0]?.seq ?? 0;
  }
  assertEquals(past, events);
});

Deno.test("a reader who goes while it waits for its look is no fault of ours", async () => {
  await using log = await openLog("sqlite::memory:");
  await using chat = await chatOn(log);
  const error = await assertRejects(() =>
    chat.begin("lobby", { replay: "LAST_N", count: 500 }, { signal: AbortSignal.abort() })
  );
  assertEquals((error as ChatError).code, "UNAVAILABLE");
});
