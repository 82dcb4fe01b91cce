/** What a person does, and what becomes of it: the outbox, what is kept of it, and what is shown meanwhile. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Conversation, follow, startConversation, take } from "../islands/conversation.ts";
import {
  emptyDraft,
  loadDraft,
  loadMe,
  loadVisited,
  saveDraft,
  saveMe,
  saveVisited,
} from "../islands/kept.ts";
import { messageOf } from "../islands/message.ts";
import * as outboxes from "../islands/outbox.ts";
import { overlay } from "../islands/overlay.ts";
import { ann, batchOf, bob, done, epoch, event, followed, room, say } from "./page_fixtures.ts";

const sent = (seq: number) => ({ seq, epoch, timestamp: event(seq).timestamp, duplicate: false });
const refusal = { code: "INVALID_ARGUMENT", message: "Cannot send: no.", retry: false, now: 0, dice: 0 };

Deno.test("P7 honest: over a bad network nothing said is lost, doubled, reordered, or shown as sent too early", () => {
  const acts = fc.array(fc.constantFrom("say", "send", "serve", "answer", "event", "lose", "reload"), {
    maxLength: 120,
  });
  fc.assert(fc.property(acts, (script) => {
    const page = new Rehearsal();
    for (const act of [...script, "lose"] as const) page.play(act);
    for (let round = 0; round < 200; round++) {
      for (const act of ["send", "serve", "answer", "event"] as const) page.play(act);
    }
    assertEquals(page.log.map(({ clientId }) => clientId), page.said);
    assertEquals(page.outbox.items, []);
    assertEquals(page.kept, []);
    assertEquals(page.shown, page.said);
  }));
});

type Act = "say" | "send" | "serve" | "answer" | "event" | "lose" | "reload";

/** A page and a server, between them a line that can break at any point, and below the page what it keeps. */
class Rehearsal {
  outbox = outboxes.emptyOutbox();
  kept: outboxes.Pending[] = [];
  readonly said: string[] = [];
  readonly log: ReturnType<typeof event>[] = [];
  #conversation: Conversation = follow(startConversation(), followed());
  #toServer: { id: number; clientId: string }[] = [];
  #toPage: { id: number; seq: number }[] = [];
  #lastId = 0;

  get shown(): string[] {
    return this.#conversation.lines.flatMap((line) => line.is === "message" ? [line.clientId] : []);
  }

  play(act: Act): void {
    this[act]();
    for (const { clientId, fate } of this.outbox.items) {
      assert(fate.is !== "failed");
      if (fate.is === "stored") assert(this.log.some((stored) => stored.clientId === clientId));
    }
    const inflight = this.outbox.items.filter(({ fate }) => fate.is === "inflight");
    assert(inflight.length <= outboxes.mostInFlight);
  }

  say(): void {
    this.said.push(`m${this.said.length}`);
    this.#change((outbox) => say(outbox, this.said.at(-1) ?? ""));
  }

  send(): void {
    for (const { clientId } of outboxes.sendable(this.outbox, 0)) {
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
    const seq = first?.seq ?? this.log.push(event(this.log.length + 1, { by: ann, clientId }));
    this.#toPage.push({ id, seq });
  }

  answer(): void {
    const answer = this.#toPage.shift();
    if (answer) this.#change((outbox) => outboxes.stored(outbox, answer.id, sent(answer.seq)));
    this.#settle([]);
  }

  event(): void {
    const seq = this.#conversation.cursor?.seq ?? 0;
    const events = this.log.slice(seq, seq + 1);
    if (events.length === 0) return;
    this.#conversation = take(this.#conversation, batchOf(events)).conversation;
    this.#settle(events);
  }

  lose(): void {
    this.#toServer = [];
    this.#toPage = [];
    this.#change(outboxes.lost);
    const after = this.#conversation.cursor?.seq ?? 0;
    this.#conversation = follow(this.#conversation, followed({ after, head: this.log.length }));
    this.#settle([]);
  }

  /** Another page begins with what this one has kept, and reads the room anew. */
  reload(): void {
    this.outbox = outboxes.merge(outboxes.emptyOutbox(), this.kept);
    this.#conversation = follow(startConversation(), followed({ head: this.log.length }));
    this.#toServer = [];
    this.#toPage = [];
  }

  #settle(events: ReturnType<typeof event>[]): void {
    const { cursor } = this.#conversation;
    if (cursor) this.#change((outbox) => outboxes.settle(outbox, { room, me: ann.id, events, cursor }));
  }

