/** The pages of older events that all browsers of a gateway share: without a server, with every order of things. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { Pages } from "../gateway/pages.ts";
import { revise, type RoomEvent, takeBatch } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";

/** A room as ChatService has it, and its answers, which come when the test lets them. */
class Source {
  readonly events: RoomEvent[] = [];
  readonly asked: string[] = [];
  readonly #waiting: (() => void)[] = [];
  /** True: answers wait for `answer`. */
  slow = false;

  readonly fetch = async (_: string, after: number, count: number): Promise<readonly RoomEvent[]> => {
    this.asked.push(`${after}+${count}`);
    // What is read is read now; the answer is late.
    const events = takeBatch(this.events, { from: after, count, bytes: limits.batchBytes });
    if (this.slow) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return events;
  };

  say(text: string): RoomEvent {
    return this.#append({ message: { text } });
  }

  edit(target: number, text: string): RoomEvent {
    return this.#append({ edited: { target, text } });
  }

  delete(target: number): RoomEvent {
    return this.#append({ deleted: { target } });
  }

  /** Lets all answers come, the last one first. */
  async answer(): Promise<void> {
    for (const resolve of this.#waiting.splice(0).reverse()) resolve();
    await new Promise((resolve) => setTimeout(resolve));
  }

  #append(
    body: Pick<RoomEvent, "message"> | Pick<RoomEvent, "edited"> | Pick<RoomEvent, "deleted">,
  ): RoomEvent {
    const seq = this.events.length + 1;
    const event = { seq, timestamp: "", sender: "ann", author: "a", clientId: "", ...body } as RoomEvent;
    for (const [i, earlier] of this.events.entries()) this.events[i] = revise(earlier, event);
    this.events.push(event);
    return event;
  }
}

function full(count: number, text = "hi"): Source {
  const source = new Source();
  for (let i = 0; i < count; i++) source.events.push(messageOf(i + 1, text));
  return source;
}

function messageOf(seq: number, text: string): RoomEvent {
  return { seq, timestamp: "", sender: "ann", author: "a", clientId: "", message: { text } };
}

const room = "attic";

Deno.test("P5 bounded: a thousand readers with cursors of their own share one read a range", async () => {
  const source = full(2_000);
  source.slow = true;
  const pages = new Pages(source.fetch);
  const seqs = Array.from({ length: 1_000 }, (_, i) => 1 + (i * 7) % 2_000);
  const reads = Promise.all(seqs.map((seq) => pages.read({ room, seq, base: 2_000 })));
  await source.answer();
  for (const [i, events] of (await reads).entries()) assert(events.some(({ seq }) => seq === seqs[i]));
  assertEquals(source.asked.toSorted(), ["0+500", "1000+500", "1500+500", "500+500"]);
  await pages.read({ room, seq: 700, base: 2_000 });
  assertEquals([pages.reads, source.asked.length], [4, 4]);
});

Deno.test("P3 complete: a range of long texts is cut, and each event of it is reached with at most two reads, the same for all", async () => {
  const source = full(1_000, "x".repeat(limits.textBytes));
  const pages = new Pages(source.fetch, { bytes: 1e9 });
  for (const seq of [499, 1, 21, 22, 500, 501, 999, 1_000]) {
    const before = pages.reads;
    const events = await pages.read({ room, seq, base: 1_000 });
    assert(events.some((event) => event.seq === seq), `${seq}`);
    assert(pages.reads - before <= 2, `${seq} took ${pages.reads - before}`);
  }
  const reads = pages.reads;
  for (const seq of [481, 499, 23, 40, 501]) await pages.read({ room, seq, base: 1_000 });
  assertEquals(pages.reads, reads, "other seqs of the same ranges cost nothing");
});

Deno.test("a range that had not fallen off the tail as a whole is read anew for what has fallen off since", async () => {
  const source = full(2_000);
  const pages = new Pages(source.fetch);
  assertEquals((await pages.read({ room, seq: 300, base: 300 })).length, 300);
  assertEquals((await pages.read({ room, seq: 299, base: 450 })).length, 300);
  assertEquals((await pages.read({ room, seq: 400, base: 450 })).length, 450);
  assertEquals((await pages.read({ room, seq: 20, base: 2_000 })).length, 450);
  assertEquals(source.asked, ["0+300", "0+450"]);
});

Deno.test("to look at a few events costs a small page, unless a large one is there", async () => {
  const source = full(2_000);
  const pages = new Pages(source.fetch);
  await pages.read({ room, seq: 730, base: 2_000, few: true });
  await pages.read({ room, seq: 730, base: 2_000 });
  await pages.read({ room, seq: 990, base: 2_000, few: true });
  assertEquals(source.asked, ["720+20", "500+500"]);
});

