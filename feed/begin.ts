/** Where a reader begins: the decision that joining, replaying and resuming share. Pure. */
import { ChatError } from "../protos/errors.ts";
import { isReadable, type RoomEvent, sizeOf } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import type { Feed } from "./follow.ts";

/** How a reader asks to begin: `Follow` of chat.proto, parsed. */
export type Start =
  | { readonly replay: "LAST_N"; readonly count: number }
  | { readonly replay: "RESUME"; readonly epoch: string; readonly seq: number }
  | { readonly replay: "SINCE"; readonly since: string }
  | { readonly replay: "NONE" };

/** Where it does begin. */
export interface Begun {
  /** The first event given is `after + 1`. */
  readonly after: number;
  /** False: what the reader holds is not this room's past. */
  readonly recovered: boolean;
}

/** A cursor of nothing (no epoch, seq 0) is resumed from the room's first event. */
export function canResume(
  cursor: { readonly epoch: string; readonly seq: number },
  room: { readonly epoch: string; readonly head: number },
): boolean {
  const nothing = cursor.epoch === "" && cursor.seq === 0;
  return nothing || (cursor.epoch === room.epoch && cursor.seq <= room.head);
}

/**
 * Decides where a reader begins in a feed, as it is when this resolves. One who cannot be resumed is given what one
 * who is new would be given.
 */
export async function beginIn(feed: Feed, start: Start): Promise<Begun & { epoch: string; head: number }> {
  for (;;) {
    const { epoch, head } = feed.tail;
    const begun = await beginAt(feed, start, { epoch, head });
    // A room that began another life meanwhile is looked at again: no answer may mix two of them.
    if (feed.tail.epoch === epoch) return { epoch, head: feed.tail.head, ...begun };
  }
}

async function beginAt(feed: Feed, start: Start, room: { epoch: string; head: number }): Promise<Begun> {
  switch (start.replay) {
    case "LAST_N":
      return { after: await beforeLast(feed, start.count, room.head), recovered: true };
    case "NONE":
      return { after: room.head, recovered: true };
    case "SINCE":
      return { after: await firstSince(feed, start.since) - 1, recovered: true };
    case "RESUME":
      if (canResume(start, room)) return { after: start.seq, recovered: true };
      return { after: await beforeLast(feed, limits.replayDefault, room.head), recovered: false };
  }
}

/**
 * The seq before the last `count` messages that can be read, with whatever else happened between them: fewer where
 * so much happened that it would be more than {@linkcode limits.replayMost} events.
 */
async function beforeLast(feed: Feed, count: number, head: number): Promise<number> {
  const least = Math.max(0, head - limits.replayMost);
  let before = head + 1;
  while (count > 0 && before > least + 1) {
    const after = Math.max(least, before - 1 - limits.batchEvents);
    const events = await readBetween(feed, after, before);
    if (events.length === 0) break;
    for (let i = events.length - 1; i >= 0 && count > 0; i--) {
      const event = events[i];
      if (!event) break;
      before = event.seq;
      if (isReadable(event)) count--;
    }
  }
  return before - 1;
}

/** The events after `after` and before `before`, both exclusive, however many reads that takes. */
async function readBetween(feed: Feed, after: number, before: number): Promise<RoomEvent[]> {
  const events: RoomEvent[] = [];
  while (after < before - 1) {
    const read = feed.tail.slice(after) ?? await feed.read(after, before - 1 - after);
    if (read.length === 0) break;
    events.push(...read.slice(0, before - 1 - after));
    after += read.length;
  }
  return events;
}

/** The last events before `before`, at most `count` and about a batch in bytes, read piece by piece from the end. */
export async function readBack(
  feed: Feed,
  { before, count }: { before: number; count: number },
): Promise<readonly RoomEvent[]> {
  const newestFirst: RoomEvent[] = [];
  let bytes = 0;
  for (let end = before; newestFirst.length < count && end > 1;) {
    const piece = await readBetween(feed, Math.max(0, end - 1 - pieceEvents), end);
    if (piece.length === 0) break;
    for (const event of piece.toReversed()) {
      bytes += sizeOf(event);
      const full = newestFirst.length === count || (bytes > limits.batchBytes && newestFirst.length > 0);
      if (full) return newestFirst.reverse();
      newestFirst.push(event);
    }
    end -= piece.length;
  }
  return newestFirst.reverse();
}

/** A page of the longest texts has about so many. */
const pieceEvents = 20;

/** The seq of the first event at or after a time, or head + 1: a room's time never runs backwards. */
async function firstSince(feed: Feed, time: string): Promise<number> {
  let low = 1;
  let high = feed.tail.head + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [event] = feed.tail.slice(middle - 1) ?? await feed.read(middle - 1, 1);
    if (event && Date.parse(event.timestamp) < Date.parse(time)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `Follow` or `StreamRequest` as it came off a wire. */
export interface AskedStart {
  readonly replay?: string | undefined;
  readonly after?:
    | { readonly epoch?: string | undefined; readonly seq?: number | undefined }
    | null
    | undefined;
  readonly count?: number | undefined;
  readonly since?: string | undefined;
}

/** Parses how a reader asks to begin. Throws INVALID_ARGUMENT. */
export function parseStart({ replay = "REPLAY_LAST_100", after, count = 0, since = "" }: AskedStart): Start {
  switch (replay) {
    case "REPLAY_LAST_100":
      return { replay: "LAST_N", count: limits.replayDefault };
    case "REPLAY_LAST_N":
      if (count <= limits.replayMost) return { replay: "LAST_N", count };
      throw new ChatError(
        "INVALID_ARGUMENT",
        `Cannot replay ${count} messages: at most ${limits.replayMost} can be asked for, resume from a cursor instead.`,
      );
    case "REPLAY_RESUME":
      return { replay: "RESUME", epoch: after?.epoch ?? "", seq: after?.seq ?? 0 };
    case "REPLAY_SINCE": {
      const time = Date.parse(since);
      if (!Number.isNaN(time)) return { replay: "SINCE", since: new Date(time).toISOString() };
      throw new ChatError(
        "INVALID_ARGUMENT",
        // The words travel in a header, which has no place for long ones.
        `Cannot replay since ${JSON.stringify(since.slice(0, 40).toWellFormed())}: ` +
          "it is not a time, write it like 2026-01-31T12:00:00Z.",
      );
    }
    case "REPLAY_NONE":
      return { replay: "NONE" };
    default:
      throw new ChatError("INVALID_ARGUMENT", `Cannot replay "${replay}": there is no such mode.`);
  }
}
