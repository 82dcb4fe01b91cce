/** The client library's pure parts that decide when to connect and when to send, as properties. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ChatError } from "../protos/errors.ts";
import {
  beginning,
  type Connection,
  type Happening,
  holdsAfterMs,
  next as nextConnection,
} from "../sdk/connection.ts";
import { fullPace, take } from "../sdk/pace.ts";
import { due, next as nextWindow, openWindow, room, type Window } from "../sdk/window.ts";

const dice = fc.double({ min: 0, max: 0.999, noNaN: true });
const backoff = { firstMs: 100, mostMs: 3_000 };
const lost = new ChatError("UNAVAILABLE", "lost");
const refused = new ChatError("NAME_TAKEN", "taken");

/** What happens to a connection, at times that only grow. `aim` is the wire it is about, seen from the state's. */
const happenings = fc.array(
  fc.record({
    is: fc.constantFrom("opened" as const, "ended" as const, "due" as const),
    aim: fc.constantFrom(0, 0, 0, -1, 1),
    comeBack: fc.constantFrom(true, true, true, true, false),
    delayMs: fc.constantFrom(0, 0, 700),
    gap: fc.constantFrom(0, 10, 500, holdsAfterMs, 10_000),
    dice,
  }),
  { maxLength: 40, size: "max" },
);

