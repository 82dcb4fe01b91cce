/** The pure parts of the page: connection, conversation, outbox, and what is made of them. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";
import { Page } from "../gateway/page.tsx";
import { dayName, dayOf } from "../islands/clock.ts";
import {
  connect,
  type Connection,
  type Happening,
  longestWaitMs,
  next,
  socketOf,
} from "../islands/connection.ts";
import { follow, missing, mostMessages, startConversation, take } from "../islands/conversation.ts";
import { readFrames } from "../islands/frames.ts";
import { loadOutbox, saveOutbox } from "../islands/kept.ts";
import { pieces } from "../islands/links.ts";
import { nameProblem } from "../islands/name.ts";
import * as outboxes from "../islands/outbox.ts";
import { rows } from "../islands/rows.ts";
import { hueOf, initials } from "../islands/sender.ts";
import { textProblem, textWarning } from "../islands/text.ts";
import { words } from "../islands/words.ts";
import { limits } from "../protos/limits.ts";

const room = "lobby";
const epoch = "e1";

function event(seq: number, { sender = "bob", clientId = "", text = `text ${seq}` } = {}) {
  const timestamp = new Date(1_700_000_000_000 + seq * 1000).toISOString();
  return { seq, timestamp, sender, clientId, message: { text } };
}

function batch(from: number, to: number) {
  const events = Array.from({ length: to - from }, (_, index) => event(from + index + 1));
  return { room, epoch, first: from + 1, events };
}

function followed({ after = 0, head = 0, recovered = true, epoch = "e1" } = {}) {
  return { room, epoch, head: Math.max(head, after), after, recovered };
}

// The conversation

Deno.test("P3 complete: whatever the cuts and the lost connections, the page holds every event once", () => {
  const cuts = fc.array(fc.record({ size: fc.integer({ min: 1, max: 40 }), lost: fc.boolean() }), {
    minLength: 1,
  });
  fc.assert(fc.property(cuts, (steps) => {
    const head = steps.reduce((sum, { size }) => sum + size, 0);
    let conversation = follow(startConversation("ann"), followed({ head }));
    for (const { size, lost } of steps) {
      const seq = conversation.cursor?.seq ?? 0;
      if (lost) conversation = follow(conversation, followed({ after: seq, head }));
      const { conversation: taken, gap } = take(conversation, batch(seq, seq + size));
      assertEquals(gap, null);
      conversation = taken;
    }
    const expected = Array.from({ length: head }, (_, index) => index + 1).slice(
      -conversation.messages.length,
    );
    assertEquals(conversation.messages.map(({ seq }) => seq), expected);
    assertEquals(missing(conversation), 0);
    assert(!conversation.reset);
  }));
});

Deno.test("P3 complete: an event that does not continue is told, and nothing behind it is taken", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1 }), (seqs) => {
    const start = follow(startConversation("ann"), followed({ head: 5 }));
    const events = seqs.map((seq) => event(seq));
    const { conversation, gap } = take(start, { room, epoch, first: seqs[0] ?? 0, events });
    const good = seqs.findIndex((seq, index) => seq !== index + 1);
    assertEquals(conversation.messages.length, good < 0 ? seqs.length : good);
    assertEquals(conversation.cursor, { epoch, seq: conversation.messages.length });
    assertEquals(gap?.expected.seq, good < 0 ? undefined : good + 1);
    assertEquals(gap?.got.seq, good < 0 ? undefined : seqs[good]);
  }));
});

Deno.test("P3 complete: events of another epoch, or before the first follow, are a gap", () => {
  assert(take(startConversation("ann"), batch(0, 1)).gap);
  const conversation = follow(startConversation("ann"), followed());
  assert(take(conversation, { ...batch(0, 1), epoch: "e2" }).gap);
});

Deno.test("P3 complete: a history that cannot be continued is dropped, and the page says so", () => {
  const held = take(follow(startConversation("ann"), followed({ head: 3 })), batch(0, 3)).conversation;
  for (
    const other of [
      followed({ after: 3, recovered: false }),
      followed({ after: 3, epoch: "e2" }),
      followed({ after: 7, head: 9 }),
    ]
  ) {
    const conversation = follow(held, other);
    assertEquals(conversation.messages, []);
    assertEquals(conversation.cursor, { epoch: other.epoch, seq: other.after });
    assert(conversation.reset);
  }
  assert(!follow(held, followed({ after: 3 })).reset);
});

Deno.test("P5 bounded: the page holds the newest messages, and knows that there were older ones", () => {
  let conversation = follow(startConversation("ann"), followed({ head: 5_000 }));
  for (let seq = 0; seq < 5_000; seq += 100) {
    conversation = take(conversation, batch(seq, seq + 100)).conversation;
  }
  assert(conversation.messages.length >= mostMessages);
  assert(conversation.messages.length <= mostMessages + 300);
  assertEquals(conversation.messages.at(-1)?.seq, 5_000);
  assertEquals(conversation.from, (conversation.messages[0]?.seq ?? 0) - 1);
});

// The outbox

const sent = (seq: number) => ({ seq, epoch, timestamp: event(seq).timestamp, duplicate: false });
const say = (outbox: outboxes.Outbox, clientId: string) =>
  outboxes.enqueue(outbox, { clientId, text: clientId, at: 0 });

Deno.test("P7 honest: over a bad network nothing said is lost, doubled, reordered, or shown as sent too early", () => {
  const acts = fc.array(fc.constantFrom("say", "send", "serve", "answer", "event", "lose"), {
    maxLength: 120,
  });
  fc.assert(fc.property(acts, (script) => {
    const page = new Rehearsal();
    for (const act of [...script, "lose"] as const) page.play(act);
    for (let round = 0; round < 200; round++) {
      for (const act of ["send", "serve", "answer", "event"] as const) page.play(act);
    }
    assertEquals(page.log.map(({ clientId }) => clientId), page.said);
    assertEquals(page.conversation.outbox.items, []);
    assertEquals(page.conversation.messages.map(({ clientId }) => clientId), page.said);
  }));
});

type Act = "say" | "send" | "serve" | "answer" | "event" | "lose";

/** A page and a server, and between them a line that can break at any point. */
class Rehearsal {
  conversation = follow(startConversation("ann"), followed());
  readonly said: string[] = [];
  readonly log: ReturnType<typeof event>[] = [];
  #toServer: { id: number; clientId: string }[] = [];
  #toPage: { id: number; seq: number }[] = [];
  #lastId = 0;

