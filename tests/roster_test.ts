/** Who is in a room, and who writes: chat/roster.ts against a simple model, chat/rosters.ts on a clock of ours. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Roster, type RosterView } from "../chat/roster.ts";
import { Rosters } from "../chat/rosters.ts";
import type { RoomSignal } from "../chat/signals.ts";
import { LocalSignals } from "../log/local_signals.ts";
import { limits } from "../protos/limits.ts";
import { FakeClock } from "./fake_clock.ts";

type Step = { signal: RoomSignal } | { passMs: number } | { dead: string };

const name = fc.constantFrom("ann", "bob", "cid", "dan", "eve", "fay", "gus");
const holder = fc.record({ node: fc.constantFrom("n1", "n2"), id: fc.constantFrom("1", "2") });
const room = "lobby";

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom("present", "gone"), holder, name).map((
      [kind, holder, name],
    ) => ({ signal: { kind, room, holder, name } as const } as Step)),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom("typing", "stopped"), name).map((
      [kind, name],
    ) => ({ signal: { kind, room, name } as const } as Step)),
  },
  { weight: 1, arbitrary: fc.nat(4_000).map((passMs) => ({ passMs })) },
  { weight: 1, arbitrary: fc.constantFrom("n1", "n2").map((dead) => ({ dead })) },
);

/** The same, with no thought for speed. */
class Model {
  people: { name: string; node: string; id: string }[] = [];
  typing: { name: string; until: number }[] = [];

  take(signal: RoomSignal, now: number): void {
    const { name } = signal;
    if (signal.kind === "typing") {
      const known = this.typing.find((one) => one.name === name);
      if (known) known.until = now + limits.typingMs;
      else if (this.typing.length < limits.typingNames) {
        this.typing.push({ name, until: now + limits.typingMs });
      }
    } else if (signal.kind === "stopped") this.typing = this.typing.filter((one) => one.name !== name);
    else {
      const { node, id } = signal.holder;
      const others = this.people.filter((one) => one.name !== name || one.node !== node || one.id !== id);
      const left = signal.kind === "gone" && others.length < this.people.length;
      this.people = signal.kind === "present" ? [...others, { name, node, id }] : others;
      if (left) this.#forget(name);
    }
  }

  kill(node: string): void {
    const gone = this.people.filter((one) => one.node === node);
    this.people = this.people.filter((one) => one.node !== node);
    for (const { name } of gone) this.#forget(name);
  }

  view(now: number): RosterView {
    this.typing = this.typing.filter(({ until }) => until > now);
    const names = [...new Set(this.people.map(({ name }) => name))].sort();
    return { room, count: names.length, names, typing: this.typing.map(({ name }) => name) };
  }

  #forget(name: string): void {
    if (!this.people.some((one) => one.name === name)) {
      this.typing = this.typing.filter((one) => one.name !== name);
    }
  }
}

