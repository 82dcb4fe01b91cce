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

/** Takes what came; false if it was not taken. */
export type Take<Encoded> = (encoded: Encoded) => boolean;

interface Member<Encoded> {
  readonly take: Take<Encoded>;
  /** Called with the last event that it was given. */
  readonly leave: (after: number) => void;
}

/** The longest that an event waits for others to go with it, in milliseconds. */
const longestGapMs = 50;

/** The live readers of one room. */
export class Live<Encoded> {
  readonly #feed: LiveFeed;
  readonly #encode: (batch: RoomBatch) => Encoded;
  readonly #members = new Set<Member<Encoded>>();
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
   * Gives a reader that has everything in the tail all that comes after it. Resolves with the last event that it was
   * given, when it did not take one, when the room began another life, or when the signal aborts.
   */
  join(take: Take<Encoded>, { signal }: { signal: AbortSignal }): Promise<number> {
    this.#flush();
    return new Promise((resolve) => {
      if (signal.aborted) return resolve(this.#after);
      const member: Member<Encoded> = {
        take,
        leave: (after) => {
          this.#members.delete(member);
          signal.removeEventListener("abort", abort);
          resolve(after);
        },
      };
      const abort = () => member.leave(this.#after);
      signal.addEventListener("abort", abort);
      this.#members.add(member);
    });
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
    for (const member of this.#members) if (!member.take(encoded)) member.leave(before);
    return true;
  }

  #leaveAll(): void {
    for (const member of this.#members) member.leave(this.#after);
  }
}