  play(act: Act): void {
    this[act]();
    for (const { clientId, fate } of this.conversation.outbox.items) {
      assert(fate.is !== "failed");
      if (fate.is === "stored") assert(this.log.some((stored) => stored.clientId === clientId));
    }
    const inflight = this.conversation.outbox.items.filter(({ fate }) => fate.is === "inflight");
    assert(inflight.length <= outboxes.mostInFlight);
  }

  say(): void {
    this.said.push(`m${this.said.length}`);
    this.#change((outbox) => say(outbox, this.said.at(-1) ?? ""));
  }

  send(): void {
    for (const { clientId } of outboxes.sendable(this.conversation.outbox, 0)) {
      const id = ++this.#lastId;
      this.#change((outbox) => outboxes.dispatched(outbox, clientId, id));
      this.#toServer.push({ id, clientId });
    }
  }

  serve(): void {
    const command = this.#toServer.shift();
    if (!command) return;
    const { id, clientId } = command;
    const first = this.log.find((stored) => stored.clientId === clientId);
    const seq = first?.seq ?? this.log.push(event(this.log.length + 1, { sender: "ann", clientId }));
    this.#toPage.push({ id, seq });
  }

  answer(): void {
    const answer = this.#toPage.shift();
    if (answer) this.#change((outbox) => outboxes.stored(outbox, answer.id, sent(answer.seq)));
    const { me, cursor } = this.conversation;
    if (cursor) this.#change((outbox) => outboxes.settle(outbox, { me, events: [], cursor }));
  }

  event(): void {
    const seq = this.conversation.cursor?.seq ?? 0;
    const events = this.log.slice(seq, seq + 1);
    if (events.length > 0) {
      this.conversation = take(this.conversation, { room, epoch, first: seq + 1, events }).conversation;
    }
  }

  lose(): void {
    this.#toServer = [];
    this.#toPage = [];
    this.#change(outboxes.lost);
    const after = this.conversation.cursor?.seq ?? 0;
    this.conversation = follow(this.conversation, followed({ after, head: this.log.length }));
  }

  #change(to: (outbox: outboxes.Outbox) => outboxes.Outbox): void {
    this.conversation = { ...this.conversation, outbox: to(this.conversation.outbox) };
  }
}

Deno.test("P7 honest: what is refused for good says why, and can be tried again or dropped", () => {
  const refusal = { code: "INVALID_ARGUMENT", message: "Cannot send: no.", retry: false, now: 0, dice: 0 };
  const inflight = outboxes.dispatched(say(outboxes.emptyOutbox(), "a"), "a", 7);
  const failed = outboxes.refused(inflight, 7, refusal);
  assertEquals(failed.items[0]?.fate, { is: "failed", code: "INVALID_ARGUMENT", why: "Cannot send: no." });
  assertEquals(outboxes.sendable(failed, 0), []);
  assertEquals(outboxes.retry(failed, "a", "b").items[0]?.clientId, "a");
  assertEquals(outboxes.discard(failed, "a").items, []);
  const spent = outboxes.refused(inflight, 7, { ...refusal, code: "ALREADY_EXISTS" });
  assertEquals(outboxes.retry(spent, "a", "b").items[0]?.clientId, "b");
});

