/** What names, texts, ids, rooms, topics and emoji may be; when two names are the same; whom a text mentions. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { findMentions } from "../chat/mentions.ts";
import { canonicalName, lookAlikeKeys } from "../chat/names.ts";
import { parseClientId, parseEmoji, parseName, parseRoom, parseText, parseTopic } from "../chat/rules.ts";
import { ChatError } from "../protos/errors.ts";
import { byteLength } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";

function refusal(act: () => unknown): ChatError {
  const thrown = assertThrows(act);
  assertInstanceOf(thrown, ChatError);
  assertEquals(thrown.code, "INVALID_ARGUMENT");
  assert(thrown.message.startsWith("Cannot ") && thrown.message.endsWith("."), thrown.message);
  assert(thrown.message.length < 300, "an error does not repeat what is huge");
  assert(!/[\p{Cc}\u202E\u2067]/u.test(thrown.message), "an error cannot disturb a terminal");
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
    refusal(() => parseName(name));
  });
}

Deno.test("a name is taken in any script, composed, without spaces around it", () => {
  assertEquals(parseName(" Ann "), "Ann");
  assertEquals(parseName("Zoe\u0308"), "Zo\u00EB");
  assertEquals(parseName("名無し 🌸"), "名無し 🌸");
  assertEquals(parseName("a".repeat(limits.nameBytes)), "a".repeat(limits.nameBytes));
});

const sameNames: [string, string, string][] = [
  ["case", "Ann", "aNN"],
  ["case, in Greek", "ΝΙΚΟΣ", "νικοσ"],
  ["case, with a final sigma", "ΝΙΚΟΣ", "νικος"],
  ["case, in German", "Strauß", "STRAUSS"],
  ["case, of a capital ß", "Strauß", "STRAUẞ"],
  ["width", "ann", "ａｎｎ"],
  ["composition", "Zoë", "Zoe\u0308"],
  ["Cyrillic small letters", "paypal", "раураl"],
  ["Cyrillic capitals", "BOB", "ВОВ"],
  ["Greek capitals", "ANN", "ΑΝΝ"],
  ["letters of mathematics", "ann", "𝐚𝐧𝐧"],
  ["letters in circles", "ann", "ⓐⓝⓝ"],
  ["one, l, I and i", "Il1i", "lIi1"],
  ["zero and O", "bob", "b0b"],
  ["a dotless i", "admin", "adm\u0131n"],
  ["a dot above a dot", "ian", "İan"],
  ["r and n beside each other", "mom", "rnorn"],
  ["a variation selector", "ann", "ann\uFE0F"],
  ["a grapheme joiner", "ann", "an\u034Fn"],
  ["a supplementary selector", "ann", "ann\u{E0100}"],
  ["two spaces", "ann b", "ann  b"],
  ["a wide space", "ann b", "ann\u2003b"],
  ["an apostrophe", "d'arc", "d’arc"],
];

for (const [what, one, other] of sameNames) {
  Deno.test(`P6 closed: names are one that differ only in ${what}`, () => {
    const keys = lookAlikeKeys(one);
    assert(lookAlikeKeys(other).some((key) => keys.includes(key)), `${keys} and ${lookAlikeKeys(other)}`);
  });
}

Deno.test("P6 closed: names are two that the eye tells apart", () => {
  const names = [
    "ann",
    "anna",
    "ana",
    "bob",
    "rob",
    "Zoe",
    "Zoë",
    "名無し",
    "名無",
    "ann b",
    "annb",
    "ann-b",
    "νίκος",
    "юля",
  ];
  for (const [i, one] of names.entries()) {
    for (const other of names.slice(i + 1)) {
      const keys = lookAlikeKeys(one);
      assert(!lookAlikeKeys(other).some((key) => keys.includes(key)), `${one} and ${other}`);
    }
  }
});

Deno.test("P6 closed: every name has a key; case and spaces around it never change that", () => {
  const named = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((name) => {
    try {
      return parseName(name) !== "";
    } catch {
      return false;
    }
  });
  fc.assert(
    fc.property(named, (asked) => {
      const name = parseName(asked);
      const key = canonicalName(name);
      assert(key.trim() !== "");
      assertEquals(canonicalName(name.normalize("NFD")), key);
      assertEquals(canonicalName(` ${name} `), key);
      assertEquals(canonicalName(name.toLowerCase()), key);
      assertEquals(canonicalName(name.toUpperCase()), key);
      assert(lookAlikeKeys(name).includes(key));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("a text is refused that is empty, blank, over-long or no Unicode; the limit is said in bytes", () => {
  for (const text of ["", " ", "\n\t", "\u200B\u2060", "\u3164", "\uD800"]) refusal(() => parseText(text));
  const long = refusal(() => parseText("é".repeat(limits.textBytes / 2) + "a"));
  assertStringIncludes(long.message, "16,385 bytes");
  assertStringIncludes(long.message, "16,384");
});

Deno.test("a text is kept to the letter", () => {
  for (const text of ["hi", " padded ", "<b>&amp;", "a\0b", "e\u0308", "x".repeat(limits.textBytes)]) {
    assertEquals(parseText(text), text);
  }
});

Deno.test("an id is refused that is over-long or has characters that cannot be seen", () => {
  for (const id of ["x".repeat(limits.clientIdBytes + 1), "a\nb", "a\u200Bb", "\uD800"]) {
    refusal(() => parseClientId(id));
  }
  for (const id of ["", "x".repeat(limits.clientIdBytes), "a b", "é"]) assertEquals(parseClientId(id), id);
});

const badRooms = [
  "A",
  "Attic",
  "a b",
  "-a",
  "a-",
  "a--b",
  "a.-b",
  ".",
  "..",
  "a/b",
  "a\nb",
  "a\0",
  "\uD800",
  "a\u200Bb",
];
const invisibleRooms = ["\u3164", "a\u3164", "\u115F", "a\uFE0F", "a\u034F", "a\u17B4"];

for (const room of [...badRooms, ...invisibleRooms, "é".repeat(33), "x".repeat(65), "x".repeat(100_000)]) {
  Deno.test(`P6 closed: a room cannot be named ${JSON.stringify(room.slice(0, 12).toWellFormed())}`, () => {
    refusal(() => parseRoom(room));
  });
}

Deno.test("a room is named in any script that has no capitals, composed; no name is the lobby", () => {
  for (const room of ["a", "attic", "a-b_c.d", "2026", "кухня", "台所", "مطبخ", "हिन्दी", "x".repeat(64)]) {
    assertEquals(parseRoom(room), room);
  }
  assertEquals(parseRoom("cafe\u0301"), "café");
  assertEquals(parseRoom(""), "lobby");
});

Deno.test("a topic is composed, trimmed, may be empty; control and direction-changing characters are refused", () => {
  assertEquals(parseTopic("  Cafe\u0301: 10–12 "), "Café: 10–12");
  assertEquals(parseTopic(" "), "");
  assertEquals(parseTopic("x".repeat(limits.topicBytes)).length, limits.topicBytes);
  for (
    const bad of [
      "a\nb",
      "a\u202Eb",
      "a\u2067b",
      "a\x07",
      "\uD800",
      "x".repeat(251),
      "é".repeat(126),
      "x".repeat(1e5),
    ]
  ) {
    refusal(() => parseTopic(bad));
  }
});

Deno.test("a reaction is one emoji, whatever it is made of, and nothing else", () => {
  for (const emoji of ["👍", "👍🏽", "❤", "❤️", "👨‍👩‍👧‍👦", "1️⃣", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "☺", "👩🏽‍🤝‍👨🏿"]) {
    assertEquals(parseEmoji(emoji), emoji);
  }
  for (
    const bad of [
      "",
      "a",
      "1",
      "#",
      "👍👍",
      "👍 ",
      " ",
      "🇩",
      "\u200D",
      "👍a",
      ":)",
      "👍".repeat(1e5),
      "\uD83D",
    ]
  ) {
    refusal(() => parseEmoji(bad));
  }
});

const mentions: [string, string[]][] = [
  ["@ann", ["ann"]],
  ["hi @Ann, and @bob.", ["ann", "bob"]],
  ["(@ann) @ann's, @ann-", ["ann"]],
  ["@ANN @аnn @ａｎｎ", ["ann"]],
  ["@a.b @a_b @a-b", ["a.b", "a_b", "a-b"]],
  ['@"Ann B" and @"Ann  B"', ["ann b"]],
  ["@漢字", ["漢字"]],
  ["🌸@ann", ["ann"]],
  ["mail ann@example.org", []],
  ["@@ann, @, @-ann, @ ann", []],
  ['@"", @" ", @"unclosed', []],
  ['@"ann\nb"', []],
  [`@${"x".repeat(limits.nameBytes + 1)}`, []],
];

for (const [text, names] of mentions) {
  Deno.test(`a text mentions: ${JSON.stringify(text.slice(0, 30))}`, () => {
    assertEquals(findMentions(text), names);
  });
}

Deno.test("P5 bounded: at most 20 names are mentioned, and a text made to be slow is not", () => {
  const many = Array.from({ length: 50 }, (_, i) => `@n${i}`).join(" ");
  assertEquals(findMentions(many).length, limits.mentions);
  const start = performance.now();
  const most = limits.textBytes;
  for (
    const text of [
      "@a" + ".".repeat(most),
      "@a.".repeat(most / 3),
      '@"'.repeat(most / 2),
      "a@".repeat(most / 2),
    ]
  ) {
    findMentions(text);
  }
  assert(performance.now() - start < 1_000);
});

Deno.test("a name that is mentioned is its owner's key", () => {
  for (const name of ["Ann", "ЮЛЯ", "名無し", "Zoë", "İan"]) {
    assertEquals(findMentions(`hi @${name}!`), [canonicalName(name)]);
    assertEquals(findMentions(`hi @"${name}"!`), [canonicalName(name)]);
  }
  assertNotEquals(findMentions("@Ann"), findMentions("@Bob"));
});

Deno.test("P5 bounded: bytes are counted as UTF-8, not as characters", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    assertEquals(byteLength(text), new TextEncoder().encode(text).length);
  }));
});
