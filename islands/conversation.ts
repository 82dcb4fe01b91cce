/**
 * The conversation as this page holds it: the messages up to a cursor, and the outbox beside them.
 * All changes are pure.
 */
import type { Batch__Output } from "../protos/gen/chat/Batch.ts";
import type { Cursor__Output } from "../protos/gen/chat/Cursor.ts";
import type { Event__Output } from "../protos/gen/chat/Event.ts";
import type { Followed__Output } from "../protos/gen/chat/Followed.ts";
import { emptyOutbox, type Outbox, settle } from "./outbox.ts";

/** Something that was said and is stored. */
export interface Message {
  seq: number;
  sender: string;
  clientId: string;
  text: string;
  /** When the server accepted it, in milliseconds. */
  at: number;
}

/** What a page holds of its room: what was said, what is on its way, and the place in the log. */
export interface Conversation {
  /** This person's name, as the server has it. */
  me: string;
  /** The last event held; null before the first follow. */
  cursor: Cursor__Output | null;
  /** The newest event that the server told of. */
  head: number;
  /** Everything after this seq is held; 0 if that is all there ever was. */
  from: number;
  messages: readonly Message[];
  /** The server could not continue from the cursor, and the messages held before were dropped. */
  reset: boolean;
  outbox: Outbox;
}

/** What must never be: an event that does not continue what is held. */
export interface Gap {
  expected: Cursor__Output;
  got: Cursor__Output;
}

/** Messages held and shown. Past it the oldest go, some at a time. */
export const mostMessages = 2_000;
const slack = 200;

/** A conversation that has heard nothing yet. */
export function startConversation(me: string, outbox: Outbox = emptyOutbox()): Conversation {
  return { me, cursor: null, head: 0, from: 0, messages: [], reset: false, outbox };
}

/** Takes the server's word on where the reader stands. Only an exact continuation keeps what is held. */
export function follow(conversation: Conversation, followed: Followed__Output): Conversation {
  const { epoch, after } = followed;
  const { cursor } = conversation;
  const head = Math.max(followed.head, after);
  if (cursor && followed.recovered && cursor.epoch === epoch && cursor.seq === after) {
    return { ...conversation, head };
  }
  const place = { epoch, seq: after };
  const outbox = settle(conversation.outbox, { me: conversation.me, events: [], cursor: place });
  const reset = conversation.reset || cursor !== null;
  return { ...conversation, cursor: place, head, from: after, messages: [], reset, outbox };
}

/** Takes events in, up to the first that does not continue what is held. */
export function take(
  conversation: Conversation,
  { epoch, first, events }: Batch__Output,
): { conversation: Conversation; gap: Gap | null } {
  const { cursor, me } = conversation;
  if (cursor?.epoch !== epoch) {
    const expected = cursor ?? { epoch: "", seq: 0 };
    return { conversation, gap: { expected, got: { epoch, seq: events[0]?.seq ?? first } } };
  }
  const wrong = events.findIndex(({ seq }, index) => seq !== cursor.seq + 1 + index);
  const taken = wrong < 0 ? events : events.slice(0, wrong);
  const place = { epoch, seq: cursor.seq + taken.length };
  const gap = wrong < 0
    ? null
    : { expected: { epoch, seq: place.seq + 1 }, got: { epoch, seq: events[wrong]?.seq ?? 0 } };
  const outbox = settle(conversation.outbox, { me, events: taken, cursor: place });
  const head = Math.max(conversation.head, place.seq);
  const all = [...conversation.messages, ...taken.flatMap(message)];
  return {
    conversation: { ...conversation, ...trimmed(conversation, all), cursor: place, head, outbox },
    gap,
  };
}

/** Events that the server told of and that are not here yet. */
export function missing({ cursor, head }: Conversation): number {
  return cursor ? head - cursor.seq : 0;
}

function trimmed({ from }: Conversation, all: readonly Message[]): Pick<Conversation, "from" | "messages"> {
  if (all.length <= mostMessages + slack) return { from, messages: all };
  const messages = all.slice(-mostMessages);
  return { from: (messages[0]?.seq ?? 1) - 1, messages };
}

function message({ seq, sender, clientId, timestamp, message }: Event__Output): Message[] {
  if (!message) return [];
  return [{ seq, sender, clientId, text: message.text, at: Date.parse(timestamp) }];
}
