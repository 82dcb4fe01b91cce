/** The shapes that both doors, the log and the page share, as strict types over the generated ones. */

/** One change to a room: `Event` of chat.proto. Immutable, so that what was encoded once stays right. */
export interface RoomEvent {
  /** Its place in the room: 1, 2, 3, without gaps. */
  readonly seq: number;
  /** When the server accepted it: ISO 8601, UTC, milliseconds. Never decreases in a room. */
  readonly timestamp: string;
  readonly sender: string;
  /** Empty if the sender chose none. */
  readonly clientId: string;
  readonly message: { readonly text: string };
}

/** Consecutive events of one room: `Batch` of chat.proto. */
export interface RoomBatch {
  readonly room: string;
  readonly epoch: string;
  /** The seq of the first event. */
  readonly first: number;
  readonly events: readonly RoomEvent[];
}

/** The room that exists without being made, and that the tutorial's clients are in. */
export const lobby = "lobby";

const encoder = new TextEncoder();

/** The size of a text in bytes of UTF-8, which is what limits are counted in. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** Takes events from the front of `events` up to `count` and about `bytes` of text; at least one if there is one. */
export function takeBatch(
  events: readonly RoomEvent[],
  { from = 0, count, bytes }: { from?: number; count: number; bytes: number },
): RoomEvent[] {
  const taken: RoomEvent[] = [];
  let left = bytes;
  for (let i = from; i < events.length && taken.length < count; i++) {
    const event = events[i] as RoomEvent;
    left -= sizeOf(event);
    if (left < 0 && taken.length > 0) break;
    taken.push(event);
  }
  return taken;
}

/** About how many bytes an event holds: a character counts as three bytes, the most that UTF-8 needs for one of UTF-16. */
export function sizeOf(event: RoomEvent): number {
  return event.message.text.length * 3 + 200;
}
