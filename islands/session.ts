import { type ReadonlySignal, signal } from "@preact/signals";
import { clientId } from "./client_id.ts";
import type { Connection } from "./connection.ts";
import { type Conversation, follow, startConversation, take } from "./conversation.ts";
import type { Frame } from "./frames.ts";
import { loadDraft, loadOutbox, saveDraft, saveOutbox } from "./kept.ts";
import { Line } from "./line.ts";
import * as outboxes from "./outbox.ts";

/** The tutorial's one room. */
export const room = "lobby";

/** One person's stay in the room, from joining to leaving. */
export class Session {
  readonly #conversation;
  readonly #draft = signal(loadDraft());
  readonly #line: Line;
  #lastId = 0;
  #openId = 0;
  #followId = 0;
  #holdTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(username: string) {
    const outbox = outboxes.emptyOutbox(loadOutbox(username));
    this.#conversation = signal<Conversation>(startConversation(username, outbox));
    this.#line = new Line({
      greet: () => this.#greet(),
      hear: (frame) => this.#hear(frame),
      changed: ({ is }) => is === "live" ? this.#flush() : this.#change(outboxes.lost),
    });
  }

  get connection(): ReadonlySignal<Connection> {
    return this.#line.connection;
  }

  get conversation(): ReadonlySignal<Conversation> {
    return this.#conversation;
  }

  /** What is being written. */
  get draft(): ReadonlySignal<string> {
    return this.#draft;
  }

  write(text: string): void {
    this.#draft.value = text;
    saveDraft(text);
  }

  /** Says it now, or as soon as there is a connection. */
  say(text: string): void {
    this.#change((outbox) => outboxes.enqueue(outbox, { clientId: clientId(), text, at: Date.now() }));
  }

  /** Tries a refused message again. */
  retry(id: string): void {
    this.#change((outbox) => outboxes.retry(outbox, id, clientId()));
  }

  discard(id: string): void {
    this.#change((outbox) => outboxes.discard(outbox, id));
  }

  /** Takes a refused message back into the draft, below what is being written. */
  edit(id: string): void {
    const text = this.#conversation.value.outbox.items.find((item) => item.clientId === id)?.text;
    if (text === undefined) return;
    this.discard(id);
    this.write(this.#draft.value ? `${this.#draft.value}\n${text}` : text);
  }

  /** Connects now instead of after the wait. */
  tryNow(): void {
    this.#line.happen({ is: "nudge", by: "person", now: Date.now() });
  }

  /** Ends the stay; what was not sent is dropped. */
  leave(): void {
    clearTimeout(this.#holdTimer);
    this.#line.happen({ is: "leave" });
    saveOutbox("", []);
  }

  #greet(): void {
    const { me, cursor } = this.#conversation.value;
    const replay = cursor ? { replay: "REPLAY_RESUME", after: cursor } : { replay: "REPLAY_LAST_100" };
    this.#openId = ++this.#lastId;
    this.#followId = ++this.#lastId;
    const open = { id: this.#openId, open: { username: me } };
    this.#line.send([open, { id: this.#followId, follow: { room, ...replay } }]);
  }

  #hear({ id, is, body }: Frame): void {
    const conversation = this.#conversation.value;
    const now = Date.now();
    const dice = Math.random();
    switch (is) {
      case "opened":
        this.#conversation.value = { ...conversation, me: body.username || conversation.me };
        return;
      case "followed":
        this.#conversation.value = follow(conversation, body);
        return this.#line.happen({ is: "followed", now });
      case "batch":
        return this.#take(body);
      case "sent":
        this.#change((outbox) => outboxes.stored(outbox, id, body));
        return this.#change((outbox) => outboxes.settle(outbox, { ...conversation, events: [] }));
      case "refused":
        if (id === this.#openId || id === this.#followId) {
          const what = id === this.#openId ? "open" : "follow";
          return this.#line.happen({ is, what, retry: body.retry, why: body.message, now, dice });
        }
        return this.#change((outbox) => outboxes.refused(outbox, id, { ...body, now, dice }));
      case "link":
        return this.#line.happen({ is, up: body.up, why: body.message });
      case "parting":
        return this.#line.happen({ is, ...body, why: body.message, now });
      case "heartbeat":
        return this.#line.send([{ heartbeat: {} }]);
    }
  }

  #take(body: Extract<Frame, { is: "batch" }>["body"]): void {
    const { conversation, gap } = take(this.#conversation.value, body);
    this.#conversation.value = conversation;
    saveOutbox(conversation.me, conversation.outbox.items);
    if (!gap) return;
    // deno-lint-ignore no-console
    console.error("Cannot continue: the server sent an event that does not follow the last one", gap);
    const why = "Something was missing in what the server sent.";
    this.#line.happen({ is: "fault", why, now: Date.now(), dice: Math.random() });
  }

  #change(to: (outbox: outboxes.Outbox) => outboxes.Outbox): void {
    const conversation = this.#conversation.value;
    const outbox = to(conversation.outbox);
    if (outbox === conversation.outbox) return;
    this.#conversation.value = { ...conversation, outbox };
    saveOutbox(conversation.me, outbox.items);
    this.#flush();
  }

  /** Sends what may be sent, one message a frame: sixteen long texts together would pass the frame limit. */
  #flush(): void {
    if (this.connection.value.is !== "live") return;
    const now = Date.now();
    let { outbox } = this.#conversation.value;
    for (const { clientId, text } of outboxes.sendable(outbox, now)) {
      const id = ++this.#lastId;
      outbox = outboxes.dispatched(outbox, clientId, id);
      this.#line.send([{ id, send: { room, clientId, text } }]);
    }
    this.#conversation.value = { ...this.#conversation.value, outbox };
    clearTimeout(this.#holdTimer);
    if (outbox.holdUntil > now) this.#holdTimer = setTimeout(() => this.#flush(), outbox.holdUntil - now + 1);
  }
}
