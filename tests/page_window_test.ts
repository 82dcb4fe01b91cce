/** The list that draws only what is seen: what is drawn, and how high the rest is taken to be. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { toSpeak } from "../islands/aloud.tsx";
import type { Line } from "../islands/conversation.ts";
import { guessSize } from "../islands/guess.ts";
import { messageOf } from "../islands/message.ts";
import { RowSizes } from "../islands/row_sizes.ts";
import { covers, merged, spanOf } from "../islands/window.ts";
import { ann, bob, event } from "./page_fixtures.ts";

function line(seq: number, more: Parameters<typeof event>[1] = {}): Line {
  const message = messageOf(event(seq, more));
  if (!message) throw new Error("no message");
  return message;
}

function lines(from: number, to: number): Line[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => line(from + index));
}

Deno.test("heights stay with their lines, whatever comes before or behind, or goes", () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ do: fc.constant("append" as const), count: fc.nat(400) }),
      fc.record({ do: fc.constant("prepend" as const), count: fc.nat(400) }),
      fc.record({ do: fc.constant("trim" as const), count: fc.nat(500) }),
      fc.record({ do: fc.constant("measure" as const), count: fc.nat(1_000) }),
    ),
    { minLength: 1, maxLength: 12 },
  );
  fc.assert(fc.property(steps, fc.nat(3), (script, looseCount) => {
    const sizes = new RowSizes(() => 40);
    const loose = ["c a", "c b", "c c"].slice(0, looseCount);
    const known = new Map<number, number>();
    let [from, to] = [5_000, 5_000];
    for (const step of script) {
      if (step.do === "append") to += step.count;
      else if (step.do === "prepend") from -= step.count;
      else if (step.do === "trim") from = Math.min(to, from + step.count);
      else if (to > from) {
        const at = step.count % (to - from);
        known.set(from + at, step.count + 20.25);
        sizes.set(at, step.count + 20.25);
      }
      for (const seq of [...known.keys()]) if (seq < from) known.delete(seq);
      sizes.align(lines(from, to), loose);
      const expected = [
        ...Array.from({ length: to - from }, (_, index) => known.get(from + index) ?? 40),
        ...loose.map(() => 60),
      ];
      assertEquals(sizes.count, expected.length);
      let top = 0;
      for (const [at, size] of expected.entries()) {
        if (at % 97 === 0) {
          assertEquals(sizes.top(at), top);
          assertEquals(sizes.find(top), at);
          assertEquals(sizes.find(top + size - 0.25), at);
        }
        top += size;
      }
      assertEquals(sizes.top(expected.length), top);
      assertEquals(sizes.find(top + 9), Math.max(0, expected.length - 1));
      assertEquals(sizes.find(-9), 0);
    }
  }));
});

Deno.test("heights of a history that has nothing in common with the one before are guessed anew", () => {
  const sizes = new RowSizes(() => 40);
  sizes.align(lines(1, 100), []);
  sizes.set(3, 500);
  sizes.align([], []);
  assertEquals([sizes.count, sizes.top(0)], [0, 0]);
  sizes.align(lines(500, 520), []);
  assertEquals(sizes.top(20), 800);
});

Deno.test("what is seen is drawn, and no more than is near it", () => {
  const heights = fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 300 });
  fc.assert(fc.property(heights, fc.integer({ min: -500, max: 50_000 }), (heights, top) => {
    const sizes = new RowSizes((one) => heights[one.seq - 1] ?? 0);
    sizes.align(lines(1, heights.length + 1), []);
    const span = spanOf(sizes, { top, height: 600, over: 200 });
    assert(covers([span], spanOf(sizes, { top, height: 600, over: 100 })));
    heights.forEach((height, index) => {
      const from = sizes.top(index);
      const isSeen = from < top + 799 && from + height > top - 199;
      const isNear = from < top + 801 && from + height > top - 201;
      const isDrawn = index >= span.from && index < span.to;
      assert(!isSeen || isDrawn, `row ${index} is seen or nearly so, and not drawn`);
      assert(!isDrawn || isNear || top > sizes.top(heights.length) - 1 || top < -700, `row ${index} is far`);
    });
  }));
});

Deno.test("what the focus and a selection hold on to is drawn beside it, each row once", () => {
  assertEquals(merged([{ from: 50, to: 60 }, { from: 3, to: 4 }, { from: 58, to: 70 }, { from: 9, to: 9 }]), [
    { from: 3, to: 4 },
    { from: 50, to: 70 },
  ]);
  assertEquals(merged([{ from: 0, to: 0 }]), []);
});

Deno.test("a guess is near what the browser will say: more words, more pixels, never without bound", () => {
  const high = (text: string, wide = 860) => guessSize(line(2, { text }), { before: line(1), wide });
  assert(high("short") < high("long ".repeat(60)));
  assert(high("long ".repeat(60), 300) > high("long ".repeat(60)));
  assertEquals(high("x".repeat(16_000)), high("line\n".repeat(500)));
  assert(high("x".repeat(16_000)) < 500);
});

Deno.test("read aloud is what others said since then; many at once are only counted", () => {
  const said = [line(1), line(2, { by: ann }), line(3, { text: "hello" })];
  assertEquals(toSpeak({ lines: said }, { after: 0, me: ann }), ["bob: text 1", "bob: hello"]);
  assertEquals(toSpeak({ lines: said }, { after: 1, me: ann }), ["bob: hello"]);
  assertEquals(toSpeak({ lines: said }, { after: 3, me: bob }), []);
  assertEquals(toSpeak({ lines: lines(1, 50) }, { after: 9, me: ann }), ["40 new messages"]);
});
