/**
 * The one mechanism of reading: a cursor walks over a room's tail as fast as its reader pulls, reads from
 * the store when it has fallen off the tail, and waits when it has everything.
 */
import { type RoomBatch, type RoomEvent, takeBatch } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import type { Tail } from "./tail.ts";

/** A room that can be read. */
export interface Feed {
  readonly room: string;
  readonly tail: Tail;
  /** Stored events after `after`, in order, at most `count`; may be fewer, but not none if there are any. */
  read(after: number, count: number): Promise<readonly RoomEvent[]>;
}

/**
 * Every event after `after`, once, in order, live without end.
 *
 * 1. A batch is pulled: nothing is read ahead, so a slow reader holds one batch.
 * 2. Each batch begins right after the one before.
 * 3. Returns when the signal aborts, when the room's epoch is no longer `epoch`, or when its head is before the
 *    cursor, as after an older copy was put back: begin again then.
 * 4. Throws what `read` throws.
 */
export async function* follow(
  feed: Feed,
  { epoch, after }: { epoch: string; after: number },
  { signal }: { signal: AbortSignal },
): AsyncGenerator<RoomBatch, void, void> {
  const { tail, room } = feed;
  const leave = tail.enter();
  const bytes = limits.followBytes;
  let count: number = limits.batchEvents;
  try {
    while (!signal.aborted && tail.epoch === epoch) {
      if (after > tail.head) return;
      if (after === tail.head) {
        await tail.changed({ signal });
        continue;
      }
      // The store may have what the tail was not given yet: a cursor ahead of the tail would be taken for a strange one.
      const found = tail.slice(after, { bytes }) ??
        await feed.read(after, Math.min(count, tail.head - after));
      const events = takeBatch(found, { count, bytes });
      if (signal.aborted || tail.epoch !== epoch) return;
      const first = after + 1;
      if (events[0]?.seq !== first || events.at(-1)?.seq !== after + events.length) {
        throw new RangeError(`Cannot read "${room}" after ${after}: what came next has a hole.`);
      }
      yield { room, epoch, first, events };
      after += events.length;
      // Where texts are long, most of a full read would be for nothing.
      count = events.length < found.length ? Math.ceil(events.length * 1.25) : limits.batchEvents;
    }
  } finally {
    leave();
  }
}