Deno.test("P7 honest: a message that failed here and is in the room after all is not shown as failed", () => {
  const cursor = { epoch, seq: 1 };
  const inflight = outboxes.dispatched(say(outboxes.emptyOutbox(), "a"), "a", 7);
  const failed = outboxes.refused(inflight, 7, { code: "X", message: "", retry: false, now: 0, dice: 0 });
  const events = [event(1, { sender: "ann", clientId: "a" })];
  assertEquals(outboxes.settle(failed, { me: "ann", events, cursor }).items, []);
  assertEquals(outboxes.settle(failed, { me: "eve", events, cursor }).items.length, 1);
});

Deno.test("P7 honest: what is refused for now waits longer each time, and is sent again", () => {
  let outbox = say(outboxes.emptyOutbox(), "a");
  const holds = [1, 2, 3, 4, 5, 6, 7, 8].map((id) => {
    outbox = outboxes.dispatched(outbox, "a", id);
    outbox = outboxes.refused(outbox, id, {
      code: "UNAVAILABLE",
      message: "",
      retry: true,
      now: 1000,
      dice: 0.5,
    });
    assertEquals(outboxes.sendable(outbox, outbox.holdUntil - 1), []);
    assertEquals(outboxes.sendable(outbox, outbox.holdUntil).length, 1);
    return outbox.holdUntil - 1000;
  });
  assertEquals(holds, holds.toSorted((a, b) => a - b));
  assert((holds.at(-1) ?? Infinity) <= 10_000);
});

Deno.test("P7 honest: a reload keeps what was not acknowledged, and only for the name that said it", () => {
  const fates: outboxes.Fate[] = [
    { is: "waiting" },
    { is: "inflight", id: 3 },
    { is: "stored", seq: 1, epoch },
    { is: "failed", code: "X", why: "no" },
  ];
  saveOutbox("ann", fates.map((fate, index) => ({ clientId: `${index}`, text: "hi", at: 5, fate })));
  const kept = loadOutbox("ann");
  assertEquals(kept.map(({ clientId }) => clientId), ["0", "1", "3"]);
  assertEquals(kept.map(({ fate }) => fate.is), ["waiting", "waiting", "failed"]);
  assertEquals(loadOutbox("eve"), []);
  sessionStorage.setItem("switchboard_outbox", `{"me":"ann","items":[1,null,{"clientId":4}]}`);
  assertEquals(loadOutbox("ann"), []);
  saveOutbox("", []);
});

// The connection

const happenings: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({ is: fc.constant("followed" as const), now: fc.nat() }),
  fc.record({ is: fc.constant("link" as const), up: fc.boolean(), why: fc.constant("away") }),
  fc.record({
    is: fc.constant("refused" as const),
    what: fc.constantFrom("open" as const, "follow" as const),
    retry: fc.boolean(),
    why: fc.constant("refused"),
    now: fc.nat(),
    dice: fc.double({ min: 0, max: 0.999, noNaN: true }),
  }),
  fc.record({
    is: fc.constant("parting" as const),
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
  fc.record({ is: fc.constant("due" as const), now: fc.nat() }),
  fc.record({
    is: fc.constant("nudge" as const),
    by: fc.constantFrom("person" as const, "browser" as const),
    now: fc.nat(),
  }),
);

Deno.test("P7 honest: whatever happens, the connection has words, one socket at most, and a bounded wait", () => {
  fc.assert(fc.property(fc.array(happenings), (events) => {
    let state: Connection = connect(0);
    for (const event of events) {
      const before: Connection = state;
      state = next(state, event);
      assert(words(state, startConversation("ann"), true).text !== "");
      if (before.is === "rejected") assertEquals(state, before);
      if (socketOf(state) !== 0) assert(socketOf(state) >= socketOf(before));
      if (state.is === "waiting" && state !== before && event.is === "closed") {
        assert(state.until - event.now >= 0 && state.until - event.now < longestWaitMs);
      }
    }
    assertEquals(next(state, { is: "leave" }).is, state.is === "rejected" ? "rejected" : "left");
  }));
});

const live = next(connect(0), { is: "followed", now: 0 });
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
  for (const code of [4500, 4515, 4999]) assertEquals(next(live, closed(code)).is, "ended");
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
  state = next(next(state, { is: "followed", now: 0 }), closed(1006, 60_000));
  assertEquals(state.is === "waiting" && state.until - 60_000, 500);
});

