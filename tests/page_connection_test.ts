/** How the page holds its line: states, waits, words. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import {
  connect,
  type Connection,
  type Happening,
  longestWaitMs,
  next,
  socketOf,
} from "../islands/connection.ts";
import { type Stand, words } from "../islands/words.ts";
import { errors } from "../protos/errors.ts";

const happenings: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ is: fc.constant("opened" as const), now: fc.nat() }),
  fc.record({ is: fc.constant("link" as const), up: fc.boolean(), why: fc.constant("away") }),
  fc.record({
    is: fc.constant("refused" as const),
    retry: fc.boolean(),
    why: fc.constant("refused"),
    now: fc.nat(),
    dice: fc.double({ min: 0, max: 0.999, noNaN: true }),
  }),
  fc.record({
    is: fc.constant("parting" as const),
    code: fc.constantFrom("SHUTTING_DOWN", "FLOOD", "UNAUTHENTICATED"),
    retry: fc.boolean(),
    why: fc.constant("parting"),
    delayMs: fc.nat(20_000),
    now: fc.nat(),
  }),
  fc.record({
    is: fc.constant("closed" as const),
    code: fc.integer({ min: 0, max: 4999 }),
    why: fc.constant("closed"),
    now: fc.nat(),
    dice: fc.double({ min: 0, max: 0.999, noNaN: true }),
  }),
  fc.record({ is: fc.constant("disowned" as const), why: fc.constant("unknown") }),
  fc.record({ is: fc.constant("due" as const), now: fc.nat() }),
  fc.record({
    is: fc.constant("nudge" as const),
    by: fc.constantFrom("person" as const, "browser" as const),
    now: fc.nat(),
  }),
);

const here: Stand = { standing: { is: "here" }, missing: 0, online: true, lasts: true };

Deno.test("P7 honest: whatever happens, the connection has words, one socket at most, and a bounded wait", () => {
  fc.assert(fc.property(fc.array(happenings), (events) => {
    let state: Connection = connect(0);
    for (const event of events) {
      const before: Connection = state;
      state = next(state, event);
      assert(words(state, here).text !== "");
      if (before.is === "rejected") assertEquals(state, before);
      if (socketOf(state) !== 0) assert(socketOf(state) >= socketOf(before));
      if (state.is === "waiting" && state !== before && event.is === "closed") {
        assert(state.until - event.now >= 0 && state.until - event.now < longestWaitMs);
      }
    }
    assertEquals(next(state, { is: "leave" }).is, state.is === "rejected" ? "rejected" : "left");
  }));
});

const live = next(connect(0), { is: "opened", now: 0 });
const closed = (code: number, now = 10_000): Happening => ({
  is: "closed",
  code,
  why: "lost",
  now,
  dice: 0.5,
});

Deno.test("connection: close codes 4500 to 4999 end it, all others come back", () => {
  for (const code of [0, 1000, 1001, 1005, 1006, 4000, 4499]) {
    assertEquals(next(live, closed(code)).is, "waiting");
  }
  for (const code of [4500, 4507, 4515, 4999]) assertEquals(next(live, closed(code)).is, "ended");
});

Deno.test("connection: waits grow while nothing holds, and begin anew after a connection that held", () => {
  let state: Connection = connect(0);
  const waits: number[] = [];
  for (let turn = 0; turn < 8; turn++) {
    state = next(state, closed(1006, 0));
    if (state.is === "waiting") waits.push(state.until);
    state = next(state, { is: "due", now: 20_000 });
  }
  assertEquals(waits, [500, 1000, 2000, 4000, 5000, 5000, 5000, 5000]);
  state = next(next(state, { is: "opened", now: 0 }), closed(1006, 60_000));
  assertEquals(state.is === "waiting" && state.until - 60_000, 500);
});

Deno.test("connection: a server that parts is come back to after its delay, or not at all", () => {
  const parting = {
    is: "parting",
    code: "SHUTTING_DOWN",
    retry: true,
    why: "restarts",
    delayMs: 1200,
    now: 100,
  } as const;
  const waiting = next(live, parting);
  assertEquals(waiting.is === "waiting" && waiting.until, 1300);
  assertEquals(next(waiting, { is: "due", now: 1299 }), waiting);
  assertEquals(next(waiting, { is: "due", now: 1300 }).is, "connecting");
  assertEquals(next(waiting, { is: "nudge", by: "browser", now: 200 }).is, "connecting");
  const ended = next(live, { ...parting, retry: false });
  assertEquals(ended.is, "ended");
  assertEquals(next(ended, { is: "nudge", by: "browser", now: 200 }), ended);
  assertEquals(next(ended, { is: "nudge", by: "person", now: 200 }).is, "connecting");
});

Deno.test("connection: while the gateway is cut off the socket stays, and so does what was known before", () => {
  const down = { is: "link", up: false, why: "The chat server is away." } as const;
  const away = next(live, down);
  assertEquals(socketOf(away), socketOf(live));
  assertEquals(next(away, { ...down, up: true }), live);
  assertStringIncludes(words(away, here).text, "The chat server is away.");
  const early = next(next(connect(0), down), { is: "opened", now: 5 });
  assertEquals(early.is, "away");
  assertEquals(next(early, { ...down, up: true }).is, "live");
});

Deno.test("P6 closed: whoever the server does not take for who they say is led back to the door, from any state", () => {
  const refused = { is: "refused", why: "no", now: 0, dice: 0 } as const;
  assertEquals(next(connect(0), { ...refused, retry: false }), { is: "rejected", why: "no" });
  assertEquals(next(connect(0), { ...refused, retry: true }).is, "waiting");
  const waiting = next(live, closed(1006));
  for (const state of [connect(0), live, waiting]) {
    assertEquals(next(state, { is: "disowned", why: "expired" }), { is: "rejected", why: "expired" });
  }
  for (const code of ["UNAUTHENTICATED", "NAME_TAKEN"] as const) {
    const parting = { is: "parting", code, retry: false, why: "no", delayMs: 0, now: 0 } as const;
    assertEquals(next(live, parting).is, "rejected");
    assertEquals(next(live, closed(errors[code].close)).is, "rejected");
  }
});

Deno.test("P7 honest: the words tell joining, opening, catching up, connected, away, offline and ended apart", () => {
  const lost = next(live, closed(1006));
  const texts = [
    words(connect(0), here),
    words(next(lost, { is: "due", now: 99_999 }), here),
    words(live, { ...here, standing: { is: "joining" } }),
    words(live, { ...here, missing: 3 }),
    words(live, here),
    words(lost, here),
    words(lost, { ...here, online: false }),
    words(lost, { ...here, lasts: false }),
    words(next(live, closed(4500)), here),
  ].map(({ text }) => text);
  assertEquals(new Set(texts).size, texts.length);
  assertEquals(words(live, here), { tone: "quiet", text: "Connected", until: 0 });
});
