import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Draft, loadDraft, saveDraft } from "./kept.ts";

/** What is being written, for each room. It is never lost: not to a refusal, not to a reload. */
export class Drafts {
  readonly #drafts = new Map<string, Signal<Draft>>();

  of(room: string): ReadonlySignal<Draft> {
    return this.#of(room);
  }

  /** What the field shows: the changed text of a message, or the next one. */
  write(room: string, text: string): void {
    const { edit } = this.#of(room).value;
    this.change(room, edit ? { edit: { ...edit, text } } : { text });
  }

  change(room: string, to: Partial<Draft>): void {
    const draft = this.#of(room);
    draft.value = { ...draft.value, ...to };
    saveDraft(room, draft.value);
  }

  /** Puts words below what is being written, or behind it on the same line. */
  add(room: string, words: string, between = "\n"): void {
    const { text } = this.#of(room).value;
    this.change(room, { text: text ? `${text.replace(/\s$/, "")}${between}${words}` : words });
  }

  /** The room's history was reset: what a seq named is gone, and the words stay. */
  detach(room: string): void {
    const { edit } = this.#of(room).value;
    this.change(room, { replyTo: 0, edit: null });
    if (edit?.text) this.add(room, edit.text);
  }

  #of(room: string): Signal<Draft> {
    const draft = this.#drafts.get(room) ?? signal(loadDraft(room));
    this.#drafts.set(room, draft);
    return draft;
  }
}