Deno.test("connection: a server that parts is come back to after its delay, or not at all", () => {
  const parting = { is: "parting", retry: true, why: "restarts", delayMs: 1200, now: 100 } as const;
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
  assertStringIncludes(words(away, startConversation("ann"), true).text, "The chat server is away.");
  const early = next(next(connect(0), down), { is: "followed", now: 5 });
  assertEquals(early.is, "away");
  assertEquals(next(early, { ...down, up: true }).is, "live");
});

Deno.test("connection: a refused name leads back to the door, a busy server to another try", () => {
  const refused = { is: "refused", what: "open", why: "no", now: 0, dice: 0 } as const;
  assertEquals(next(connect(0), { ...refused, retry: false }), { is: "rejected", why: "no" });
  assertEquals(next(connect(0), { ...refused, retry: true }).is, "waiting");
  assertEquals(next(connect(0), { ...refused, what: "follow", retry: false }).is, "ended");
});

Deno.test("P7 honest: the words tell joining, catching up, connected, away, offline and refused apart", () => {
  const behind = follow(startConversation("ann"), followed({ head: 3 }));
  const here = take(behind, batch(0, 3)).conversation;
  const lost = next(live, closed(1006));
  const texts = [
    words(connect(0), here, true),
    words(next(lost, { is: "due", now: 99_999 }), here, true),
    words(live, behind, true),
    words(live, here, true),
    words(lost, here, true),
    words(lost, here, false),
    words(next(live, closed(4500)), here, true),
  ].map(({ text }) => text);
  assertEquals(new Set(texts).size, texts.length);
  assertEquals(words(live, here, true), { tone: "quiet", text: "Connected", until: 0 });
});

// The edge

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

Deno.test("P5 bounded: no text that fits holds the page up while its addresses are looked for", () => {
  const most = limits.textBytes - 20;
  for (const hostile of [")", ".", "(", "http://", "\u200d", "https://a.b/)", "]."]) {
    const began = performance.now();
    pieces("https://a.example/" + hostile.repeat(most / hostile.length) + "x");
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

Deno.test("rows: days part, groups form, own messages are marked, pending ones come last", () => {
  const day = dayOf(Date.now());
  const at = (hours: number, minutes = 0) => day + (hours * 60 + minutes) * 60_000;
  const said = (seq: number, sender: string, when: number) => ({
    seq,
    sender,
    clientId: "",
    text: "",
    at: when,
  });
  const outbox = say(outboxes.emptyOutbox(), "p");
  const messages = [
    said(1, "bob", at(-3)),
    said(2, "bob", at(9)),
    said(3, "bob", at(9, 1)),
    said(4, "bob", at(9, 30)),
    said(5, "ann", at(9, 30)),
  ];
  const shown = rows({ ...startConversation("ann", outbox), messages }, day);
  const told = shown.map((row) =>
    row.is === "day" ? row.name : `${row.sender}${row.first ? "!" : ""}${row.mine ? " mine" : ""}`
  );
  assertEquals(told, ["Yesterday", "bob!", "Today", "bob!", "bob", "bob!", "ann! mine", "ann mine"]);
  assertEquals(new Set(shown.map(({ key }) => key)).size, shown.length);
});

Deno.test("rows: a message keeps its key from pending to seen, so nothing jumps", () => {
  const pending = {
    ...startConversation("ann", say(outboxes.emptyOutbox(), "c1")),
    cursor: { epoch, seq: 0 },
  };
  const seen = take(pending, {
    room,
    epoch,
    first: 1,
    events: [event(1, { sender: "ann", clientId: "c1" })],
  });
  assertEquals(rows(seen.conversation, 0).at(-1)?.key, rows(pending, 0).at(-1)?.key);
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
  assertEquals(initials(""), "?");
  fc.assert(fc.property(fc.string(), (name) => hueOf(name) >= 0 && hueOf(name) < 12));
});

// The document

Deno.test("page: a name is shown as text, and nothing in the document needs an inline style or script", () => {
  const name = `"><script>alert(1)</script>`;
  for (const given of ["", name]) {
    const html = renderToString(
      h(Page, { nonce: "n0", script: "/chat-1.js", style: "/style-1.css", name: given }),
    );
    assert(!html.includes("<script>alert"));
    assert(!/\sstyle="/.test(html));
    assertEquals(html.match(/<script/g)?.length, 1);
    assertStringIncludes(html, `nonce="n0" src="/chat-1.js"`);
    assertStringIncludes(html, "<noscript>");
  }
});

Deno.test("page: the door is open to a stranger, the room to somebody who was here", () => {
  const html = (name: string) => renderToString(h(Page, { nonce: "n", script: "/s", style: "/c", name }));
  assertMatch(html(""), /<main id="door" class="door">/);
  assertMatch(html(""), /<div id="room" data-name hidden>/);
  assertMatch(html("ann"), /<main id="door" class="door" hidden>/);
  assertMatch(html("ann"), /<div id="room" data-name="ann">/);
});
