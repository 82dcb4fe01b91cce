/** The client library's pure parts that decide what a reader is told, as properties. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type Cursor, fileCursor } from "../sdk/cursor.ts";
import { readFrames } from "../sdk/frames.ts";
import {
  type Happening as Step,
  next as nextReading,
  reader,
  type Reading,
  type Told,
} from "../sdk/reading.ts";

const batchOf = (epoch: string, first: number, seqs: readonly number[]) => ({
  room: "lobby",
  epoch,
  first,
  events: seqs.map((seq) => ({
    seq,
    timestamp: "",
    sender: "ann",
    author: "",
    clientId: "",
    message: { text: `${seq}` },
  })),
});

/** What may come to a reader, right and wrong. `skew` moves a batch away from where it should begin. */
const steps = fc.array(
  fc.oneof(
    fc.record({ is: fc.constant("asked" as const), id: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ is: fc.constant("left" as const) }),
    fc.record({
      is: fc.constant("followed" as const),
      id: fc.nat(3),
      epoch: fc.constantFrom("e", "e", "e", "f"),
      after: fc.nat(10),
      recovered: fc.boolean(),
    }),
    fc.record({
      is: fc.constant("batch" as const),
      epoch: fc.constantFrom("e", "e", "e", "f"),
      skew: fc.constantFrom(0, 0, 0, 1, -1),
      count: fc.integer({ min: 1, max: 5 }),
      hole: fc.constantFrom(-1, -1, -1, 2),
      lie: fc.constantFrom(0, 0, 0, 1),
    }),
  ),
  { maxLength: 40, size: "max" },
);

function at({ epoch, seq }: Cursor): Cursor {
  return { epoch, seq };
}

/** History that is over need not be known. */
function kept(place: Reading["place"]): Reading["place"] {
  return place && { ...place, newsAfter: place.newsAfter > place.seq ? place.newsAfter : 0 };
}

