import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { decide, evolve, type Room, type SendCommand } from "../chat/decide.ts";
import { parseClientId, parseName, parseRoom, parseText } from "../chat/rules.ts";
import { ChatError } from "../protos/errors.ts";
import { byteLength, type RoomEvent } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";

const empty: Room = { head: 0, timestamp: "", find: () => undefined };
const noon = Date.parse("2026-01-31T12:00:00Z");

function refusal(act: () => unknown): ChatError {
  const thrown = assertThrows(act);
  assertInstanceOf(thrown, ChatError);
  assert(thrown.message.startsWith("Cannot "), thrown.message);
  return thrown;
}

const badNames: [string, string][] = [
  ["empty", ""],
  ["blank", "   "],
  ["only a zero-width space", "\u200B"],
  ["only a Hangul filler", "\u3164"],
  ["only a Braille blank", "\u2800"],
  ["a line break", "ann\nbob"],
  ["a NUL", "ann\0"],
  ["a terminal escape", "\x1b[31mann"],
  ["a bidi override", "ann\u202Egnp"],
  ["a bidi isolate", "\u2067ann"],
  ["a zero-width joiner", "an\u200Dn"],
  ["a private character", "ann\uE000"],
  ["half a surrogate pair", "ann\uD800"],
  ["one byte too many", "a".repeat(limits.nameBytes + 1)],
  ["too many bytes, few characters", "漢".repeat(limits.nameBytes / 2)],
  ["huge", "a".repeat(100_000)],
];

for (const [what, name] of badNames) {
  Deno.test(`P6 closed: a name is refused that is or has ${what}`, () => {
    const error = refusal(() => parseName(name));
    assertEquals(error.code, "INVALID_ARGUMENT");
    assert(error.message.length < 300, "an error does not repeat what is huge");
    assert(!/[\p{Cc}\u202E\u2067]/u.test(error.message), "an error cannot disturb a terminal");
  });
}

Deno.test("a name is taken in any script, composed, without spaces around it", () => {
  assertEquals(parseName(" Ann "), "Ann");
  assertEquals(parseName("Zoe\u0308"), "Zo\u00EB");
  assertEquals(parseName("名無し 🌸"), "名無し 🌸");
  assertEquals(parseName("a".repeat(limits.nameBytes)), "a".repeat(limits.nameBytes));
});

Deno.test("a text is refused that is empty, blank, over-long or no Unicode; the limit is said in bytes", () => {
  for (const text of ["", " ", "\n\t", "\u200B\u2060", "\u3164", "\uD800"]) {
    assertEquals(refusal(() => parseText(text)).code, "INVALID_ARGUMENT");
  }
  const long = refusal(() => parseText("é".repeat(limits.textBytes / 2) + "a"));
  assertStringIncludes(long.message, "16,385 bytes");
  assertStringIncludes(long.message, "16,384");
});

Deno.test("a text is kept to the letter", () => {
  for (const text of ["hi", " padded ", "<b>&amp;", "a\0b", "e\u0308", "x".repeat(limits.textBytes)]) {
    assertEquals(parseText(text), text);
  }
});

Deno.test("an id is refused that is over-long or has control characters; a room that is not there is named", () => {
  assertEquals(refusal(() => parseClientId("x".repeat(limits.clientIdBytes + 1))).code, "INVALID_ARGUMENT");
  assertEquals(refusal(() => parseClientId("a\nb")).code, "INVALID_ARGUMENT");
  assertEquals(parseClientId(""), "");
  assertEquals(parseRoom(""), "lobby");
  const missing = refusal(() => parseRoom("attic"));
  assertEquals(missing.code, "NOT_FOUND");
  assertStringIncludes(missing.message, `"attic"`);
});

const command = fc.record({
  kind: fc.constant("send" as const),
  sender: fc.constantFrom("ann", "bob"),
  clientId: fc.constantFrom("", "1", "2", "3", "x".repeat(limits.clientIdBytes + 1)),
  text: fc.constantFrom("one", "two", "", "three"),
});

/** Plays commands on a room whose events are stored only now and then, as in a batch. */
function play(commands: SendCommand[], clock: (step: number) => number) {
  const events: RoomEvent[] = [];
  let room: Room = empty;
  const decisions = commands.map((one, step) => {
    const decision = decide(room, one, clock(step));
    if (decision.kind === "accept") {
      events.push(decision.event);
      room = evolve(room, decision.event);
    }
    return decision;
  });
  return { events, decisions };
}

Deno.test("P2 ordered: seqs are dense and a room's time never runs backwards, whatever the clock does", () => {
  fc.assert(
    fc.property(fc.array(command), fc.array(fc.integer({ min: 0, max: 10_000 })), (commands, ticks) => {
      const { events } = play(commands, (step) => noon + (ticks[step] ?? 0) * 1000);
      assertEquals(events.map(({ seq }) => seq), events.map((_, i) => i + 1));
      const times = events.map(({ timestamp }) => timestamp);
      assertEquals(times, [...times].sort());
    }),
  );
});

Deno.test("P4 once: a sender's id is accepted once, a repeat gets the first one's event, another text is refused", () => {
  fc.assert(fc.property(fc.array(command), (commands) => {
    const { events, decisions } = play(commands, () => noon);
    const keys = events.filter(({ clientId }) => clientId !== "").map(({ sender, clientId }) =>
      `${sender}/${clientId}`
    );
    assertEquals(new Set(keys).size, keys.length);
    for (const [i, { sender, clientId, text }] of commands.entries()) {
      const first = events.find((event) =>
        clientId !== "" && event.sender === sender && event.clientId === clientId
      );
      const decision = decisions[i];
      if (decision?.kind === "duplicate") {
        assertEquals(decision.event, first);
        assertEquals(first?.message.text, text);
      }
      if (decision?.kind === "refuse" && decision.error.code === "ALREADY_EXISTS") {
        assert(first?.message.text !== text);
      }
    }
  }));
});

Deno.test("decide accepts and refuses as the table says", () => {
  const say = (text: string, clientId = ""): SendCommand => ({ kind: "send", sender: "ann", clientId, text });
  const first: RoomEvent = {
    seq: 7,
    timestamp: "2026-01-31T12:00:05.000Z",
    sender: "ann",
    clientId: "id",
    message: { text: "hi" },
  };
  const room: Room = {
    head: 7,
    timestamp: first.timestamp,
    find: (s, id) => s === "ann" && id === "id" ? first : undefined,
  };
  assertEquals(decide(room, say("hi", "id"), noon), { kind: "duplicate", event: first });
  assertEquals(decide(room, say("new"), noon), {
    kind: "accept",
    event: { seq: 8, timestamp: first.timestamp, sender: "ann", clientId: "", message: { text: "new" } },
  });
  const reused = decide(room, say("other", "id"), noon);
  assert(reused.kind === "refuse" && reused.error.code === "ALREADY_EXISTS");
  const blank = decide(room, say(" "), noon);
  assert(blank.kind === "refuse" && blank.error.code === "INVALID_ARGUMENT");
});

Deno.test("P5 bounded: bytes are counted as UTF-8, not as characters", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    assertEquals(byteLength(text), new TextEncoder().encode(text).length);
  }));
});