  #change(to: (outbox: outboxes.Outbox) => outboxes.Outbox): void {
    const before = this.outbox;
    this.outbox = to(before);
    const { put, drop } = outboxes.differences(before.items, this.outbox.items);
    const stay = this.kept.filter(({ clientId }) =>
      !drop.includes(clientId) && !put.some((item) => item.clientId === clientId)
    );
    this.kept = [...stay, ...put].sort((one, other) => one.at - other.at);
  }
}

Deno.test("P4 once: two pages of one person that share what is kept send each act under one id, in one order", () => {
  fc.assert(fc.property(fc.array(fc.boolean(), { maxLength: 30 }), (byFirst) => {
    let [first, second] = [outboxes.emptyOutbox(), outboxes.emptyOutbox()];
    byFirst.forEach((is, index) => {
      if (is) first = say(first, `${index}`, index);
      else second = say(second, `${index}`, index);
    });
    const kept = [...outboxes.keepable(first.items), ...outboxes.keepable(second.items)];
    const ids = (outbox: outboxes.Outbox) => outbox.items.map(({ clientId }) => clientId);
    assertEquals(ids(outboxes.merge(first, kept)), ids(outboxes.merge(second, kept)));
    assertEquals(new Set(ids(outboxes.merge(first, kept))).size, byFirst.length);
  }));
});

Deno.test("P7 honest: what is refused for good says why, and can be tried again or dropped", () => {
  const inflight = outboxes.dispatched(say(outboxes.emptyOutbox(), "a"), "a", 7);
  const failed = outboxes.refused(inflight, 7, refusal);
  assertEquals(failed.items[0]?.fate, { is: "failed", code: "INVALID_ARGUMENT", why: "Cannot send: no." });
  assertEquals(outboxes.sendable(failed, 0), []);
  assertEquals(outboxes.retry(failed, "a", "b").items[0]?.clientId, "a");
  assertEquals(outboxes.discard(failed, "a").items, []);
  const spent = outboxes.refused(inflight, 7, { ...refusal, code: "ALREADY_EXISTS" });
  assertEquals(outboxes.retry(spent, "a", "b").items[0]?.clientId, "b");
});

Deno.test("P7 honest: what failed here and is in the room after all is not shown as failed", () => {
  const cursor = { epoch, seq: 1 };
  const inflight = outboxes.dispatched(say(outboxes.emptyOutbox(), "a"), "a", 7);
  const failed = outboxes.refused(inflight, 7, refusal);
  const events = [event(1, { by: ann, clientId: "a" })];
  assertEquals(outboxes.settle(failed, { room, me: ann.id, events, cursor }).items, []);
  assertEquals(outboxes.settle(failed, { room, me: bob.id, events, cursor }).items.length, 1);
  assertEquals(outboxes.settle(failed, { room: "other", me: ann.id, events, cursor }).items.length, 1);
});

Deno.test("P7 honest: what is refused for now waits longer each time, and is sent again", () => {
  let outbox = say(say(outboxes.emptyOutbox(), "a"), "b");
  const holds = [1, 3, 5, 7, 9, 11, 13, 15].map((id) => {
    const now = Math.max(1_000, outbox.holdUntil);
    outbox = outboxes.dispatched(outboxes.dispatched(outbox, "a", id), "b", id + 1);
    outbox = outboxes.refused(outbox, id, { ...refusal, retry: true, now, dice: 0.5 });
    const { holdUntil } = outbox;
    // What was under way with it is refused too, and does not lengthen the wait.
    outbox = outboxes.refused(outbox, id + 1, { ...refusal, retry: true, now, dice: 0.9 });
    assertEquals(outbox.holdUntil, holdUntil);
    assertEquals(outboxes.sendable(outbox, holdUntil - 1), []);
    assertEquals(outboxes.sendable(outbox, holdUntil).map(({ clientId }) => clientId), ["a", "b"]);
    return holdUntil - now;
  });
  assertEquals(holds, holds.toSorted((a, b) => a - b));
  assert((holds.at(-1) ?? Infinity) <= 10_000);
});

Deno.test("what was stored in a room that nobody here reads leaves the outbox on the answer", () => {
  const stored = outboxes.stored(outboxes.dispatched(say(outboxes.emptyOutbox(), "a"), "a", 1), 1, sent(5));
  assertEquals(outboxes.settleUnread(stored, "other").items.length, 1);
  assertEquals(outboxes.settleUnread(stored, room).items, []);
});

