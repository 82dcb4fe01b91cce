/** The queue in front of a room: each speaker's order, and nobody behind all of another's. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Turns } from "../chat/turns.ts";

Deno.test("P2 ordered: whatever is taken when, each speaker's order is kept and nothing is lost or doubled", () => {
  const step = fc.oneof(
    fc.record({ who: fc.constantFrom("ann", "bob", "cem") }),
    fc.record({ take: fc.integer({ min: 1, max: 5 }) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
    const turns = new Turns<{ who: string; i: number }>();
    const taken: { who: string; i: number }[] = [];
    let pushed = 0;
    for (const step of steps) {
      if ("who" in step) turns.push(step.who, { who: step.who, i: pushed++ });
      else taken.push(...turns.take(step.take));
      assertEquals(turns.size, pushed - taken.length);
    }
    taken.push(...turns.take(Infinity));
    assertEquals(taken.map(({ i }) => i).sort((a, b) => a - b), Array.from({ length: pushed }, (_, i) => i));
    for (const name of ["ann", "bob", "cem"]) {
      const order = taken.filter(({ who }) => who === name).map(({ i }) => i);
      assertEquals(order, order.toSorted((a, b) => a - b));
    }
  }));
});

Deno.test("P5 bounded: one who sent thousands holds up another by no more than a batch", () => {
  const turns = new Turns<string>();
  for (let i = 0; i < 4_000; i++) turns.push("mallory", "mallory");
  turns.take(64);
  turns.push("ann", "ann");
  turns.push("bob", "bob");
  const next = turns.take(64);
  assert(next.includes("ann") && next.includes("bob"), "they are in the very next batch");
  assertEquals(next.length, 64);
});

Deno.test("P5 bounded: batches smaller than the number of speakers serve all of them in turn", () => {
  const turns = new Turns<string>();
  for (const who of ["a", "b", "c", "d", "e"]) for (let i = 0; i < 3; i++) turns.push(who, who);
  assertEquals([turns.take(2), turns.take(2), turns.take(2)], [["a", "b"], ["c", "d"], ["a", "e"]]);
});

Deno.test("P2 ordered: where all fit into a batch, they keep the order in which they came", () => {
  const turns = new Turns<string>();
  for (const [i, who] of ["ann", "ann", "ann", "bob", "ann", "cem"].entries()) turns.push(who, `${who} ${i}`);
  assertEquals(turns.take(64), ["ann 0", "ann 1", "ann 2", "bob 3", "ann 4", "cem 5"]);
});

Deno.test("P5 bounded: what is taken at once weighs no more than asked for, and is at least one", () => {
  const turns = new Turns<number>();
  for (const [i, weight] of [3, 3, 3, 9, 1].entries()) turns.push(i % 2 ? "ann" : "bob", weight);
  const take = () => turns.take(10, { weigh: (one) => one, weight: 6 });
  assertEquals([take(), take(), take(), take()], [[3, 3], [3], [9], [1]]);
});
