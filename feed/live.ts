/**
 * The readers of a room that have everything: what comes is encoded once and handed to all of them, without a step
 * of their own for each. A reader that cannot take it is live no more, and walks on its own cursor again.
 */
import { setImmediate } from "node:timers";
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

/** The longest that an event waits for others to go with it, in milliseconds: among thousands it is late enough without. */
const longestGapMs = 20;

/** After it was given to all there is a rest, so many times as long as that took: the more go together, the less each costs. */
const restShare = 2.5;

/** So many have their turn before something else goes on: 5,000 take 50 ms, for which every answer would wait. */
const turnsMost = 128;

/** One batch on its way to everybody. */
interface Round<Encoded> {
  readonly encoded: Encoded;
  /** What they were given before it. */
  readonly before: number;
  readonly began: number;
  /** All who were there when it began: whoever joins ends it first. */
  readonly members: readonly LiveReader<Encoded>[];
  /** How many of them had their turn. */
  turns: number;
}

/** The live readers of one room. */
export class Live<Encoded> {
  readonly #feed: LiveFeed;
  readonly #encode: (batch: RoomBatch) => Encoded;
  readonly #turnsAtOnce: number;
  readonly #members = new Set<LiveReader<Encoded>>();
  /** What all members have been given, but for those who still wait for their turn. */
  #epoch: string;
  #after: number;
  /** When the next events may go: each time costs time for every member, so it is done less often the more there are. */
  #nextAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round: Round<Encoded> | undefined;

  constructor(
    feed: LiveFeed,
    encode: (batch: RoomBatch) => Encoded,
    { turnsAtOnce = turnsMost }: { turnsAtOnce?: number } = {},
  ) {
    this.#feed = feed;
    this.#encode = encode;
    this.#turnsAtOnce = turnsAtOnce;
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
    this.#stopTimer();
    do this.#take(Infinity); while (this.#begin());
    this.#members.add(reader);
  }

  leave(reader: LiveReader<Encoded>): void {
    this.#members.delete(reader);
  }

  /** The tail has more, or began another life. */
  grown(): void {
    if (this.#feed.tail.epoch !== this.#epoch) this.#leaveAll();
    if (this.#timer !== undefined || this.#round) return;
    const wait = this.#members.size === 0 ? 0 : this.#nextAt - performance.now();
    if (wait <= 0) this.#flush();
    else this.#timer = setTimeout(() => this.#flush(), wait);
  }

  /** Ends all of them. */
  close(): void {
    this.#leaveAll();
  }

  #flush(): void {
    this.#stopTimer();
    if (this.#begin()) this.#go();
  }

  /** Begins to give what came; false if there is nothing, or nobody. */
  #begin(): boolean {
    const { room, tail } = this.#feed;
    if (tail.epoch !== this.#epoch || this.#after < tail.base || this.#after > tail.head) this.#leaveAll();
    if (this.#members.size === 0) {
      this.#epoch = tail.epoch;
      this.#after = tail.head;
    }
    const events = tail.slice(this.#after);
    if (!events || events.length === 0) return false;
    this.#round = {
      encoded: this.#encode({ room, epoch: this.#epoch, first: this.#after + 1, events }),
      before: this.#after,
      began: performance.now(),
      members: [...this.#members],
      turns: 0,
    };
    this.#after += events.length;
    return true;
  }

  #go(): void {
    const round = this.#round;
    this.#take(this.#turnsAtOnce);
    if (this.#round) setImmediate(() => this.#round === round && this.#go());
    else if (this.#after < this.#feed.tail.head) this.grown();
  }

  /** So many have their turn. */
  #take(most: number): void {
    const round = this.#round;
    if (!round) return;
    const { encoded, before, began, members } = round;
    for (const member of members.slice(round.turns, round.turns += most)) {
      if (this.#members.has(member) && !member.take(encoded)) this.#drop(member, before);
    }
    if (round.turns < members.length) return;
    this.#round = undefined;
    const now = performance.now();
    this.#nextAt = now + Math.min(longestGapMs, restShare * (now - began));
  }

  #leaveAll(): void {
    this.#stopTimer();
    const round = this.#round;
    this.#round = undefined;
    const waiting = new Set(round?.members.slice(round.turns));
    for (const member of this.#members) {
      this.#drop(member, round && waiting.has(member) ? round.before : this.#after);
    }
  }

  #drop(member: LiveReader<Encoded>, after: number): void {
    this.#members.delete(member);
    member.behind(after);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
