/**
 * A room as this page holds it: a fold over its events from one place to another, without a hole. All changes
 * are pure.
 */
import { type RoomEvent, targetOf } from "../protos/events.ts";
import type { Cursor__Output } from "../protos/gen/chat/Cursor.ts";
import type { Followed__Output } from "../protos/gen/chat/Followed.ts";
import type { Batch, UnknownEvent } from "./frames.ts";
import { changed, type Message, messageOf } from "./message.ts";

/** A room's settings, all of them. */
export interface Settings {
  readonly topic: string;
  readonly archived: boolean;
}

/** The room was made, or its settings changed. */
export interface Notice {
  readonly is: "notice";
  readonly seq: number;
  readonly at: number;
  readonly sender: string;
  /** The settings until then; null if they are not known. */
  readonly before: Settings | null;
  readonly now: Settings;
}

/** What has a place of its own among what is shown. */
export type Line = Message | Notice;

/** What a page holds of a room. */
export interface Conversation {
  /** The last event held; null before the first follow. */
  readonly cursor: Cursor__Output | null;
  /** The newest event that the server told of. */
  readonly head: number;
  /** Everything after this seq is held; 0 if that is all there ever was. */
  readonly from: number;
  /** Nothing at or before this seq can be had any more. */
  readonly floor: number;
  readonly lines: readonly Line[];
  /** What in the range changes messages: those before it may be asked for later, and need them then. */
  readonly changes: readonly RoomEvent[];
  /** The server could not continue from the cursor, and what was held before was dropped. */
  readonly reset: boolean;
}

/** What must never be: an event that does not continue what is held. */
export interface Gap {
  readonly expected: Cursor__Output;
  readonly got: Cursor__Output;
}

/** Lines held and shown. Past it the oldest go, some at a time. */
export const mostLines = 2_000;
const slack = 200;
/** Changes held. A room may have many more reactions than messages. */
const mostChanges = 6_000;

/** A conversation that has heard nothing yet. */
export function startConversation(): Conversation {
  return { cursor: null, head: 0, from: 0, floor: 0, lines: [], changes: [], reset: false };
}

/** Takes the server's word on where the reader stands. Only an exact continuation keeps what is held. */
export function follow(conversation: Conversation, followed: Followed__Output): Conversation {
  const { epoch, after } = followed;
  const { cursor } = conversation;
  const head = Math.max(followed.head, after);
  if (cursor && followed.recovered && cursor.epoch === epoch && cursor.seq === after) {
    return { ...conversation, head };
  }
  const reset = conversation.reset || cursor !== null;
  return { ...startConversation(), cursor: { epoch, seq: after }, head, from: after, reset };
}

/** Takes events in, up to the first that does not continue what is held. */
export function take(
  conversation: Conversation,
  { epoch, first, events }: Batch,
): { conversation: Conversation; gap: Gap | null; taken: readonly RoomEvent[] } {
  const { cursor } = conversation;
  if (cursor?.epoch !== epoch) {
    const expected = cursor ?? { epoch: "", seq: 0 };
    const gap = { expected, got: { epoch, seq: events[0]?.seq ?? first } };
    return { conversation, gap, taken: [] };
  }
  const wrong = events.findIndex(({ seq }, index) => seq !== cursor.seq + 1 + index);
  const good = wrong < 0 ? events : events.slice(0, wrong);
  const place = { epoch, seq: cursor.seq + good.length };
  const gap = wrong < 0
    ? null
    : { expected: { epoch, seq: place.seq + 1 }, got: { epoch, seq: events[wrong]?.seq ?? 0 } };
  const taken = good.filter(isKnown);
  const head = Math.max(conversation.head, place.seq);
  return { conversation: trim({ ...fold(conversation, taken), cursor: place, head }), gap, taken };
}

/** Puts an earlier page before what is held. One that does not end exactly there changes nothing. */
export function prepend(conversation: Conversation, { epoch, events }: Batch): Conversation {
  const { cursor, from, floor } = conversation;
  if (cursor?.epoch !== epoch || from <= floor) return conversation;
  if (events.length === 0) return { ...conversation, floor: from };
  const first = from - events.length + 1;
  if (events.some(({ seq }, index) => seq !== first + index)) return conversation;
  const page = fold({ ...startConversation(), from: first - 1 }, events.filter(isKnown));
  const whole = fold(page, conversation.changes.filter((change) => (targetOf(change) ?? 0) <= from));
  const lines = [...whole.lines, ...knowing(conversation.lines, settingsOf(whole.lines))];
  const changes = [...page.changes, ...conversation.changes];
  return { ...conversation, from: first - 1, lines, changes };
}

/** Events that the server told of and that are not here yet. */
export function missing({ cursor, head }: Conversation): number {
  return cursor ? head - cursor.seq : 0;
}

/** Whether there may be earlier events that would still fit in. */
export function hasEarlier({ cursor, from, floor, lines }: Conversation): boolean {
  return cursor !== null && from > floor && lines.length < mostLines;
}

/** The message of this seq, if it is held. */
export function messageAt({ lines }: Pick<Conversation, "lines">, seq: number): Message | undefined {
  const line = lines[indexOf(lines, seq)];
  return line?.is === "message" ? line : undefined;
}

/** The newest settings among the lines; null if none are there. */
export function settingsOf(lines: readonly Line[]): Settings | null {
  return lines.findLast((line): line is Notice => line.is === "notice")?.now ?? null;
}

function fold(conversation: Conversation, events: readonly RoomEvent[]): Conversation {
  const lines = [...conversation.lines];
  const changes = [...conversation.changes];
  for (const event of events) {
    const message = messageOf(event);
    const target = targetOf(event);
    if (message) lines.push(message);
    else if (event.settings) lines.push(notice(event, settingsOf(lines)));
    else if (target !== undefined) {
      changes.push(event);
      const at = indexOf(lines, target);
      const line = lines[at];
      if (line?.is === "message") lines[at] = changed(line, event);
    }
  }
  return { ...conversation, lines, changes };
}

function notice(event: RoomEvent, before: Settings | null): Notice {
  const { seq, sender, timestamp } = event;
  const { topic = "", archived = false } = event.settings ?? {};
  return { is: "notice", seq, at: Date.parse(timestamp), sender, before, now: { topic, archived } };
}

/** The first notice learns what the settings were before it. */
function knowing(lines: readonly Line[], before: Settings | null): readonly Line[] {
  const first = lines.findIndex((line) => line.is === "notice");
  return lines.map((line, index) => index === first && line.is === "notice" ? { ...line, before } : line);
}

function trim(conversation: Conversation): Conversation {
  const { lines, changes, from } = conversation;
  if (lines.length <= mostLines + slack && changes.length <= mostChanges + slack) return conversation;
  const byLines = lines.length > mostLines ? (lines.at(-mostLines)?.seq ?? 1) - 1 : from;
  const byChanges = changes.length > mostChanges ? changes.at(-mostChanges - 1)?.seq ?? 0 : from;
  const start = Math.max(from, byLines, byChanges);
  const after = ({ seq }: { seq: number }) => seq > start;
  return { ...conversation, from: start, lines: lines.filter(after), changes: changes.filter(after) };
}

/** Where the line of this seq is, by halving; -1 if it is not there. */
function indexOf(lines: readonly Line[], seq: number): number {
  let low = 0;
  let high = lines.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = lines[middle]?.seq ?? 0;
    if (at === seq) return middle;
    if (at < seq) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

function isKnown(event: RoomEvent | UnknownEvent): event is RoomEvent {
  return !("unknown" in event);
}