Deno.test("P7 honest: what is kept over a reload is what was not acknowledged", () => {
  const fates: outboxes.Fate[] = [
    { is: "waiting" },
    { is: "inflight", id: 3 },
    { is: "stored", seq: 1, epoch },
    { is: "failed", code: "X", why: "no" },
  ];
  const act = { is: "send", text: "hi", replyTo: 0 } as const;
  const items = fates.map((fate, index) => ({ clientId: `${index}`, room, at: 5 + index, act, fate }));
  const { put, drop } = outboxes.differences([], items);
  assertEquals(put.map(({ clientId, fate }) => `${clientId} ${fate.is}`), [
    "0 waiting",
    "1 waiting",
    "3 failed",
  ]);
  assertEquals(drop, []);
  assertEquals(outboxes.differences(items, []), { put: [], drop: ["0", "1", "3"] });
  assertEquals(outboxes.differences(items, items), { put: [], drop: [] });
});

Deno.test("two acts at the same millisecond keep their order, also when they are read back", () => {
  const outbox = ["a", "b", "c"].reduce((box, id) => say(box, id, 7), outboxes.emptyOutbox());
  const read = outboxes.merge(outboxes.emptyOutbox(), outbox.items.toReversed());
  assertEquals(read.items.map(({ clientId }) => clientId), ["a", "b", "c"]);
});

// What is shown meanwhile

const pending = (act: outboxes.Act, fate: outboxes.Fate = { is: "waiting" }): outboxes.Pending => {
  return { clientId: `${Math.random()}`, room, at: 0, act, fate };
};

Deno.test("P7 honest: an act is shown at once, as pending, and a refused one is undone", () => {
  const message = messageOf(done(4, { message: { text: "before" } }, { by: ann }));
  assert(message);
  const edit = { is: "edit", target: 4, text: "after" } as const;
  const failed = { is: "failed", code: "X", why: "no" } as const;
  assertEquals(overlay(message, [], ann).text, "before");
  const changed = overlay(message, [pending(edit)], ann);
  assertEquals([changed.text, changed.edited, changed.pending], ["after", true, true]);
  assertEquals(overlay(message, [pending(edit, failed)], ann).text, "before");
  const stored = overlay(message, [pending(edit, { is: "stored", seq: 9, epoch })], ann);
  assertEquals([stored.text, stored.pending], ["after", false]);

  const gone = overlay(message, [pending({ is: "delete", target: 4 })], ann);
  assertEquals([gone.text, gone.deleted, gone.pending], ["", true, true]);
  assert(!overlay(message, [pending({ is: "delete", target: 4 }, failed)], ann).deleted);

  const like = { is: "react", target: 4, emoji: "👍", remove: false } as const;
  const [mine] = overlay(message, [pending(like)], ann).reactions;
  assertEquals([mine?.mine, mine?.pending, mine?.by.length], [true, true, 1]);
  assertEquals(overlay(message, [pending(like), pending({ ...like, remove: true })], ann).reactions, []);
  assertEquals(overlay(message, [pending(like, failed)], ann).reactions, []);
});

// What else is kept

Deno.test("kept: drafts by room, the rooms that were visited, and who was here; nonsense is not read", () => {
  const draft = { text: "half a", replyTo: 3, edit: { target: 4, text: "x" } };
  saveDraft("one", draft);
  assertEquals(loadDraft("one"), draft);
  assertEquals(loadDraft("other"), emptyDraft);
  saveDraft("one", emptyDraft);
  assertEquals(sessionStorage.length, 0);
  sessionStorage.setItem("switchboard_draft one", `{"text":5,"edit":{"target":"x"}}`);
  assertEquals(loadDraft("one"), emptyDraft);
  sessionStorage.clear();
  saveVisited(["a", "b"]);
  assertEquals(loadVisited(), ["a", "b"]);
  saveMe(ann);
  assertEquals(loadMe("ann"), ann);
  assertEquals(loadMe("eve"), { id: "", name: "eve", key: "" });
  for (const broken of ["", "[]", "null", "7", "{", `{"rooms":{}}`]) {
    localStorage.setItem("switchboard_rooms", broken);
    assertEquals(loadVisited(), [], broken);
  }
  localStorage.clear();
});
