/**
 * The recent tail of one room, held once whatever the number of its readers. Events come in at the head,
 * fall off the far end past a limit of count and bytes, and wake the cursors that wait. An edit or a deletion
 * changes what is held of the message, so that nobody is given a text that is gone.
 */
import { revise, type RoomEvent, sizeOf, takeBatch } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { Change } from "./change.ts";

/** How much a tail holds. */
export interface TailLimits {
  readonly events: number;
  readonly bytes: number;
}

/** The recent events of a room, dense in seq. */
export class Tail {
  #epoch: string;
  #events: RoomEvent[] = [];
  /** Events before this index have fallen off; the array is cut only now and then. */
  #start = 0;
  #bytes = 0;
  #head: number;
  #followers = 0;
  readonly #change = new Change();
  readonly #limits: TailLimits;

  /** A tail that knows of events up to `head` and holds none. */
  constructor(
    { epoch, head }: { epoch: string; head: number },
    max: TailLimits = { events: limits.tailEvents, bytes: limits.tailBytes },
  ) {
    this.#epoch = epoch;
    this.#head = head;
    this.#limits = max;
  }

  /** The life of the room that seqs count in. */
  get epoch(): string {
    return this.#epoch;
  }

  /** True while somebody follows. */
  get followed(): boolean {
    return this.#followers > 0;
  }

  /** Counts a follower until the given function is called. */
  enter(): () => void {
    this.#followers++;
    return () => void this.#followers--;
  }

  /** The seq of the newest event; 0 if there is none. */
  get head(): number {
    return this.#head;
  }

  /** The newest event, if it is held. */
  get newest(): RoomEvent | undefined {
    return this.#events.length > this.#start ? this.#events.at(-1) : undefined;
  }

  /** Everything after this seq is held. */
  get base(): number {
    return this.#head - (this.#events.length - this.#start);
  }

  /** Adds the next events. Throws if their seqs do not follow on the head: that is a fault of ours. */
  push(events: readonly RoomEvent[]): void {
    for (const event of events) {
      if (event.seq !== this.#head + 1) {
        throw new RangeError(`Cannot add event ${event.seq} to a tail: its head is ${this.#head}.`);
      }
      this.#revise(event);
      this.#events.push(event);
      this.#bytes += sizeOf(event);
      this.#head = event.seq;
    }
    this.#trim();
    this.#change.happen();
  }

  /** Starts over in another life of the room, or after a hole: holds nothing, knows of events up to `head`. */
  reset({ epoch, head }: { epoch: string; head: number }): void {
    this.#epoch = epoch;
    this.#head = head;
    this.#events = [];
    this.#start = this.#bytes = 0;
    this.#change.happen();
  }

  /** The event at a seq, if it is held. */
  at(seq: number): RoomEvent | undefined {
    return seq > this.base ? this.#events[this.#start + seq - this.base - 1] : undefined;
  }

  /** The events after `after`, at most a batch; undefined if they have fallen off. */
  slice(after: number, { bytes = limits.batchBytes }: { bytes?: number } = {}): RoomEvent[] | undefined {
    if (after < this.base) return undefined;
    const from = this.#start + after - this.base;
    return takeBatch(this.#events, { from, count: limits.batchEvents, bytes });
  }

  /** Resolves at the next push or reset, or when the signal aborts. Leaves nothing behind on either. */
  changed({ signal }: { signal: AbortSignal }): Promise<void> {
    return this.#change.next({ signal });
  }

  #revise(change: RoomEvent): void {
    const target = (change.edited ?? change.deleted)?.target;
    if (target === undefined) return;
    const first = this.#start + Math.max(0, target - this.base - 1);
    // An edit changes its message alone; a deletion also empties the edits, which come after the message.
    const end = change.edited ? Math.min(first + 1, this.#events.length) : this.#events.length;
    for (let i = first; i < end; i++) {
      const event = this.#events[i] as RoomEvent;
      const revised = revise(event, change);
      if (revised === event) continue;
      this.#events[i] = revised;
      this.#bytes += sizeOf(revised) - sizeOf(event);
    }
  }

  #trim(): void {
    const held = () => this.#events.length - this.#start;
    while (held() > this.#limits.events || (this.#bytes > this.#limits.bytes && held() > 1)) {
      this.#bytes -= sizeOf(this.#events[this.#start++] as RoomEvent);
    }
    if (this.#start > this.#limits.events) {
      this.#events = this.#events.slice(this.#start);
      this.#start = 0;
    }
  }
}
