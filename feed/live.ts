/**
 * The readers of a room that have everything: what comes is encoded once and handed to all of them in one go, without a
 * step of their own for each. A reader that cannot take it is live no more, and walks on its own cursor again.
 */
import type { RoomBatch } from "../protos/events.ts";
import type { Tail } from "./tail.ts";

/** A room whose tail grows. */
export interface LiveFeed {
  readonly room: string;
  readonly tail: Tail;
}

/** A reader that has everything. It may join again or leave at any time, but not within these two. */
export interface LiveReader<Encoded> {
  /** Takes what came; false if it was not taken. */
  take(encoded: Encoded): boolean;
  /** It is live no more, by no act of its own: `after` is the last event that it was given. */
  behind(after: number): void;
}

/** The longest that an event waits for others to go with it, in milliseconds. */
const longestGapMs = 50;

/** The live readers of one room. */
export class Live<Encoded> {
  readonly #feed: LiveFeed;
  readonly #encode: (batch: RoomBatch) => Encoded;
  readonly #members = new Set<LiveReader<Encoded>>();
  /** What all members have been given. */
  #epoch: string;
  #after: number;
  /** When the next events may go: each time costs time for every member, so it is done less often the more there are. */
  #nextAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(feed: LiveFeed, encode: (batch: RoomBatch) => Encoded) {
    this.#feed = feed;
    this.#encode = encode;
    this.#epoch = feed.tail.epoch;
    this.#after = feed.tail.head;
  }

  /** How many there are. */
  get size(): number {
    return this.#members.size;
  }

  /**
   * Gives a reader that has everything in the tail all that comes after it, until it leaves, does not take one, or the
   * room begins another life.
   */
  join(reader: LiveReader<Encoded>): void {
    this.#flush();
    this.#members.add(reader);
  }

  leave(reader: LiveReader<Encoded>): void {
    this.#members.delete(reader);
  }

  /** The tail has more, or began another life. */
  grown(): void {
    if (this.#timer !== undefined) return;
    const wait = this.#members.size === 0 ? 0 : this.#nextAt - performance.now();
    if (wait <= 0 || this.#feed.tail.epoch !== this.#epoch) return this.#flush();
    this.#timer = setTimeout(() => this.#flush(), wait);
  }

  /** Ends all of them. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#leaveAll();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { tail } = this.#feed;
    if (tail.epoch !== this.#epoch || this.#after < tail.base || this.#after > tail.head) this.#leaveAll();
    const began = performance.now();
    while (this.#members.size > 0 && this.#after < tail.head && this.#give());
    const now = performance.now();
    this.#nextAt = now + Math.min(longestGapMs, now - began);
    if (this.#members.size > 0) return;
    this.#epoch = tail.epoch;
    this.#after = tail.head;
  }

  /** One batch to everybody. */
  #give(): boolean {
    const { room, tail } = this.#feed;
    const events = tail.slice(this.#after);
    if (!events || events.length === 0) return false;
    const encoded = this.#encode({ room, epoch: this.#epoch, first: this.#after + 1, events });
    const before = this.#after;
    this.#after += events.length;
    for (const member of this.#members) if (!member.take(encoded)) this.#drop(member, before);
    return true;
  }

  #leaveAll(): void {
    for (const member of this.#members) this.#drop(member, this.#after);
  }

  #drop(member: LiveReader<Encoded>, after: number): void {
    this.#members.delete(member);
    member.behind(after);
  }
}