Deno.test("P3 complete: sdk: whatever a server sends, what a reader is told has no hole, no repeat, and a word for every jump", () => {
  fc.assert(
    fc.property(steps, fc.option(fc.nat(9)), (steps, seq) => {
      let reading = reader(seq === null ? undefined : { epoch: "e", seq });
      const all: Told[] = [];
      for (const step of steps) {
        const { seq = 0 } = reading.place ?? {};
        const first = seq + 1;
        let event: Step;
        if (step.is === "followed") {
          const { id, epoch, after, recovered } = step;
          event = { is: "followed", id, body: { room: "lobby", epoch, head: after + 3, after, recovered } };
        } else if (step.is === "batch") {
          const seqs = Array.from(
            { length: step.count },
            (_, i) => first + step.skew + i + (i === step.hole ? 1 : 0),
          );
          event = { is: "batch", body: batchOf(step.epoch, first + step.skew + step.lie, seqs) };
        } else event = step;
        const before = reading;
        const moved = nextReading(reading, event);
        reading = moved.reading;
        all.push(...moved.told);
        const last = moved.told.at(-1);
        if (last) {
          assertEquals(reader(last.cursor).place, kept(reading.place), "what is kept of it is enough");
        }
        if (step.is === "batch" && before.is === "following") {
          const wrong = step.skew !== 0 || step.lie !== 0 || step.epoch !== before.place.epoch ||
            (step.hole === 2 && step.count > 2);
          assertEquals(last?.is === "fault", wrong, "a wrong batch is said to be one");
          if (wrong) {
            assertEquals(reading.is, "away", "and the reader asks again from where it is");
          }
        }
      }
      let place = seq === null ? undefined : { epoch: "e", seq };
      for (const told of all) {
        if (told.is === "event") {
          assert(place);
          assertEquals(at(told.cursor), { epoch: place.epoch, seq: place.seq + 1 });
          assertEquals(told.event.seq, told.cursor.seq);
        }
        if (told.is === "begun" && place) assertEquals(at(told.cursor), place);
        place = at(told.cursor);
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("sdk: history that was asked for is told apart from news", () => {
  const follow = (reading: ReturnType<typeof reader>, after: number, recovered = true) =>
    nextReading(nextReading(reading, { is: "asked", id: 1 }).reading, {
      is: "followed",
      id: 1,
      body: { room: "lobby", epoch: "e", head: 5, after, recovered },
    });
  const replayed = ({ reading }: { reading: ReturnType<typeof reader> }, first: number) =>
    nextReading(reading, { is: "batch", body: batchOf("e", first, [first, first + 1]) }).told.map((told) =>
      told.is === "event" && told.replayed
    );
  assertEquals(replayed(follow(reader(undefined), 4), 5), [true, false], "a first replay");
  assertEquals(
    replayed(follow(reader({ epoch: "e", seq: 2 }), 2), 3),
    [false, false],
    "what came while it was away",
  );
  assertEquals(
    replayed(follow(reader({ epoch: "e", seq: 2, newsAfter: 3 }), 2), 3),
    [true, false],
    "what is left of a replay after a restart",
  );
  assertEquals(
    replayed(follow(reader({ epoch: "d", seq: 2 }), 4, false), 5),
    [true, false],
    "what a reset gives",
  );
});

Deno.test("sdk: an event of a kind that this library does not know is no hole", () => {
  const following = nextReading(nextReading(reader(undefined), { is: "asked", id: 1 }).reading, {
    is: "followed",
    id: 1,
    body: { room: "lobby", epoch: "e", head: 0, after: 0, recovered: true },
  }).reading;
  const [frame] = readFrames(JSON.stringify({
    batch: {
      room: "lobby",
      epoch: "e",
      first: 1,
      events: [
        { seq: 1, timestamp: "t", sender: "ann", message: { text: "one" } },
        { seq: 2, timestamp: "t", sender: "ann", pinned: { target: 1 } },
        { seq: 3, timestamp: "t", sender: "ann", message: { text: "three" } },
      ],
    },
  }));
  assert(frame?.is === "batch");
  const { told, reading } = nextReading(following, { is: "batch", body: frame.body });
  assertEquals(told.map((one) => one.is === "event" && one.event.seq), [1, 3]);
  assertEquals(reading.place?.seq, 3);
});

Deno.test("sdk: a cursor's file holds the newest cursor or the one before; none yet is none, and something else is told with its remedy", async () => {
  const folder = await Deno.makeTempDir({ prefix: "switchboard-" });
  const path = `${folder}/bot.cursor`;
  try {
    const store = fileCursor(path);
    assertEquals(await store.load(), undefined);
    for (let seq = 1; seq <= 20; seq++) {
      const cursor = seq % 2 === 0 ? { epoch: "e", seq } : { epoch: "e", seq, newsAfter: 30 };
      await store.save(cursor);
      assertEquals(await fileCursor(path).load(), cursor);
    }
    await Promise.all(Array.from({ length: 20 }, (_, i) => fileCursor(path).save({ epoch: "e", seq: i })));
    assertEquals((await store.load())?.epoch, "e", "whoever saves at the same time");
    const damaged = ["{", "7", `{"epoch":"e"}`, `{"epoch":"e","seq":-1}`, `{"epoch":"e","seq":1.5}`, "\0\0"];
    for (const text of ["", " \n", ...damaged, `{"epoch":"e","seq":1,"newsAfter":"2"}`]) {
      await Deno.writeTextFile(path, text);
      const error = await assertRejects(() => store.load());
      assertInstanceOf(error, TypeError);
      const what = text.trim() === "" ? "the file is empty" : "the file is damaged, or not a cursor's";
      assert(error.message.startsWith(`Cannot load the cursor from "${path}": ${what}, `), error.message);
      assert(error.message.includes("take it away"), error.message);
    }
    await Deno.remove(path);
    await Deno.mkdir(path);
    await assertRejects(() => store.save({ epoch: "e", seq: 1 }));
    const left = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
    assertEquals(left, ["bot.cursor"], "nothing is left behind");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
