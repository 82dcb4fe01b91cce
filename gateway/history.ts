/** Stored events, fetched once: from the room's tail or the pages that all readers share. */
import type { Tail } from "../feed/tail.ts";
import { ChatError } from "../protos/errors.ts";
import { revise, type RoomBatch, type RoomEvent, sizeOf, takeBatch } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import type { Body } from "./commands.ts";
import type { Room } from "./room.ts";

/** What is asked for. */
export type Asked = Omit<Body<"read">, "person" | "room">;

/** Throws INVALID_ARGUMENT if so many events cannot be asked for. */
export function checkCount(count: number): void {
  if (count >= 1 && count <= limits.batchEvents) return;
  throw new ChatError("INVALID_ARGUMENT", `Cannot read ${count} events: ask for 1 to ${limits.batchEvents}.`);
}

/** What a page is read from. */
export type Source = Pick<Room, "room" | "tail" | "read" | "page">;

/**
 * A page forward from `after`, or one back from `before`, as a function that gives it as it is by then: what was edited
 * or deleted while other pieces of it were read, or while it waited for its turn, is so in it. The room must have caught
 * up. Changes that have left the tail meanwhile are not seen.
 */
export async function readHistory(room: Source, asked: Asked): Promise<() => RoomBatch> {
  for (;;) {
    const { epoch, head } = room.tail;
    const { after, events } = asked.before > 0 ? await readBack(room, asked) : await readOn(room, asked);
    // A room that began another life meanwhile is read again: no page may mix two of them.
    if (room.tail.epoch !== epoch) continue;
    const page: RoomBatch = { room: room.room, epoch, first: after + 1, events };
    return () => room.tail.epoch === epoch ? changedSince(room.tail, { head, page }) : page;
  }
}

function changedSince(tail: Tail, { head, page }: { head: number; page: RoomBatch }): RoomBatch {
  let { events } = page;
  for (let seq = Math.max(head, tail.base) + 1; seq <= tail.head; seq++) {
    const change = tail.at(seq);
    if (change?.edited || change?.deleted) events = events.map((event) => revise(event, change));
  }
  return { ...page, events };
}

interface Range {
  readonly after: number;
  readonly events: readonly RoomEvent[];
}

/** Piece by piece, until there are enough, or enough bytes of them. */
async function readOn(room: Source, { after, count }: Asked): Promise<Range> {
  const events: RoomEvent[] = [];
  for (
    let bytes = 0;
    events.length < count && bytes < limits.batchBytes && after + events.length < room.tail.head;
  ) {
    const from = after + events.length;
    const piece = room.tail.slice(from) ?? await room.read(from, limits.batchEvents);
    events.push(...piece);
    for (const event of piece) bytes += sizeOf(event);
  }
  return { after, events: takeBatch(events, { count, bytes: limits.batchBytes }) };
}

/** From the newest one wanted back, piece by piece, until there are enough, or enough bytes of them. */
async function readBack(room: Source, { before, count }: Asked): Promise<Range> {
  const last = Math.min(before - 1, room.tail.head);
  const wanted = last - Math.max(0, last - count);
  const events: RoomEvent[] = [];
  let bytes = 0;
  for (let seq = last; events.length < wanted;) {
    for (const event of await pieceUpTo(room, seq)) {
      bytes += sizeOf(event);
      if (events.length === wanted || (bytes > limits.batchBytes && events.length > 0)) {
        return rangeOf(events, last);
      }
      events.push(event);
    }
    seq = last - events.length;
  }
  return rangeOf(events, last);
}

/** Events up to a seq, the newest first; at least that one. */
async function pieceUpTo(room: Source, seq: number): Promise<RoomEvent[]> {
  const held = room.tail.at(seq);
  if (held) return [held];
  const page = await room.page(seq, { few: false });
  return page.filter((event) => event.seq <= seq).reverse();
}

function rangeOf(newestFirst: readonly RoomEvent[], last: number): Range {
  return { after: last - newestFirst.length, events: newestFirst.toReversed() };
}