Deno.test("P5 bounded: what is kept stays below its limit, and the range that was not used for longest goes first", async () => {
  const source = full(5_000);
  const pages = new Pages(source.fetch, { bytes: 300_000 });
  for (const seq of [1, 501, 1_001]) await pages.read({ room, seq, base: 5_000 });
  assert(pages.bytes <= 300_000 && pages.bytes > 0, `${pages.bytes}`);
  await pages.read({ room, seq: 1_400, base: 5_000 });
  assertEquals(pages.reads, 3, "the newest one is still there");
  await pages.read({ room, seq: 1, base: 5_000 });
  assertEquals(pages.reads, 4, "the oldest one is not");
  source.slow = true;
  const late = pages.read({ room, seq: 4_500, base: 5_000 });
  pages.forget(room);
  await source.answer();
  assertEquals([(await late).length, pages.bytes], [500, 0], "nothing is kept of a room that was forgotten");
});

Deno.test("a read that fails is told to all who share it, and the next one tries again", async () => {
  let fails = true;
  const source = full(10);
  const fetch = (...args: Parameters<typeof source.fetch>) =>
    fails ? Promise.reject(new Error("away")) : source.fetch(...args);
  const pages = new Pages(fetch);
  const wanted = { room, seq: 3, base: 10 };
  await Promise.all([1, 2].map(() => assertRejects(() => pages.read(wanted))));
  assertEquals(pages.reads, 1);
  fails = false;
  assertEquals((await pages.read(wanted)).length, 10);
});

Deno.test("P3 complete: an answer with a hole, or with nothing, is an error and no page", async () => {
  const source = full(10);
  source.events.splice(4, 1);
  await assertRejects(() => new Pages(source.fetch).read({ room, seq: 3, base: 10 }));
  const empty = new Pages(() => Promise.resolve([]));
  await assertRejects(() => empty.read({ room, seq: 3, base: 10 }));
});

/** What can happen while people come back; `at` picks an event or a message. */
interface Step {
  readonly is: "read" | "say" | "edit" | "delete" | "tell" | "answer" | "forget";
  readonly at: number;
  readonly few: boolean;
  readonly size: number;
}

const kinds = ["read", "read", "say", "edit", "edit", "delete", "tell", "answer", "forget"] as const;

const step: fc.Arbitrary<Step> = fc.record({
  is: fc.constantFrom(...kinds),
  at: fc.nat(11),
  few: fc.boolean(),
  size: fc.constantFrom(1, 3_000, 16_384),
});

/** An event as it was said, and what was told of it since: no reader may be shown less. */
function assertAtLeast(event: RoomEvent, told: readonly RoomEvent[]): void {
  const changes = told.filter(({ seq }) => seq > event.seq);
  const deleted = changes.findLast(({ deleted }) =>
    deleted?.target === event.seq || deleted && deleted.target === event.edited?.target
  );
  const edited = changes.findLast(({ edited }) => edited?.target === event.seq);
  const text = (event.message ?? event.edited)?.text;
  if (deleted) assertEquals(text, "", `${event.seq} was deleted`);
  else if (edited) assert((event.message?.edited ?? event.message?.deleted ?? 0) >= edited.seq);
}

Deno.test("P3 complete: whatever happens meanwhile, a page has its event, has no hole, and no text that was taken away", async () => {
  const run = async (steps: Step[], bytes: number) => {
    const source = new Source();
    for (let i = 0; i < 6; i++) source.say(`first ${i}`);
    source.slow = true;
    const pages = new Pages(source.fetch, { bytes });
    // What ChatService has stored, and what it has sent of that.
    const [told, untold]: RoomEvent[][] = [source.events.slice(), []];
    const reads: Promise<void>[] = [];
    let failed: unknown;
    const read = async (seq: number, few: boolean) => {
      const events = await pages.read({ room, seq, base: told.length, few });
      const first = events[0]?.seq ?? 0;
      assert(events.some((event) => event.seq === seq));
      for (const [i, event] of events.entries()) {
        assertEquals(event.seq, first + i);
        assertAtLeast(event, told);
      }
    };
    const messages = () => source.events.filter(({ message }) => message && !message.deleted);
    const tell = async () => {
      // It comes from the network, so in a turn of the event loop of its own.
      for (let i = 0; i < 10; i++) await Promise.resolve();
      for (const event of untold.splice(0)) {
        told.push(event);
        pages.revise(room, event);
      }
    };
    for (const { is, at, few, size } of steps) {
      const target = messages()[at % messages().length]?.seq;
      if (is === "read") {
        reads.push(read(1 + at % told.length, few).catch((error) => void (failed ??= error)));
      } else if (is === "say") untold.push(source.say("x".repeat(size)));
      else if (is === "edit" && target) untold.push(source.edit(target, "x".repeat(size)));
      else if (is === "delete" && target) untold.push(source.delete(target));
      else if (is === "tell") await tell();
      else if (is === "answer") await source.answer();
      else if (is === "forget" && reads.length === 0) pages.forget(room);
      assert(pages.bytes >= 0 && pages.bytes <= bytes, `${pages.bytes} bytes are kept`);
    }
    source.slow = false;
    // A read that was cut asks once more, and waits once more.
    for (let i = 0; i < 3; i++) await source.answer();
    await Promise.all(reads);
    if (failed) throw failed;
    pages.forget(room);
    assertEquals(pages.bytes, 0);
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 60 }),
      fc.constantFrom(100_000, 2_000_000, 33_554_432),
      run,
    ),
    { numRuns: 300 },
  );
});
