/** The port of the log: what must last. Its engines are in log/, and one contract suite runs on all. */
import type { RoomEvent } from "../protos/events.ts";

/** An event with its place in the whole log. */
export interface LogRecord {
  /** Increases through the log, over all rooms; gaps are allowed. */
  readonly position: number;
  readonly room: string;
  readonly event: RoomEvent;
}

/** What became of an append. */
export type Appended =
  | { readonly kind: "appended" }
  /** Somebody else was first: catch up to `head`, decide again. */
  | { readonly kind: "conflict"; readonly head: number };

/**
 * The log of all rooms.
 *
 * 1. `append` is durable, all or none, and happens only if the room's head is still `head`. The events
 *    carry the seqs head + 1, head + 2, …. When it resolves they would survive a crash.
 * 2. `append` rejects with UNAVAILABLE, STORAGE_FULL or DATA_LOSS when nothing was stored.
 * 3. `tail` gives every record after a position, in order, then live; it is pull-based, and ends when the
 *    signal aborts or the log closes.
 * 4. `head`, `read`, `find` answer from local storage, at once, with what was appended or tailed here.
 * 5. A `(room, sender, clientId)` with a clientId is stored once.
 *
 * It does not promise which of two concurrent appends to a room wins, nor any order between rooms.
 */
export interface Log extends AsyncDisposable {
  /** The life of this log; all seqs count in it. Another one means another history. */
  readonly epoch: string;
  append(room: string, head: number, events: readonly RoomEvent[]): Promise<Appended>;
  tail(after: number, options: { signal: AbortSignal }): AsyncIterable<readonly LogRecord[]>;
  /** The position of the newest record; 0 if there is none. */
  position(): number;
  /** The seq of the room's newest event; 0 if there is none. */
  head(room: string): number;
  /** Events after `after`, at most `count` and about a batch in bytes. */
  read(room: string, after: number, count: number): RoomEvent[];
  /** The event that a sender's id was accepted under. */
  find(room: string, sender: string, clientId: string): RoomEvent | undefined;
  /** Finishes what was begun and lets go of the files. */
  close(): Promise<void>;
}