Deno.test("sdk: a connection waits as long as it was asked to and no longer than it may, and what is over stays over", () => {
  fc.assert(
    fc.property(happenings, (steps) => {
      let state: Connection = beginning;
      let now = 0;
      for (const { is, aim, comeBack, delayMs, gap, dice } of steps) {
        now += gap;
        const before = state;
        const turn = (before.is === "closed" ? 1 : before.turn) + aim;
        const why = comeBack ? lost : refused;
        const event: Happening = is === "ended"
          ? { is, turn, why, comeBack, delayMs, now, dice }
          : { is, turn, now };
        state = nextConnection(before, event, backoff);
        if (before.is === "closed") assertEquals(state, before);
        if (aim !== 0 && is !== "due") assertEquals(state, before, "a wire that is not held changes nothing");
        if (state.is === "closed") {
          assertEquals(before.is === "closed" ? before.why : refused, state.why);
          continue;
        }
        assert(before.is !== "closed" && state.turn >= before.turn);
        if (state.is === "waiting" && before.is !== "waiting") {
          assert(state.until >= now + delayMs && state.until <= now + Math.max(delayMs, backoff.mostMs));
          const held = before.is === "live" && now - before.since >= holdsAfterMs;
          assertEquals(state.tries, held ? 1 : before.tries + 1);
        }
        if (before.is === "waiting" && state.is === "connecting") {
          assert(now >= before.until);
          assertEquals(state.turn, before.turn + 1);
        }
      }
      assertEquals(nextConnection(state, { is: "close" }, backoff).is, "closed");
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("sdk: waits are full jitter, from nothing to a limit that doubles", () => {
  for (const dice of [0, 0.5, 0.999]) {
    let state: Connection = beginning;
    for (let tries = 0; tries < 12; tries++) {
      const turn = state.is === "closed" ? 0 : state.turn;
      state = nextConnection(
        state,
        { is: "ended", turn, why: lost, comeBack: true, delayMs: 0, now: 0, dice },
        backoff,
      );
      assert(state.is === "waiting");
      assertEquals(state.until, dice * Math.min(backoff.mostMs, backoff.firstMs * 2 ** tries));
      state = nextConnection(state, { is: "due", now: state.until }, backoff);
    }
  }
});

/** What a server and a network do to a window of commands; each is played on what is on the wire then. */
const plays = fc.array(
  fc.record({
    what: fc.constantFrom("store", "store", "store", "answer", "answer", "answer", "refuse", "lose", "wait"),
    dice,
  }),
  { maxLength: 300, size: "max" },
);

/**
 * A server that takes commands in the order of the wire, stores each once, and answers when it likes. After a refusal
 * it takes nothing of the sender until it sees the refused one again, as ours does.
 */
class ModelServer {
  readonly stored: number[] = [];
  readonly #wire: { key: number; id: number }[] = [];
  readonly #answers: number[] = [];
  #gate: number | undefined;

  get isBusy(): boolean {
    return this.#wire.length + this.#answers.length > 0;
  }

  send(key: number, id: number): void {
    this.#wire.push({ key, id });
  }

  /** Takes the next one off the wire; gives its id if it is refused. */
  take({ refuse }: { refuse: boolean }): number | undefined {
    const command = this.#wire.shift();
    if (!command) return undefined;
    const { key, id } = command;
    if (this.#gate === key) this.#gate = undefined;
    const known = this.stored.includes(key);
    if (!known && (refuse || this.#gate !== undefined)) {
      this.#gate ??= key;
      return id;
    }
    if (!known) this.stored.push(key);
    this.#answers.push(id);
    return undefined;
  }

  answer(dice: number): number | undefined {
    return this.#answers.splice(Math.floor(dice * this.#answers.length), 1)[0];
  }

  lose(): void {
    this.#wire.length = this.#answers.length = 0;
    this.#gate = undefined;
  }
}

Deno.test("P2 ordered: sdk: pipelined commands are stored in the order they were given, each once, whatever is refused or lost", () => {
  fc.assert(
    fc.property(plays, fc.integer({ min: 1, max: 20 }), (plays, most) => {
      const server = new ModelServer();
      let window: Window = openWindow(most);
      let [now, lastKey, lastId] = [0, 0, 0];
      const answered = new Set<number>();
      const keyOf = (id: number) => window.entries.find((entry) => entry.id === id)?.key ?? -1;
      const settle = (id: number | undefined) => {
        if (id === undefined) return;
        assert(!answered.has(keyOf(id)) && keyOf(id) > 0, "answered once");
        answered.add(keyOf(id));
        window = nextWindow(window, { is: "answered", id });
      };
      const flush = () => {
        while (lastKey < 60 && room(window, now) > 0) {
          window = nextWindow(window, { is: "admit", key: ++lastKey });
        }
        for (const key of due(window, now)) {
          assert(window.entries.every((entry) => entry.key < key || entry.id === 0), "nothing is overtaken");
          window = nextWindow(window, { is: "sent", key, id: ++lastId });
          server.send(key, lastId);
        }
        assert(
          window.entries.filter(({ id }) => id !== 0).length <= most,
        );
      };
      const play = (what: string, dice: number) => {
        if (what === "wait") now += 1_000;
        if (what === "answer") settle(server.answer(dice));
        if (what === "store" || what === "refuse") {
          const id = server.take({ refuse: what === "refuse" });
          if (id !== undefined) window = nextWindow(window, { is: "refused", id, now, dice });
        }
        if (what === "lose") {
          server.lose();
          window = nextWindow(window, { is: "lost" });
        }
        flush();
      };
      flush();
      for (const { what, dice } of plays) play(what, dice);
      while (answered.size < 60) {
        for (const what of ["store", "answer", "wait"]) play(what, 0);
        assert(now < 10_000_000, "it comes to an end");
      }
      assertEquals(server.stored, Array.from({ length: 60 }, (_, i) => i + 1));
      assertEquals([window.entries.length, server.isBusy], [0, false]);
    }),
    { numRuns: 500 },
  );
});

Deno.test("P5 bounded: sdk: in no span of time does a client give more commands than the server allows", () => {
  const rate = { perSecond: 100, burst: 400 };
  fc.assert(
    fc.property(fc.array(fc.nat(8), { maxLength: 1_500, size: "max" }), (gaps) => {
      let pace = fullPace(rate, 0);
      let now = 0;
      const taken: number[] = [];
      for (const gap of gaps) {
        now += gap;
        const tried = take(pace, rate, now);
        pace = tried.pace;
        if (tried.waitMs === 0) taken.push(now);
        else assert(take(pace, rate, now + tried.waitMs).waitMs === 0, "after the wait there is one");
      }
      for (let i = 0; i < taken.length; i += 50) {
        const span = now - (taken[i] ?? 0);
        assert(taken.length - i <= rate.burst + span * rate.perSecond / 1_000 + 1);
      }
    }),
    { endOnFailure: true },
  );
});
