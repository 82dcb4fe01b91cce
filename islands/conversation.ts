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
  /** Characters of text that came with the lines. */
  readonly chars: number;
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

/** Lines held. Past it the oldest go, some at a time. */
export const mostLines = 20_000;
const slack = 1_000;
/** Changes held. A room may have many more reactions than messages. */
export const mostChanges = 30_000;
/** Characters held: lines may be 16 KB long each. */
export const mostChars = 8_000_000;
/** Lines held of a room that is not shown: whoever comes back begins near its end. */
export const fewLines = 1_000;

/** A conversation that has heard nothing yet. */
export function startConversation(): Conversation {
  return { cursor: null, head: 0, from: 0, floor: 0, lines: [], chars: 0, changes: [], reset: false };
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
  return { ...conversation, from: first - 1, lines, chars: conversation.chars + page.chars, changes };
}

/** Holds the newest lines only. */
export function shed(conversation: Conversation): Conversation {
  return conversation.lines.length > fewLines ? cut(conversation, fewLines) : conversation;
}

/** Events that the server told of and that are not here yet. */
export function missing({ cursor, head }: Conversation): number {
  return cursor ? head - cursor.seq : 0;
}

/** Whether there may be earlier events that would still fit in. */
export function hasEarlier({ cursor, from, floor, lines, chars }: Conversation): boolean {
  return cursor !== null && from > floor && lines.length < mostLines && chars < mostChars;
}

/** The message of this seq, if it is held. */
export function messageAt({ lines }: Pick<Conversation, "lines">, seq: number): Message | undefined {
  const line = lines[indexFrom(lines, seq)];
  return line?.is === "message" && line.seq === seq ? line : undefined;
}

/** Where the first line of this seq or a later one is, by halving; after the last one if there is none. */
export function indexFrom(lines: readonly Line[], seq: number): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.seq ?? 0) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The newest settings among the lines; null if none are there. */
export function settingsOf(lines: readonly Line[]): Settings | null {
  return lines.findLast((line): line is Notice => line.is === "notice")?.now ?? null;
}

function fold(conversation: Conversation, events: readonly RoomEvent[]): Conversation {
  const lines = [...conversation.lines];
  const changes = [...conversation.changes];
  let { chars } = conversation;
  for (const event of events) {
    const message = messageOf(event);
    const target = targetOf(event);
    chars += (event.message ?? event.edited)?.text.length ?? 0;
    if (message) lines.push(message);
    else if (event.settings) lines.push(notice(event, settingsOf(lines)));
    else if (target !== undefined) {
      changes.push(event);
      const at = indexFrom(lines, target);
      const line = lines[at];
      if (line?.is === "message" && line.seq === target) lines[at] = changed(line, event);
    }
  }
  return { ...conversation, lines, chars, changes };
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
  const { lines, changes, chars } = conversation;
  const fits = lines.length <= mostLines + slack && changes.length <= mostChanges + slack &&
    chars <= mostChars;
  return fits ? conversation : cut(conversation, mostLines);
}

/** Lets the oldest go, until so many lines are left at most, and no more changes and characters than may be. */
function cut(conversation: Conversation, most: number): Conversation {
  const { lines, changes, from } = conversation;
  const byLines = lines.at(-most - 1)?.seq ?? from;
  const byChanges = changes.at(-mostChanges - 1)?.seq ?? from;
  const { start, chars } = weigh(conversation, Math.max(from, byLines, byChanges));
  const after = ({ seq }: { seq: number }) => seq > start;
  return { ...conversation, from: start, lines: lines.filter(after), chars, changes: changes.filter(after) };
}

/** How many characters came after this seq; after a later one, if they are too many. */
function weigh({ lines, changes }: Conversation, start: number): { start: number; chars: number } {
  let chars = 0;
  for (let line = lines.length - 1, change = changes.length - 1; line >= 0 || change >= 0;) {
    const [one, other] = [lines[line], changes[change]];
    const isLine = (one?.seq ?? 0) > (other?.seq ?? 0);
    const seq = (isLine ? one : other)?.seq ?? 0;
    if (seq <= start) break;
    const more = isLine ? textOf(one) : other?.edited?.text ?? "";
    // Some at a time.
    if (chars + more.length > mostChars * 0.9) return { start: seq, chars };
    chars += more.length;
    if (isLine) line--;
    else change--;
  }
  return { start, chars };
}

function textOf(line: Line | undefined): string {
  return line?.is === "message" ? line.text : "";
}

function isKnown(event: RoomEvent | UnknownEvent): event is RoomEvent {
  return !("unknown" in event);
}
