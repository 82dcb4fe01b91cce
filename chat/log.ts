/** The port of the log: what must last. Its engines are in log/, and one contract suite runs on all. */
import type { ChatError } from "../protos/errors.ts";
import type { RoomEvent } from "../protos/events.ts";
import type { Reactions } from "./decide.ts";

/** An event with its place in the whole log. */
export interface LogRecord {
  /** Increases through the log, over all rooms; gaps are allowed. */
  readonly position: number;
  readonly room: string;
  readonly event: RoomEvent;
}

/** An event that somebody says they were given. */
export interface Seen {
  readonly room: string;
  readonly seq: number;
}

/** What became of an append. */
export type Appended =
  | { readonly kind: "appended" }
  /** Somebody else was first: catch up to `head`, decide again. */
  | { readonly kind: "conflict"; readonly head: number };

/** A room with at least one event, as the log sums it up. */
export interface RoomRecord {
  readonly room: string;
  readonly head: number;
  /** When its newest event was accepted. */
  readonly active: string;
  /** The event of the newest settings; 0 if there were none. */
  readonly settings: number;
  readonly topic: string;
  readonly archived: boolean;
  /** Name and id of who made it, and when; empty if its first event was no `settings`. */
  readonly creator: string;
  readonly author: string;
  readonly created: string;
}

/**
 * The log of all rooms.
 *
 * 1. `append` is durable, all or none, and happens only if the room's head is still `head`. The events
 *    carry the seqs head + 1, head + 2, …. When it resolves they would survive a crash.
 * 2. `append` rejects with UNAVAILABLE, STORAGE_FULL or DATA_LOSS when nothing was stored.
 * 3. `tail` gives every record after a position, in order, then live; it is pull-based, and ends when the
 *    signal aborts or the log closes.
 * 4. All that reads answers from local storage, at once, with what was appended or tailed here.
 * 5. A `(room, speaker, clientId)` with a clientId is stored once; see `speakerOf`.
 * 6. What this node was not told yet may be missing from what it reads. `catchUp` resolves when it has all that was
 *    appended anywhere before the call, in the order of the calls; it rejects with UNAVAILABLE if that cannot be known.
 *    While an event that somebody has `seen` is not among it, it asks again, for some seconds.
 * 7. An event is read as it is now: after an append of an `edited` or `deleted`, what `revise` makes of the events
 *    before it is what is read, in the same instant. A deleted text is in no later answer.
 *
 * It does not promise which of two concurrent appends to a room wins, nor any order between rooms. What `mark` keeps
 * may lose the last second in a crash.
 */
export interface Log extends AsyncDisposable {
  /** The life of this log; all seqs count in it. Another one means another history. */
  readonly epoch: string;
  append(room: string, head: number, events: readonly RoomEvent[]): Promise<Appended>;
  /** Why an append would be refused now; undefined if it would be tried. What is under way may still be stored. */
  refusal(): ChatError | undefined;
  tail(after: number, options: { signal: AbortSignal }): AsyncIterable<readonly LogRecord[]>;
  catchUp(seen?: Seen): Promise<void>;
  /** The position of the newest record; 0 if there is none. */
  position(): number;
  /** The seq of the room's newest event; 0 if there is none. */
  head(room: string): number;
  /** Events after `after`, at most `count` and about a batch in bytes. */
  read(room: string, after: number, count: number): RoomEvent[];
  /** The event that a speaker's id was accepted under. */
  find(room: string, speaker: string, clientId: string): RoomEvent | undefined;
  /** The event that put this reaction of an author's on a message, if it is on it. */
  reaction(room: string, target: number, emoji: string, author: string): number | undefined;
  /** How often a message was edited. */
  edits(room: string, target: number): number;
  /** What limits on reactions need to know. */
  reactions(room: string, target: number, emoji: string, author: string): Reactions;
  /** A room; undefined if it has no event. */
  room(name: string): RoomRecord | undefined;
  /** Rooms by name, after `after`. */
  rooms(after: string, count: number, options: { archived: boolean }): RoomRecord[];
  /** How many rooms have an event. */
  countRooms(): number;
  /** Keeps how far somebody has read; it never moves back. Resolves when it can be read. */
  mark(reader: string, room: string, seq: number): Promise<void>;
  /** How far somebody has read; 0 if that is not known. */
  marked(reader: string, room: string): number;
  /** Finishes what was begun and lets go of the files. */
  close(): Promise<void>;
}
