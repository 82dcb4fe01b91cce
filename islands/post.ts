import { type ReadonlySignal, signal } from "@preact/signals";
import type { Principal, RoomEvent } from "../protos/events.ts";
import type { Cursor__Output } from "../protos/gen/chat/Cursor.ts";
import { clientId } from "./client_id.ts";
import type { Answer, Command, Commands } from "./commands.ts";
import { disowns } from "./connection.ts";
import { type Kept, KeptOutbox } from "./kept_outbox.ts";
import * as outboxes from "./outbox.ts";
import type { Act, Outbox, Pending } from "./outbox.ts";

/** What the post needs to know. */
export interface PostEnds {
  /** Whether commands may be given now. */
  isLive(): boolean;
  /** Where the room's reader stands; null before it is known. Undefined if nobody reads it: no event will come. */
  cursorOf(room: string): Cursor__Output | null | undefined;
  /** The server does not take the person for who the token says any more. */
  disowned(why: string): void;
}

/** Brings what this person does to the server: the driver of the outbox, which is also kept in the browser. */
export class Post {
  readonly #commands: Commands;
  readonly #ends: PostEnds;
  readonly #kept = new KeptOutbox();
  readonly #outbox = signal<Outbox>(outboxes.emptyOutbox());
  /** What others, or this person under another id, left in this browser. */
  readonly #strange = signal<readonly Kept[]>([]);
  #by: Principal = { id: "", name: "", key: "" };
  /** What this page took out while it read what is kept: it is not to come back by that. */
  readonly #gone = new Set<string>();
  /** What was left before goes first, so nothing is sent until it is known. */
  #ready = false;
  #holdTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(commands: Commands, ends: PostEnds) {
    this.#commands = commands;
    this.#ends = ends;
  }

  get outbox(): ReadonlySignal<Outbox> {
    return this.#outbox;
  }

  /** Whether what is not sent outlives this page. */
  get lasts(): ReadonlySignal<boolean> {
    return this.#kept.lasts;
  }

  get strange(): ReadonlySignal<readonly Kept[]> {
    return this.#strange;
  }

  /** From here on it is this person who acts. What another one left stays in the browser, and is not sent. */
  async serve(by: Principal): Promise<void> {
    if (by.id !== this.#by.id) this.#become(by);
    this.#gone.clear();
    const kept = await this.#kept.all();
    if (this.#by.id !== by.id) return;
    this.#ready = true;
    this.#strange.value = kept.filter((one) => one.by.id !== by.id);
    const left = kept.filter((one) => one.by.id === by.id && !this.#gone.has(one.item.clientId));
    this.#change((outbox) => outboxes.merge(outbox, left.map(({ item }) => item)));
    this.flush();
  }

  /** Does it now, or as soon as there is a connection. */
  act(room: string, act: Act): void {
    const pending = { clientId: clientId(), room, act, at: Date.now() };
    this.#change((outbox) => outboxes.enqueue(outbox, pending));
  }

  retry(id: string): void {
    this.#change((outbox) => outboxes.retry(outbox, id, clientId()));
  }

  discard(id: string): void {
    this.#change((outbox) => outboxes.discard(outbox, id));
  }

  /** Forgets what others left. */
  discardStrange(): void {
    for (const { by, item } of this.#strange.value) this.#kept.drop(by.id, item.clientId);
    this.#strange.value = [];
  }

  /** Gives everything up. */
  clear(): void {
    clearTimeout(this.#holdTimer);
    this.#change(() => outboxes.emptyOutbox());
  }

  lost(): void {
    this.#change(outboxes.lost);
  }

  settle(room: string, { events, cursor }: { events: readonly RoomEvent[]; cursor: Cursor__Output }): void {
    this.#change((outbox) => outboxes.settle(outbox, { room, me: this.#by.id, events, cursor }));
  }

  /** Sends what may be sent, one act a frame: sixteen long texts together would pass the frame limit. */
  flush(): void {
    if (!this.#ready || !this.#ends.isLive()) return;
    const now = performance.now();
    let outbox = this.#outbox.value;
    for (const item of outboxes.sendable(outbox, now)) {
      const id = this.#commands.ask(commandOf(item), (answer) => this.#answered(id, item, answer));
      outbox = outboxes.dispatched(outbox, item.clientId, id);
    }
    this.#outbox.value = outbox;
    clearTimeout(this.#holdTimer);
    if (outbox.holdUntil > now) this.#holdTimer = setTimeout(() => this.flush(), outbox.holdUntil - now + 1);
  }

  #become(by: Principal): void {
    const before = this.#by;
    const { items } = this.#outbox.value;
    this.#by = by;
    this.#ready = false;
    this.#outbox.value = outboxes.emptyOutbox();
    if (before.id !== "") return;
    // Done before the server had told who this is.
    if (before.name === by.name) this.#change((outbox) => outboxes.merge(outbox, items));
    else for (const item of outboxes.keepable(items)) this.#kept.put({ by: before, item });
  }

  #answered(id: number, { room }: Pending, answer: Answer): void {
    if (answer.is === "sent") {
      this.#change((outbox) => outboxes.stored(outbox, id, answer.body));
      const cursor = this.#ends.cursorOf(room);
      if (cursor) this.settle(room, { events: [], cursor });
      else if (cursor === undefined) this.#change((outbox) => outboxes.settleUnread(outbox, room));
    }
    if (answer.is !== "refused") return;
    const { code, message } = answer.body;
    const disowned = disowns(code);
    const refusal = { ...answer.body, retry: answer.body.retry || disowned };
    this.#change((outbox) =>
      outboxes.refused(outbox, id, { ...refusal, now: performance.now(), dice: Math.random() })
    );
    if (disowned) this.#ends.disowned(message);
  }

  #change(to: (outbox: Outbox) => Outbox): void {
    const before = this.#outbox.value;
    const after = to(before);
    if (after === before) return;
    this.#outbox.value = after;
    if (this.#by.id) this.#keep(before.items, after.items);
    this.flush();
  }

  #keep(before: readonly Pending[], after: readonly Pending[]): void {
    const by = this.#by;
    const { put, drop } = outboxes.differences(before, after);
    for (const item of put) this.#kept.put({ by, item });
    for (const id of drop) {
      this.#gone.add(id);
      this.#kept.drop(by.id, id);
    }
  }
}

/** Half a character, as a cut through an emoji leaves it, would be refused with all the rest of the text. */
function whole(text: string): string {
  return text.toWellFormed();
}

function commandOf({ clientId, room, act }: Pending): Command {
  switch (act.is) {
    case "send":
      return {
        send: { room, clientId, text: whole(act.text), ...(act.replyTo > 0 && { replyTo: act.replyTo }) },
      };
    case "edit":
      return { edit: { room, clientId, target: act.target, text: whole(act.text) } };
    case "delete":
      return { delete: { room, clientId, target: act.target } };
    case "react": {
      const { target, emoji, remove } = act;
      return { react: { room, clientId, target, emoji, ...(remove && { remove }) } };
    }
  }
}
