/** One name that two nodes give away before they have heard of each other: exactly one of the two guests keeps it. */
import { assertEquals } from "@std/assert";
import { HeldNames } from "../chat/held_names.ts";
import type { Signal, Signals } from "../chat/signals.ts";
import { ChatError } from "../protos/errors.ts";
import { between, dice } from "./chaos/dice.ts";

/** Signals of two nodes that are heard by the other one when `deliver` says so, each node's in order. */
class LateSignals implements Signals {
  readonly #listeners = new Set<(signal: Signal) => void>();
  readonly underWay: Signal[] = [];
  other?: LateSignals;

  publish(signal: Signal): void {
    for (const listener of this.#listeners) listener(signal);
    this.other?.underWay.push(signal);
  }

  listen(listener: (signal: Signal) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Lets this node hear the next signal of the other one; false if there is none. */
  deliver(): boolean {
    const signal = this.underWay.shift();
    if (signal) { for (const listener of this.#listeners) listener(signal); }
    return signal !== undefined;
  }
}

/** A guest at their own node: what they were told of their name. */
function guest(id: string, held: HeldNames) {
  const told: string[] = [];
  const come = (to: HeldNames = held) => {
    try {
      const { revoke } = to.claim({ id, name: "Ann" });
      if (to === held) revoke.add((why) => told.push(why.code));
      return "in";
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      return error.code;
    }
  };
  return { id, told, come };
}

Deno.test("of two guests with one name on two nodes the earlier keeps it, whenever the nodes hear of each other", () => {
  for (let seed = 0; seed < 2_000; seed++) {
    const random = dice(seed);
    let time = 1_000;
    const signals = [new LateSignals(), new LateSignals()];
    [signals[0].other, signals[1].other] = [signals[1], signals[0]];
    const nodes = signals.map((each) => new HeldNames({ now: () => time, signals: each }));
    const guests = [guest("a", nodes[0]), guest("b", nodes[1])];
    // Both come before either node has heard of the other's; sometimes in the same millisecond.
    const first = between(random, [0, 1]);
    const later = between(random, [0, 1]);
    assertEquals(guests[first].come(), "in");
    time += later;
    assertEquals(guests[1 - first].come(), "in");
    const earlier = later ? first : 0;
    const [keeps, loses] = [guests[earlier], guests[1 - earlier]];
    for (let step = 0; step < 12; step++) {
      time++;
      const does = between(random, [0, 3]);
      if (does < 2) signals[does].deliver();
      if (does === 2) assertEquals(keeps.come(), "in", `seed ${seed}: it is theirs`);
      if (does === 3) loses.come();
    }
    while (signals.some((each) => each.deliver()));
    const everywhere = nodes.flatMap((node) => [keeps.come(node), loses.come(node)]);
    assertEquals(everywhere, ["in", "NAME_TAKEN", "in", "NAME_TAKEN"], `seed ${seed}`);
    assertEquals([keeps.told, new Set(loses.told)], [[], new Set(["NAME_TAKEN"])], `seed ${seed}`);
  }
});
