/** When messages are held back for those that come right behind them, and for how long: chat/commit_delay.ts. */
import { assert, assertEquals } from "@std/assert";
import { came, CommitDelay, heldUntil, released, silence } from "../../chat/commit_delay.ts";
import { openLog } from "../../log/open.ts";
import { limits } from "../../protos/limits.ts";
import { FakeClock } from "../fake_clock.ts";
import { as, bob, chatOn, hi } from "../playing.ts";

/** A room's writer at its core: takes all that waits, as soon as it may, and needs a moment to store it. */
class Queue {
  readonly #delay = new CommitDelay();
  readonly #clock: FakeClock;
  readonly #storeMs: number;
  #waiting: { at: number; stored: () => void }[] = [];
  #running = false;
  /** How many were stored at once, and how long each was held. */
  readonly commits: number[] = [];
  readonly waits: number[] = [];

  constructor(clock: FakeClock, { storeMs = 1 } = {}) {
    this.#clock = clock;
    this.#storeMs = storeMs;
  }

  send(speaker: string): Promise<void> {
    return new Promise((stored) => {
      this.#delay.came(speaker, this.#clock.now());
      this.#waiting.push({ at: this.#clock.now(), stored });
      if (!this.#running) this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting[0]) {
      await this.#delay.over(this.#waiting[0].at);
      const batch = this.#waiting.splice(0);
      this.commits.push(batch.length);
      this.waits.push(...batch.map(({ at }) => this.#clock.now() - at));
      await new Promise<void>((resolve) => setTimeout(resolve, this.#storeMs));
      for (const { stored } of batch) stored();
    }
    this.#running = false;
  }
}

/** Lets time pass, and what waits for it go on at its time. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    clock.pass(stepMs);
  }
}

const stepMs = 0.5;

/** Lets so many come, so far apart; gives what became of the later half, when the rhythm is known. */
async function steadily({ everyMs, count = 200 }: { everyMs: number; count?: number }) {
  using clock = new FakeClock();
  const queue = new Queue(clock);
  for (let i = 0; i < count; i++) {
    queue.send(`speaker ${i % 40}`);
    await pass(clock, everyMs);
  }
  await pass(clock, 100);
  const waits = queue.waits.slice(count / 2).sort((a, b) => a - b);
  return {
    median: waits[waits.length >> 1] ?? NaN,
    most: Math.max(...queue.waits),
    each: count / queue.commits.length,
  };
}

Deno.test("a message that comes alone waits for nobody", async () => {
  for (const everyMs of [10, 20, 100, 1_000]) {
    assertEquals(await steadily({ everyMs, count: 50 }), { median: 0, most: 0, each: 1 });
  }
});

Deno.test("messages that come densely are stored together, none held for longer than the limit, half of them for half of it", async () => {
  const dense = [[1, 5], [2, 3], [4, 1.7], [5, 1.6], [6, 1.6]] as const;
  for (const [everyMs, least] of dense) {
    const { median, most, each } = await steadily({ everyMs });
    assert(each >= least, `every ${everyMs} ms: ${each} a commit`);
    assert(median <= limits.commitDelayMs / 2, `every ${everyMs} ms: a median of ${median}`);
    assert(most <= limits.commitDelayMs, `every ${everyMs} ms: one was held for ${most}`);
  }
});

Deno.test("where two are stored together, more than half wait for nobody", async () => {
  assertEquals((await steadily({ everyMs: 5 })).median, 0);
});

/** Lets so many programs wait for each answer before they send the next; gives how often they did in 4 s. */
async function inLoops(count: number, { others = () => {} }: { others?: (queue: Queue) => void } = {}) {
  using clock = new FakeClock();
  const queue = new Queue(clock, { storeMs: 2 });
  let sent = 0;
  const loop = async (i: number) => {
    await new Promise<void>((resolve) => setTimeout(resolve, i * 0.7));
    while (clock.now() < 4_000) {
      await queue.send(`program ${i}`);
      sent++;
    }
  };
  for (let i = 0; i < count; i++) loop(i);
  for (let passed = 0; passed < 4_000; passed += 500) {
    others(queue);
    await pass(clock, 500);
  }
  await pass(clock, 100);
  return sent;
}

Deno.test("those who wait for each answer before the next do not wait for each other", async () => {
  assertEquals(await inLoops(1), 2_000);
  // Those who come while others are stored wait for the next commit.
  for (const count of [2, 3, 10]) {
    const sent = await inLoops(count);
    assert(sent >= count * 1_000, `${count}: ${sent}`);
  }
});

Deno.test("and they hardly wait for somebody who says something now and then", async () => {
  for (const count of [1, 2, 3, 10]) {
    const sent = await inLoops(count, { others: (queue) => void queue.send("a person") });
    assert(sent > 0.9 * count * (count > 1 ? 1_000 : 2_000), `${count}: ${sent}`);
  }
});

Deno.test("who has said nothing for a second is not waited for", async () => {
  using clock = new FakeClock();
  const queue = new Queue(clock);
  queue.send("a person");
  await pass(clock, 1_000);
  for (let i = 0; i < 50; i++) {
    queue.send("a program");
    await pass(clock, 2);
  }
  assertEquals(Math.max(...queue.waits), 0);
});

Deno.test("when a burst is over, its last one waits until that is seen, and the next one for nobody", () => {
  let rhythm = silence;
  for (let at = 0; at < 100; at += 2) rhythm = came(rhythm, at);
  assertEquals(Math.round(heldUntil(rhythm, 98)), 98 + 2 * 2);
  for (const at of [1_000, 2_000, 3_000]) rhythm = came(rhythm, at);
  assertEquals(heldUntil(rhythm, 3_000), 3_000);
});

Deno.test("a delay that was in vain is tried again more and more seldom, and as before once one was of use", () => {
  const inVain = { since: 0, now: 8, brought: 0 };
  let rhythm = came(silence, 0);
  const skips = Array.from({ length: 10 }, () => (rhythm = released(rhythm, inVain)).skips);
  assertEquals(skips, [1, 3, 7, 15, 31, 63, 127, 255, 256, 256]);
  assertEquals(released(rhythm, { since: 8, now: 8, brought: undefined }).skips, 255);
  const ofUse = released(came(rhythm, 6), { since: 0, now: 8, brought: 3 });
  assertEquals([ofUse.skips, released(ofUse, { since: 6, now: 14, brought: 0 }).skips], [0, 1]);
  const early = { since: 0, now: 8, brought: 2 };
  assertEquals(released(came(rhythm, 0.2), early).skips, 256, "all came at once, and then nobody did");
});

Deno.test("P2 ordered: rooms share a delay, and each keeps its order; all is stored in fewer commits than messages", async () => {
  await using log = await openLog("sqlite::memory:");
  let appends = 0;
  const append = log.append.bind(log);
  log.append = (...asked) => {
    appends++;
    return append(...asked);
  };
  await using chat = await chatOn(log);
  const all = [];
  for (let i = 0; i < 100; i++) {
    all.push(
      chat.write(
        "lobby",
        as({ ...bob, id: `guest:${i % 20}` }, { ...hi, kind: "send", text: `m${i}` }, `${i}`),
      ),
    );
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const stored = await Promise.all(all);
  assertEquals(stored.map(({ event }) => event.seq), Array.from({ length: 100 }, (_, i) => i + 1));
  assert(appends < 70, `${appends} appends`);
});
