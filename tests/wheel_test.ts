/** Timers on a wheel: each is due once, about when it was wanted, and costs no timer of its own. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { later } from "../runtime/wheel.ts";
import { FakeClock } from "./fake_clock.ts";

Deno.test("what is due later happens once, within a quarter of a second of when it was wanted, unless it is cancelled", () => {
  const wanted = fc.array(
    fc.record({ at: fc.nat(3_000), ms: fc.integer({ min: 1, max: 20_000 }), cancelAt: fc.nat(30_000) }),
    { maxLength: 50 },
  );
  fc.assert(fc.property(wanted, (wanted) => {
    using clock = new FakeClock();
    const happened = wanted.map((): number[] => []);
    for (const [i, { at, ms, cancelAt }] of wanted.entries()) {
      setTimeout(() => {
        const due = later(ms, () => happened[i]?.push(clock.now()));
        setTimeout(() => due.cancel(), cancelAt);
      }, at);
    }
    clock.pass(60_000);
    for (const [i, { at, ms, cancelAt }] of wanted.entries()) {
      const [when = Infinity, ...more] = happened[i] ?? [];
      assertEquals(more, []);
      if (when === Infinity) assert(cancelAt < ms + 250, `${ms} ms never came, cancelled after ${cancelAt}`);
      else assert(Math.abs(when - at - ms) <= 250 && when <= at + cancelAt, `${ms} ms took ${when - at}`);
    }
  }));
});

Deno.test("one that is cancelled by another in the same moment does not happen", async () => {
  const happened: string[] = [];
  const dues = [later(20, () => act("first")), later(20, () => act("second"))];
  const act = (name: string) => {
    happened.push(name);
    for (const due of dues) due.cancel();
  };
  await new Promise((resolve) => setTimeout(resolve, 100));
  assertEquals(happened, ["first"]);
});
