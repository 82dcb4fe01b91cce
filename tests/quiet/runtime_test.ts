import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { EventEmitter } from "node:events";
import { before } from "../../runtime/deadline.ts";
import { StreamWriter, type WritableCall } from "../../runtime/grpc_writer.ts";
import { jitter } from "../../runtime/jitter.ts";
import { Pulse } from "../../runtime/pulse.ts";

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

Deno.test("a pulse asks a peer that is silent, however much is said to it", async () => {
  const { counts, pulse } = counted();
  for (let i = 0; i < 60 && counts.beats === 0; i++) {
    pulse.spoke();
    await sleep(5);
  }
  pulse.stop();
  assertEquals(counts, { beats: 1, deaths: 0 });
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

/** A stream that holds what it was given until it is told that the client takes some of it. */
class Window extends EventEmitter implements WritableCall {
  cancelled = false;
  destroyed = false;
  readonly given: string[] = [];
  readonly #underWay: (() => void)[] = [];

  constructor() {
    super();
    this.setMaxListeners(0);
  }

  write(message: Uint8Array, done: () => void): boolean {
    this.given.push(new TextDecoder().decode(message));
    this.#underWay.push(done);
    return false;
  }

  /** The client takes so many messages. */
  take(count: number): void {
    for (const done of this.#underWay.splice(0, count)) done();
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("P5 bounded: nothing is written to a client that has yet to take what is there; then all, in order", async () => {
  const call = new Window();
  const writer = new StreamWriter(call, { bytes: 1, ms: 10_000 });
  const writes = ["1", "2", "3", "4", "5"].map((message) => writer.write(bytes(message)));
  await sleep(5);
  assertEquals(call.given, ["1", "2"]);
  call.take(2);
  await sleep(5);
  assertEquals(call.given, ["1", "2", "3", "4"]);
  call.take(9);
  assertEquals(await Promise.all(writes), ["written", "written", "written", "written", "written"]);
  assertEquals(call.given, ["1", "2", "3", "4", "5"]);
});

Deno.test("P2 ordered: what is written just when a waiting message may go goes behind it, at any moment", async () => {
  for (let turns = 0; turns < 12; turns++) {
    const call = new Window();
    const writer = new StreamWriter(call, { bytes: 0, ms: 10_000 });
    const writes = [writer.write(bytes("first")), writer.write(bytes("second"))];
    call.take(1);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    writes.push(writer.write(bytes("third")));
    for (let i = 0; i < 3; i++) {
      await sleep(0);
      call.take(1);
    }
    await Promise.all(writes);
    assertEquals(call.given, ["first", "second", "third"], `${turns} turns later`);
  }
});

Deno.test("P5 bounded: what is under way is counted in bytes, and made only when there is space for it", async () => {
  const call = new Window();
  const writer = new StreamWriter(call, { bytes: 100, ms: 10_000 });
  assertEquals(writer.write(bytes("x".repeat(100))), "written");
  const second = writer.write(bytes("y".repeat(1_000)));
  let made = 0;
  const third = writer.writeMade(() => bytes(`${++made}`));
  await sleep(5);
  assertEquals([call.given.length, made], [2, 0]);
  call.take(1);
  await sleep(5);
  assertEquals([call.given.length, made], [2, 0], "1,000 bytes are still under way");
  call.take(1);
  assertEquals(await Promise.all([second, third]), ["written", "written"]);
  assertEquals([call.given.length, made], [3, 1]);
});

Deno.test("a stream that takes nothing is told as slow, one that is gone as closed, to all who wait", async () => {
  const call = new Window();
  const writer = new StreamWriter(call, { bytes: 0, ms: 30 });
  const slow = ["1", "2", "3"].map((message) => writer.write(bytes(message)));
  assertEquals(await Promise.all(slow), ["slow", "slow", "slow"]);
  const gone = new Window();
  const other = new StreamWriter(gone, { bytes: 0, ms: 10_000 });
  const writes = ["1", "2"].map((message) => other.write(bytes(message)));
  gone.cancelled = true;
  gone.emit("cancelled");
  assertEquals(await Promise.all(writes), ["closed", "closed"]);
  assertEquals(await other.write(bytes("3")), "closed");
  assertEquals(gone.given, ["1"]);
});

Deno.test("a stream that takes a little now and then is not slow", async () => {
  const call = new Window();
  const writer = new StreamWriter(call, { bytes: 1, ms: 60 });
  for (const message of ["1", "2", "3", "4"]) writer.write(bytes(message));
  const last = writer.write(bytes("5"));
  for (let i = 0; i < 5; i++) {
    await sleep(40);
    call.take(1);
  }
  assertEquals(await last, "written");
});

Deno.test("of what is offered to a client that is busy the newest of each kind is given later, and none is lost", async () => {
  const call = new Window();
  const writer = new StreamWriter(call, { bytes: 8, ms: 10_000 });
  writer.offer(bytes("lobby 1"), "lobby");
  await sleep(0);
  assertEquals(call.given, ["lobby 1"], "at once");
  const written = writer.write(bytes("data"));
  for (let i = 2; i <= 50; i++) {
    writer.offer(bytes(`lobby ${i}`), "lobby");
    writer.offer(bytes(`attic ${i}`), "attic");
  }
  call.take(2);
  assertEquals(await written, "written");
  await sleep(5);
  call.take(9);
  await sleep(5);
  assertEquals(call.given, ["lobby 1", "data", "lobby 50", "attic 50"]);
  writer.offer(bytes("lobby 51"), "lobby");
  await sleep(0);
  call.cancelled = true;
  call.emit("cancelled");
  await sleep(5);
  writer.offer(bytes("lobby 52"), "lobby");
  assertEquals(call.given.length, 5);
});
