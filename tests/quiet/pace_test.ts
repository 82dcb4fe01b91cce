/** What a gateway asks of ChatService: at once at rest, and with a load together. */
import { assert, assertEquals } from "@std/assert";
import { Pace } from "../../gateway/pace.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Keeps this process busy. */
function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

/** A pace that says what has gone, and when. */
function watched() {
  const gone: number[] = [];
  const pace = new Pace(() => gone.push(performance.now()));
  return { pace, gone };
}

Deno.test("at rest what waits goes with the turn of the event loop", async () => {
  const { pace, gone } = watched();
  for (let i = 1; i <= 3; i++) {
    await wait(50);
    pace.waits();
    pace.waits();
    await turn();
    await turn();
    assertEquals(gone.length, i);
  }
});

Deno.test("at rest the next one does not wait either", async () => {
  const waited: number[] = [];
  for (let i = 0; i < 15; i++) {
    const { pace, gone } = watched();
    await wait(20);
    pace.waits();
    await turn();
    await turn();
    const since = performance.now();
    pace.waits();
    while (gone.length < 2) await turn();
    waited.push(performance.now() - since);
  }
  const median = waited.sort((a, b) => a - b)[7] ?? NaN;
  assert(median < 3, `it waited for ${median} ms`);
});

Deno.test("with a load what waits goes together a little later, and at once when there is enough", async () => {
  const { pace, gone } = watched();
  work(20);
  pace.waits();
  await turn();
  await turn();
  assertEquals(gone.length, 1);
  pace.waits();
  await turn();
  pace.waits();
  await turn();
  assertEquals(gone.length, 1, "the load is known by now");
  for (const end = performance.now() + 1_000; gone.length < 2 && performance.now() < end;) await wait(1);
  assertEquals(gone.length, 2);
  const [first = 0, second = 0] = gone;
  assert(second - first >= 3, `it went after ${second - first} ms`);
  work(20);
  pace.waits();
  await turn();
  await turn();
  for (let i = 0; i < 16; i++) pace.waits();
  await turn();
  await turn();
  assertEquals(gone.length, 4);
});

Deno.test("what was stopped goes no more, and leaves no timer", async () => {
  const { pace, gone } = watched();
  work(20);
  pace.waits();
  await turn();
  await turn();
  pace.waits();
  pace.stop();
  await wait(10);
  assertEquals(gone.length, 1);
});
