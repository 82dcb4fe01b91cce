/** What the page reads and writes: frames, texts, rows, the document. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { Page } from "../gateway/page.tsx";
import { dayName } from "../islands/clock.ts";
import { common, emojiIn } from "../islands/emoji.ts";
import { readFrames } from "../islands/frames.ts";
import { mentionOf, pieces } from "../islands/links.ts";
import { nameProblem } from "../islands/name.ts";
import { hueOf, initials } from "../islands/sender.ts";
import { isLong, legible, textProblem, textWarning } from "../islands/text.ts";
import { byteLength } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { bundle, root } from "./harness.ts";
import { epoch, room } from "./page_fixtures.ts";

Deno.test("frames: whatever comes over the socket, reading it does not throw", () => {
  fc.assert(fc.property(fc.oneof(fc.json(), fc.string(), fc.anything()), (data) => {
    assert(Array.isArray(readFrames(data)));
  }));
});

Deno.test("frames: fields at their default may be missing", () => {
  const read = (frame: unknown) => readFrames(JSON.stringify(frame))[0];
  const body = { room, epoch, head: 0, after: 0, recovered: false };
  assertEquals(read([{ id: 2, followed: { room, epoch } }]), { is: "followed", id: 2, body });
  assertEquals(read({ link: {} }), { is: "link", id: 0, body: { up: false, message: "" } });
  assertEquals(read({ heartbeat: {} }), { is: "heartbeat", id: 0, body: {} });
  assertEquals(read({ id: "7", sent: { seq: "42" } }), {
    is: "sent",
    id: 7,
    body: { seq: 42, epoch: "", timestamp: "", duplicate: false },
  });
  assertEquals(read({ batch: { epoch, first: 1, events: [{ seq: 1, sender: "ann" }, 7] } })?.is, "batch");
  assertEquals(readFrames('[{"later":{}},3,null]'), []);
  assertEquals(read({ id: 1, rooms: {} }), { is: "rooms", id: 1, body: [] });
  assertEquals(read({ roster: { room, typing: ["ann", 3] } })?.body, {
    room,
    count: 0,
    names: [],
    typing: ["ann", ""],
  });
});

Deno.test("P3 complete: an event that cannot be read keeps its place", () => {
  const events = [{ seq: 1, timestamp: "t", sender: "ann", message: { text: "x" } }, { seq: 2, pinned: {} }];
  const [frame] = readFrames(JSON.stringify({ batch: { room, epoch, first: 1, events } }));
  assert(frame?.is === "batch");
  assertEquals(frame.body.events[0], {
    seq: 1,
    timestamp: "t",
    sender: "ann",
    author: "",
    clientId: "",
    message: { text: "x" },
  });
  assertEquals(frame.body.events[1], { seq: 2, unknown: true });
});

// What people read

Deno.test("text: the pieces of a text are the text, and only web addresses can be followed", () => {
  const texts = fc.array(fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.webUrl(),
    fc.constantFrom(
      "http://",
      "https://a.b/(c)",
      "javascript:alert(1)",
      " ",
      ").",
      "<b>",
      "data:x",
      "HTTP://X",
    ),
  )).map((parts) => parts.join(""));
  fc.assert(fc.property(texts, (text) => {
    const found = pieces(text);
    assertEquals(found.map((piece) => piece.text).join(""), text);
    for (const { href } of found) if (href) assertMatch(href, /^https?:\/\//i);
  }));
  assertEquals(pieces("see (https://a.example/x_(y)), ok").map(({ href }) => href), [
    "",
    "https://a.example/x_(y)",
    "",
  ]);
});

Deno.test("text: the reader's own name is marked where it is called, and nowhere else", () => {
  const marked = (text: string, me: string) =>
    pieces(text, me).filter(({ mention }) => mention).map(({ text }) => text);
  assertEquals(marked("@ann, @Ann! @annabel x@ann https://a.example/@ann", "Ann"), ["@ann", "@Ann"]);
  for (const name of ["Ann", "Mara Lindqvist", "o'neill", "x.y-z", "名前"]) {
    assertEquals(marked(`hi ${mentionOf(name)}.`, name), [mentionOf(name)]);
  }
  assertEquals(mentionOf('a "b"'), "");
  assertEquals(marked("nobody calls", "Ann"), []);
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), fc.string(), (text, me) => {
    assertEquals(pieces(text, me).map((piece) => piece.text).join(""), text);
  }));
});

Deno.test("emoji: the first one of what was typed is taken, whole, and what is none is not", () => {
  for (const [emoji, name] of common) {
    assertEquals(emojiIn(emoji), emoji, name);
    assert(byteLength(emoji) <= limits.emojiBytes);
  }
  const family = "👨‍👩‍👧‍👦";
  assertEquals(emojiIn(`so ${family}🎉`), family);
  assertEquals([emojiIn("🇩🇪"), emojiIn("1️⃣"), emojiIn("👍🏽")], ["🇩🇪", "1️⃣", "👍🏽"]);
  assertEquals(["", "ok", "1", "#", ":)"].map(emojiIn), ["", "", "", "", ""]);
});

Deno.test("P5 bounded: no text that fits holds the page up while its addresses are looked for", () => {
  const most = limits.textBytes - 20;
  for (const hostile of [")", ".", "(", "http://", "\u200d", "https://a.b/)", "].", "@anna", "@ann"]) {
    const began = performance.now();
    pieces("https://a.example/" + hostile.repeat(most / hostile.length) + "x", "ann");
    assert(performance.now() - began < 200, hostile);
  }
});

Deno.test("text: limits are bytes, told before they hurt and refused here before they are sent", () => {
  assertEquals(textWarning("a".repeat(1000)), "");
  assertEquals(textWarning("é".repeat(8_192)), "0 bytes left");
  assertEquals(textWarning("é".repeat(8_192) + "a"), "1 byte too long");
  assertEquals(textProblem("a".repeat(limits.textBytes)), "");
  assertStringIncludes(textProblem("€".repeat(6_000)), "18,000 bytes");
  assertEquals(nameProblem("ann"), "");
  assertStringIncludes(nameProblem("  "), "empty");
  assertStringIncludes(nameProblem("名".repeat(22)), "66 bytes");
});

Deno.test("text: it is shown without what turns letters around, and with few of many empty lines", () => {
  assertEquals(legible("safe \u202Egpj.exe\u202C"), "safe gpj.exe\u202C");
  assertEquals(legible("a\n\n\nb"), "a\n\n\nb");
  assertEquals(legible(`a${"\n".repeat(500)}b`), "a\n\n\nb");
  assertEquals(legible(`a${"\n \t".repeat(500)}\n  b`), "a\n\n\n  b");
  const before = performance.now();
  for (
    const hostile of ["\n ".repeat(8_000), " \n".repeat(8_000), " ".repeat(16_000), "\n\n\n\nx".repeat(3_000)]
  ) {
    assert(!isLong(legible(hostile)) || hostile.includes("x") || hostile.trim() === "");
  }
  assert(performance.now() - before < 200, "no text holds the page up");
});

Deno.test("clock: days are named in the reader's zone", () => {
  const today = new Date(2026, 2, 1).getTime();
  assertEquals(dayName(today, today), "Today");
  assertEquals(dayName(new Date(2026, 1, 28).getTime(), today), "Yesterday");
  assert(!dayName(new Date(2026, 1, 27).getTime(), today).includes("2026"));
  assertStringIncludes(dayName(new Date(2025, 1, 27).getTime(), today), "2025");
});

Deno.test("sender: a face has a steady colour and at most two letters", () => {
  assertEquals(initials("Mara Lindqvist"), "ML");
  assertEquals(initials("👩‍🚀 one"), "👩‍🚀O");
  assertEquals(initials("build-bot"), "BB");
  assertEquals(initials("<img src=x>"), "IX");
  assertEquals(initials(""), "?");
  fc.assert(fc.property(fc.string(), (name) => hueOf(name) >= 0 && hueOf(name) < 12));
});

// The document

Deno.test("page: a name is shown as text, and nothing in the document needs an inline style or script", () => {
  const name = `"><script>alert(1)</script>`;
  for (const given of ["", name]) {
    const html = renderToString(
      h(Page, { nonce: "n0", script: "/chat-1.js", style: "/style-1.css", name: given, room: given }),
    );
    assert(!html.includes("<script>alert"));
    assert(!/\sstyle="/.test(html));
    assertEquals(html.match(/<script/g)?.length, 1);
    assertStringIncludes(html, `nonce="n0" src="/chat-1.js"`);
    assertStringIncludes(html, "<noscript>");
  }
});

Deno.test("page: the door is open to a stranger, the room to somebody who was here", () => {
  const html = (name: string) =>
    renderToString(h(Page, { nonce: "n", script: "/s", style: "/c", name, room: "design" }));
  assertMatch(html(""), /<main id="door" class="door">/);
  assertMatch(html(""), /<div id="room" data-name hidden>/);
  assertMatch(html("ann"), /<main id="door" class="door" hidden>/);
  assertMatch(html("ann"), /<div id="room" data-name="ann">/);
  assertMatch(html("ann"), /<h1 class="bar-name">design<\/h1>/);
});

Deno.test("page: its script is at most 40 KB on the wire", async () => {
  await bundle();
  const script = new Blob([await Deno.readFile(`${root}dist/chat.js`)]).stream();
  const zipped = await new Response(script.pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
  assert(zipped.byteLength <= 40_960, `${zipped.byteLength} bytes`);
});
