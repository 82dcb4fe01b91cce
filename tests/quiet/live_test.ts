/** Live readers: handed everything at once, and nothing twice, however they come, fall back and go. */
import { setImmediate } from "node:timers";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Live } from "../../feed/live.ts";
import { Tail } from "../../feed/tail.ts";
import type { RoomBatch, RoomEvent } from "../../protos/events.ts";

function events(from: number, to: number): RoomEvent[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => ({
    seq: from + i,
    timestamp: "2026-01-31T12:00:00.000Z",
    sender: "ann",
    author: "",
    clientId: "",
    message: { text: `m${from + i}` },
  }));
}

const seqs = ({ events }: RoomBatch) => events.map(({ seq }) => seq);
const turn = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));

/** Reads as the gateway does: live as long as it takes what comes, by itself from the tail otherwise. */
async function read(
  { tail, live, got, takes, signal }: {
    tail: Tail;
    live: Live<number[]>;
    got: number[];
    takes: () => boolean;
    signal: AbortSignal;
  },
): Promise<void> {
  while (!signal.aborted) {
    const after = got.at(-1) ?? 0;
    const missed = tail.slice(after) ?? [];
    if (missed.length > 0) {
      got.push(...missed.map(({ seq }) => seq));
      await turn();
      continue;
    }
    const last = await readLive(live, (batch) => {
      if (!takes()) return false;
      got.push(...batch);
      return true;
    }, { signal });
    assertEquals(last ?? got.at(-1) ?? 0, got.at(-1) ?? 0, "a reader knows what it was given");
  }
}

/** Reads live until it is behind; resolves with the last event that it was given, or undefined if the signal aborts. */
function readLive(
  live: Live<number[]>,
  take: (batch: number[]) => boolean,
  { signal }: { signal: AbortSignal },
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const reader = { take, behind: resolve };
    live.join(reader);
    signal.addEventListener("abort", () => {
      live.leave(reader);
      resolve(undefined);
    });
  });
}

Deno.test("P3 complete: live readers get every event once, in order, whatever they refuse and whenever they come", async () => {
  const step = fc.record({ push: fc.integer({ min: 0, max: 5 }), wait: fc.boolean(), join: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 30 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 9 })),
      async (steps, dice) => {
        const tail = new Tail({ epoch: "e", head: 0 });
        const live = new Live({ room: "lobby", tail }, seqs, { turnsAtOnce: 2 });
        const stop = new AbortController();
        const readers: number[][] = [];
        const running: Promise<void>[] = [];
        const takes = () => dice.next().value !== 0;
        for (const { push, wait, join } of steps) {
          if (join) {
            const got: number[] = [];
            readers.push(got);
            running.push(read({ tail, live, got, takes, signal: stop.signal }));
          }
          tail.push(events(tail.head + 1, tail.head + push));
          live.grown();
          if (wait) await turn();
        }
        for (let i = 0; i < 200 && readers.some((got) => (got.at(-1) ?? 0) < tail.head); i++) await turn(1);
        stop.abort();
        await Promise.all(running);
        const all = events(1, tail.head).map(({ seq }) => seq);
        for (const got of readers) assertEquals(got, all);
        assertEquals(live.size, 0);
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("others have their turn while thousands are given what came, and come and go meanwhile", async () => {
  const tail = new Tail({ epoch: "e", head: 0 });
  const live = new Live({ room: "lobby", tail }, seqs);
  const [stop, first] = [new AbortController(), new AbortController()];
  const join = (signal: AbortSignal) => {
    const got: number[] = [];
    readLive(live, (batch) => got.push(...batch) > 0, { signal });
    return got;
  };
  const push = (seq: number) => {
    tail.push(events(seq, seq));
    live.grown();
  };
  const all = Array.from({ length: 1_000 }, () => join(stop.signal));
  const leaving = join(first.signal);
  push(1);
  await new Promise((resolve) => setImmediate(resolve));
  const given = all.filter(({ length }) => length > 0).length;
  assert(given < 500, `${given} had theirs before anybody else had a turn`);
  push(2);
  first.abort();
  while (all.at(-1)?.at(-1) !== 2) await turn();
  await turn(60);
  push(3);
  assertEquals(all.at(-1), [1, 2], "it is on its way");
  push(4);
  const late = join(stop.signal);
  push(5);
  while (all.at(-1)?.at(-1) !== 5) await turn();
  assertEquals(all, Array.from(all, () => [1, 2, 3, 4, 5]));
  assertEquals([leaving, late], [[], [5]]);
  stop.abort();
});

Deno.test("P3 complete: those who wait for their turn are let go where they are when the room begins another life", async () => {
  const tail = new Tail({ epoch: "old", head: 0 });
  const live = new Live({ room: "lobby", tail }, seqs, { turnsAtOnce: 1 });
  const got: number[][] = [[], []];
  const { signal } = new AbortController();
  const joined = got.map((mine) => readLive(live, (batch) => mine.push(...batch) > 0, { signal }));
  tail.push(events(1, 2));
  live.grown();
  tail.reset({ epoch: "new", head: 0 });
  live.grown();
  assertEquals(await Promise.all(joined), [2, 0]);
  assertEquals(got, [[1, 2], []]);
});

Deno.test("P3 complete: live readers are let go when the room begins another life, and nothing of it is given to them", async () => {
  const tail = new Tail({ epoch: "old", head: 0 });
  const live = new Live({ room: "lobby", tail }, seqs);
  const got: number[] = [];
  const { signal } = new AbortController();
  const joined = readLive(live, (batch) => got.push(...batch) > 0, { signal });
  tail.push(events(1, 3));
  live.grown();
  tail.reset({ epoch: "new", head: 0 });
  tail.push(events(1, 2));
  live.grown();
  assertEquals(await joined, 3);
  assertEquals(got, [1, 2, 3]);
});

Deno.test("what costs much is done less often: events that come meanwhile go together, and none waits long", async () => {
  const tail = new Tail({ epoch: "e", head: 0 });
  const live = new Live({ room: "lobby", tail }, seqs);
  const batches: { at: number; size: number }[] = [];
  const stop = new AbortController();
  const joined = readLive(live, (batch) => {
    batches.push({ at: performance.now(), size: batch.length });
    // As costly as a thousand sockets.
    for (const end = performance.now() + 8; performance.now() < end;);
    return true;
  }, stop);
  for (let i = 1; i <= 100; i++) {
    tail.push(events(i, i));
    live.grown();
    await turn(1);
  }
  await turn(60);
  stop.abort();
  await joined;
  assertEquals(batches.reduce((sum, { size }) => sum + size, 0), 100);
  assert(batches.length < 60, `${batches.length} times`);
});

Deno.test("an event that comes alone is given at once", () => {
  const tail = new Tail({ epoch: "e", head: 0 });
  const live = new Live({ room: "lobby", tail }, seqs);
  let given = 0;
  const stop = new AbortController();
  readLive(live, (batch) => (given += batch.length) > 0, stop);
  tail.push(events(1, 1));
  live.grown();
  assertEquals(given, 1);
  stop.abort();
});
