import { type ReadonlySignal, signal } from "@preact/signals";
import type { Message } from "./message.ts";
import type { Pending } from "./outbox.ts";
import { overlay } from "./overlay.ts";
import type { Rows, Said } from "./rows.ts";
import type { Scroller } from "./scroller.ts";
import type { Session } from "./session.ts";

/** What is open over the messages, and of which one. */
export type Opened =
  /** The emoji to choose from, beside the button that was pressed. */
  | { readonly is: "picker"; readonly said: Said; readonly at: DOMRect }
  /** All that can be done, for fingers. */
  | { readonly is: "menu"; readonly said: Said }
  /** The question before a deletion. */
  | { readonly is: "deletion"; readonly said: Said };

/** What a person can do with messages of the room that is shown. */
export class Acting {
  readonly session: Session;
  readonly #opened = signal<Opened | null>(null);
  #scroller: Scroller | null = null;

  constructor(session: Session) {
    this.session = session;
  }

  get opened(): ReadonlySignal<Opened | null> {
    return this.#opened;
  }

  open(opened: Opened): void {
    this.#opened.value = opened;
  }

  close(): void {
    this.#opened.value = null;
  }

  /** The messages are shown by this scroller; returns what ends it. */
  shows(scroller: Scroller): () => void {
    this.#scroller = scroller;
    return () => {
      if (this.#scroller === scroller) this.#scroller = null;
    };
  }

  /** What this person may do with it now. */
  may({ message, mine, acts }: Said): { react: boolean; edit: boolean; delete: boolean } {
    const { room, directory, me } = this.session;
    const archived = directory.rooms.value.get(room.value.name)?.archived ?? false;
    const going = acts.some(({ act, fate }) => act.is === "delete" && fate.is !== "failed");
    const there = message !== null && !message.deleted && !going && me.value.id !== "";
    return { react: there && !archived, edit: there && mine && !archived, delete: there && mine };
  }

  /** Puts an emoji on it, or takes the own one off. */
  react({ message, acts }: Said, emoji: string): void {
    if (!message) return;
    const { reactions } = overlay(message, acts, this.session.me.value);
    const remove = reactions.some((reaction) => reaction.mine && reaction.emoji === emoji);
    this.#act({ is: "react", target: message.seq, emoji, remove });
    this.session.tell(remove ? `Took ${emoji} off.` : `Reacted with ${emoji}.`);
  }

  reply({ message }: Said): void {
    if (!message) return;
    this.#draft({ replyTo: message.seq, edit: null });
    this.session.tell(`Replying to ${message.sender}.`);
    toField();
  }

  edit({ message, acts }: Said): void {
    if (!message) return;
    const { text } = overlay(message, acts, this.session.me.value);
    this.#draft({ edit: { target: message.seq, text } });
    this.session.tell("Changing your message. Escape cancels.");
    toField();
  }

  /** Begins to change the last own message; false if there is none. */
  editLast(rows: Rows | null): boolean {
    const last = rows?.findLast((one) => this.may(one).edit);
    if (last) this.edit(last);
    return last !== undefined;
  }

  delete({ message }: Said): void {
    if (!message) return;
    const { room, drafts } = this.session;
    const { edit, replyTo } = drafts.of(room.value.name).value;
    if (edit?.target === message.seq) this.#draft({ edit: null });
    if (replyTo === message.seq) this.#draft({ replyTo: 0 });
    this.#act({ is: "delete", target: message.seq });
    this.session.tell("Message deleted.");
    toField();
  }

  /** Takes a refused act back into the field. */
  takeBack({ clientId, act }: Pending): void {
    const { post, drafts, room } = this.session;
    post.discard(clientId);
    if (act.is === "send") drafts.add(room.value.name, act.text);
    if (act.is === "edit") this.#draft({ edit: { target: act.target, text: act.text } });
    toField();
  }

  /** Leads to a message, and loads what lies between. */
  async jump(seq: number): Promise<void> {
    const room = this.session.room.value;
    await room.reach(seq);
    await this.#scroller?.lead(seq);
    const target = document.querySelector<HTMLElement>(`[role=log] [data-seq="${seq}"]`);
    if (!target) return this.session.tell("That message is too far up to be shown.");
    target.focus({ preventScroll: true });
    target.classList.remove("found");
    requestAnimationFrame(() => target.classList.add("found"));
  }

  #act(act: Parameters<Session["post"]["act"]>[1]): void {
    this.session.post.act(this.session.room.value.name, act);
  }

  #draft(to: Parameters<Session["drafts"]["change"]>[1]): void {
    this.session.drafts.change(this.session.room.value.name, to);
  }
}

/** Whether a message is still there for a reply or a change. */
export function isThere(message: Message | undefined): message is Message {
  return message !== undefined && !message.deleted;
}

/** The field is where the person goes on. */
export function toField(): void {
  // With the next frame, in which what was open goes and gives the focus back.
  requestAnimationFrame(() => document.getElementById("text")?.focus());
}
