/** A message with this person's own acts on it that are still under way: shown at once, and shown as pending. */
import type { Principal } from "../protos/events.ts";
import { type Message, react, type Reaction, unreact } from "./message.ts";
import type { Pending } from "./outbox.ts";

/** An emoji under a message. */
export interface ShownReaction extends Reaction {
  readonly mine: boolean;
  /** This person's part in it is not stored yet. */
  readonly pending: boolean;
}

/** What is shown of a message's own. */
export interface Overlaid {
  readonly text: string;
  readonly edited: boolean;
  readonly deleted: boolean;
  /** The text, or that it is gone, is not stored yet. */
  readonly pending: boolean;
  readonly reactions: readonly ShownReaction[];
}

/** Puts acts over a message, in their order. A failed one is not put on: it is undone, and told of. */
export function overlay(message: Message, acts: readonly Pending[], me: Principal): Overlaid {
  const under = acts.filter(({ fate }) => fate.is !== "failed");
  const self = { author: me.id, sender: me.name };
  let { text, deleted, reactions } = message;
  let edited = message.edited > 0;
  let pending = false;
  const unsure = new Set<string>();
  for (const { act, fate } of under) {
    const stored = fate.is === "stored";
    if (act.is === "react") {
      reactions = act.remove ? unreact(reactions, act.emoji, me.id) : react(reactions, act.emoji, self);
      if (!stored) unsure.add(act.emoji);
    } else if (act.is !== "send") {
      pending ||= !stored;
      deleted ||= act.is === "delete";
      edited = true;
      text = act.is === "edit" ? act.text : "";
    }
  }
  if (deleted) return { text: "", edited: false, deleted, pending, reactions: [] };
  const shown = reactions.map((reaction) => ({
    ...reaction,
    mine: me.id !== "" && reaction.by.some(({ author }) => author === me.id),
    pending: unsure.has(reaction.emoji),
  }));
  return { text, edited, deleted, pending, reactions: shown };
}
