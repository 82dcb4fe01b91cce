/** What the page holds: the conversation, and the outbox beside it. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { follow, missing, mostMessages, startConversation, take } from "../islands/conversation.ts";
import { loadOutbox, saveOutbox } from "../islands/kept.ts";
import * as outboxes from "../islands/outbox.ts";
import { batch, epoch, event, followed, room, say } from "./page_fixtures.ts";

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
