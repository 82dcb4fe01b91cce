/** A message as the page shows it: what was said, and what later events made of it. All changes are pure. */
import type { RoomEvent } from "../protos/events.ts";

/** Who put a reaction on a message. */
export interface Reactor {
  readonly author: string;
  readonly name: string;
}

/** An emoji on a message, and who put it there, in their order. */
export interface Reaction {
  readonly emoji: string;
  readonly by: readonly Reactor[];
}

/** Something that was said and is stored, as it is now. */
export interface Message {
  readonly is: "message";
  readonly seq: number;
  /** When the server accepted it, in milliseconds. */
  readonly at: number;
  /** The id of who said it; empty for a name that was taken at its word. */
  readonly author: string;
  readonly sender: string;
  readonly clientId: string;
  /** Empty if it was deleted. */
  readonly text: string;
  /** The seq of the message that this replies to; 0 for none. */
  readonly replyTo: number;
  /** Canonical names. */
  readonly mentions: readonly string[];
  /** The seq of the newest edit; 0 for none. */
  readonly edited: number;
  readonly deleted: boolean;
  readonly reactions: readonly Reaction[];
}

/** The message that an event brought; undefined if it brought none. */
export function messageOf(event: RoomEvent): Message | undefined {
  const { message, seq, author, sender, clientId, timestamp } = event;
  if (!message) return undefined;
  const { text, replyTo = 0, mentions = [], edited = 0, deleted } = message;
  const at = Date.parse(timestamp);
  const now = { text, replyTo, mentions, edited, deleted: Boolean(deleted), reactions: [] };
  return { is: "message", seq, at, author, sender, clientId, ...now };
}

/** The message after an event that names it; the same object if that changes nothing. */
export function changed(message: Message, event: RoomEvent): Message {
  if (message.deleted) return message;
  const { edited, reacted, unreacted } = event;
  if (event.deleted) return { ...message, text: "", mentions: [], deleted: true, reactions: [] };
  if (edited) {
    // The message may have been read later than this event: then it has a newer text already.
    if (event.seq <= message.edited) return message;
    return { ...message, text: edited.text, mentions: edited.mentions ?? [], edited: event.seq };
  }
  if (reacted) return { ...message, reactions: react(message.reactions, reacted.emoji, event) };
  if (unreacted) return { ...message, reactions: unreact(message.reactions, unreacted.emoji, event.author) };
  return message;
}

/** With one more reaction; a repeated one changes nothing. */
export function react(
  reactions: readonly Reaction[],
  emoji: string,
  { author, sender: name }: { author: string; sender: string },
): readonly Reaction[] {
  const reactor = { author, name };
  const there = reactions.find((reaction) => reaction.emoji === emoji);
  if (!there) return [...reactions, { emoji, by: [reactor] }];
  if (there.by.some((one) => one.author === author)) return reactions;
  return reactions.map((one) => one === there ? { emoji, by: [...there.by, reactor] } : one);
}

/** Without a person's reaction; an emoji that nobody holds up any more goes. */
export function unreact(reactions: readonly Reaction[], emoji: string, author: string): readonly Reaction[] {
  return reactions.flatMap((reaction) => {
    if (reaction.emoji !== emoji) return [reaction];
    const by = reaction.by.filter((one) => one.author !== author);
    if (by.length === reaction.by.length) return [reaction];
    return by.length > 0 ? [{ emoji, by }] : [];
  });
}
