import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { before } from "../runtime/deadline.ts";
import { jitter } from "../runtime/jitter.ts";
import { Pulse } from "../runtime/pulse.ts";

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A pulse of 20 ms that counts what it does. */
function counted() {
  const counts = { beats: 0, deaths: 0 };
  const pulse = new Pulse({
    everyMs: 20,
    silenceMs: 100,
    beat: () => counts.beats++,
    dead: () => counts.deaths++,
  });
  return { counts, pulse };
}

Deno.test("a pulse beats while nothing else is said, and takes a silent peer for dead once", async () => {
  const { counts, pulse } = counted();
  await sleep(400);
  pulse.stop();
  assert(counts.beats >= 5, `${counts.beats} beats`);
  assertEquals(counts.deaths, 1);
});

Deno.test("a pulse leaves a peer alone that is heard, and needs no beat while something is said", async () => {
  const { counts, pulse } = counted();
  for (let i = 0; i < 60; i++) {
    pulse.heard();
    pulse.spoke();
    await sleep(5);
  }
  pulse.stop();
  assertEquals(counts.deaths, 0);
  assert(counts.beats <= 3, `${counts.beats} beats`);
});

Deno.test("a process that was stopped for a while takes nobody for dead", async () => {
  const { counts, pulse } = counted();
  const end = performance.now() + 300;
  // Stops this thread, as SIGSTOP would stop the process.
  while (performance.now() < end);
  await sleep(0);
  pulse.heard();
  assertEquals(counts.deaths, 0);
  pulse.stop();
});

Deno.test("jitter is full: from nothing to a limit that doubles up to the most", () => {
  fc.assert(fc.property(fc.nat(1_000), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, dice) => {
    const wait = jitter(attempt, { base: 100, most: 2_000, random: () => dice });
    assert(wait >= 0 && wait <= Math.min(2_000, 100 * 2 ** attempt));
  }));
  assertEquals(jitter(0, { base: 100, most: 2_000, random: () => 1 }), 100);
  assertEquals(jitter(3, { base: 100, most: 2_000, random: () => 1 }), 800);
});

Deno.test("a deadline waits for the promise, but not longer than its time", async () => {
  const start = performance.now();
  await before(10_000, Promise.resolve());
  await before(30, new Promise(() => {}));
  assert(performance.now() - start < 1_000);
});