Deno.test("a roster is what the signals made it, and says when that changes what is told", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const roster = new Roster(room);
      const model = new Model();
      let now = 0;
      for (const one of steps) {
        const before = roster.view();
        let changed;
        if ("signal" in one) {
          changed = roster.take(one.signal, now);
          model.take(one.signal, now);
        } else if ("dead" in one) {
          changed = roster.keep((node) => node !== one.dead);
          model.kill(one.dead);
        } else {
          now += one.passMs;
          changed = roster.expire(now);
        }
        assertEquals(roster.view(), model.view(now));
        assertEquals(changed, JSON.stringify(before) !== JSON.stringify(roster.view()));
        assertEquals(roster.empty, roster.count === 0 && roster.view().typing.length === 0);
        const next = Math.min(...model.typing.map(({ until }) => until));
        assertEquals(roster.nextExpiry, Number.isFinite(next) ? next : undefined);
      }
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("P5 bounded: a large room tells a count and no names, which are had in pages, each once, in order", () => {
  const roster = new Roster(room);
  const join = (i: number) =>
    roster.take({ kind: "present", room, holder: { node: "n", id: `${i}` }, name: `p${i}` }, 0);
  for (let i = 0; i < limits.rosterNames; i++) join(i);
  assertEquals(roster.view().names.length, limits.rosterNames);
  for (let i = limits.rosterNames; i < 1_234; i++) join(i);
  assertEquals(roster.view(), { room, count: 1_234, names: [], typing: [] });
  const all: string[] = [];
  for (let page = roster.names("", 100); page.length > 0; page = roster.names(all.at(-1) ?? "", 100)) {
    all.push(...page);
  }
  assertEquals(all, Array.from({ length: 1_234 }, (_, i) => `p${i}`).sort());
  assertEquals(roster.names("p5", 3), ["p50", "p500", "p501"]);
  assertEquals(roster.names("zzz", 3), []);
  for (let i = 0; i < 100; i++) roster.take({ kind: "typing", room, name: `p${i}` }, 0);
  assertEquals(roster.view().typing.length, limits.typingNames);
});

/** Rosters of one node on a clock of ours, and one who watches the room. */
function watched() {
  const clock = new FakeClock();
  const signals = new LocalSignals();
  const rosters = new Rosters(signals, { now: clock.now });
  const told: (RosterView & { at: number })[] = [];
  const unwatch = rosters.watch(room, (view) => told.push({ ...view, at: clock.now() }));
  const holder = rosters.newHolder();
  return {
    clock,
    signals,
    rosters,
    told,
    unwatch,
    here: (name: string) => rosters.publish({ kind: "present", room, holder, name }),
    gone: (name: string) => rosters.publish({ kind: "gone", room, holder, name }),
    typing: (name: string) => rosters.publish({ kind: "typing", room, name }),
    [Symbol.dispose]: () => {
      rosters.close();
      clock[Symbol.dispose]();
    },
  };
}

Deno.test("P5 bounded: many changes are told as one newest state, at most every half second", () => {
  using node = watched();
  const { clock, told, here, gone } = node;
  assertEquals(told, [], "nobody is there");
  here("ann");
  clock.pass(0);
  assertEquals(told.map(({ names }) => names), [["ann"]], "the first one is told at once");
  for (let i = 0; i < 40; i++) {
    here(`p${i}`);
    gone(`p${i}`);
    clock.pass(10);
  }
  here("bob");
  clock.pass(1_000);
  assertEquals(told.map(({ names, at }) => [names, at]), [[["ann"], 0], [["ann", "bob"], limits.rosterMs]]);
});

Deno.test("P5 bounded: a large room is told every five seconds", () => {
  using node = watched();
  const { clock, told, here } = node;
  for (let i = 0; i < 60; i++) here(`p${i}`);
  clock.pass(limits.rosterMs);
  const before = told.length;
  for (let i = 60; i < 160; i++) {
    here(`p${i}`);
    clock.pass(100);
  }
  assert(told.length - before <= 3, `${told.length - before} times in ten seconds`);
  clock.pass(limits.rosterLargeMs);
  assertEquals([told.at(-1)?.count, told.at(-1)?.names], [160, []]);
});

Deno.test("who writes is shown for 6 s after the last sign, or until they stop or leave", () => {
  using node = watched();
  const { clock, told, rosters, here, gone, typing } = node;
  const shown = () => told.at(-1)?.typing;
  typing("ann");
  clock.pass(3_000);
  typing("ann");
  clock.pass(limits.typingMs - 500);
  assertEquals(shown(), ["ann"]);
  clock.pass(1_000);
  assertEquals(shown(), []);
  typing("ann");
  clock.pass(600);
  rosters.publish({ kind: "stopped", room, name: "ann" });
  clock.pass(600);
  assertEquals(shown(), []);
  here("bob");
  typing("bob");
  clock.pass(600);
  assertEquals(shown(), ["bob"]);
  gone("bob");
  clock.pass(600);
  assertEquals(shown(), []);
});

Deno.test("who watches is told what there is at once, and nothing any more after they left; nothing is left behind", () => {
  using node = watched();
  const { clock, rosters, told, here, gone, unwatch } = node;
  here("ann");
  const late: RosterView[] = [];
  const leave = rosters.watch(room, (view) => late.push(view));
  assertEquals(late.map(({ names }) => names), [["ann"]]);
  leave();
  unwatch();
  here("bob");
  clock.pass(5_000);
  assertEquals([late.length, told.length], [1, 0]);
  assertEquals(rosters.names(room, { after: "", count: 10 }), { names: ["ann", "bob"], count: 2 });
  gone("ann");
  gone("bob");
  clock.pass(5_000);
  assertEquals([clock.waiting, rosters.names(room, { after: "", count: 10 }).count], [0, 0]);
});

Deno.test("a node that falls silent takes its people with it within 30 s everywhere; one that lives keeps them", () => {
  for (const phase of [0, 1_000, 4_999, 9_000]) {
    using node = watched();
    const { clock, signals, rosters, told, here } = node;
    here("ann");
    clock.pass(phase);
    const other = new Rosters(signals, { now: clock.now });
    const holder = other.newHolder();
    other.publish({ kind: "present", room, holder, name: "bob" });
    clock.pass(120_000);
    assertEquals(told.at(-1)?.names, ["ann", "bob"]);
    other.close();
    clock.pass(15_000);
    assertEquals(told.at(-1)?.names, ["ann", "bob"], "one beat may be late");
    clock.pass(15_000);
    assertEquals(told.at(-1)?.names, ["ann"]);
    assertEquals(rosters.names(room, { after: "", count: 10 }), { names: ["ann"], count: 1 });
  }
});

Deno.test("somebody who is there through two nodes stays until both are gone", () => {
  using node = watched();
  const { clock, signals, told, here, gone } = node;
  signals.publish({ kind: "present", room, holder: { node: "other", id: "1" }, name: "ann" });
  here("ann");
  clock.pass(30_000);
  assertEquals(
    [told.at(-1)?.count, told.at(-1)?.names],
    [1, ["ann"]],
    "the other node never said that it lives",
  );
  gone("ann");
  clock.pass(1_000);
  assertEquals(told.at(-1)?.count, 0);
});
