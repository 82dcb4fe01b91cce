/** A room as the gateway follows it: once, whatever the number of its readers, with its tail kept here. */
import { Change } from "../feed/change.ts";
import type { Feed } from "../feed/follow.ts";
import { Tail } from "../feed/tail.ts";
import type { RoomEvent } from "../protos/events.ts";
import type { Batch__Output as Batch } from "../protos/gen/chat/Batch.ts";
import type { Event__Output as Event } from "../protos/gen/chat/Event.ts";
import type { Followed__Output as Followed } from "../protos/gen/chat/Followed.ts";
import type { Journal } from "../runtime/journal.ts";
import { LinkLost, type Upstream } from "./upstream.ts";

/** How much of the room a gateway that starts fetches: enough for those who join and those who come back soon. */
const firstTail = 500;

/** A followed room. */
export class Room implements Feed {
  readonly room: string;
  readonly tail = new Tail({ epoch: "", head: 0 });
  readonly #upstream: Upstream;
  readonly #journal: Journal;
  readonly #progress = new Change();
  readonly #reads = new Map<string, Promise<readonly RoomEvent[]>>();
  /** The head that ChatService named when this was last followed; undefined before and between sessions. */
  #named: number | undefined;

  constructor(room: string, { upstream, journal }: { upstream: Upstream; journal: Journal }) {
    this.room = room;
    this.#upstream = upstream;
    this.#journal = journal;
  }

  /** True if the tail has all that ChatService had when it was last asked. */
  get caughtUp(): boolean {
    return this.#named !== undefined && this.tail.head >= this.#named;
  }

  /** Resolves when caught up, or when the signal aborts. */
  async whenCaughtUp({ signal }: { signal: AbortSignal }): Promise<void> {
    while (!this.caughtUp && !signal.aborted) await this.#progress.next({ signal });
  }

  /**
   * Resolves when the tail has reached a cursor that is ahead of it, or at once if ChatService has no such event.
   * Somebody who comes from another gateway may know more than this one does for a moment.
   */
  async whenHolding(
    cursor: { epoch: string; seq: number },
    { signal }: { signal: AbortSignal },
  ): Promise<void> {
    const ahead = () => cursor.epoch === this.tail.epoch && cursor.seq > this.tail.head;
    if (!ahead() || (await this.read(cursor.seq - 1, 1)).length === 0) return;
    while (ahead() && !signal.aborted) await this.tail.changed({ signal });
  }

  /** A new session is there: asks for what comes after the tail. */
  up(): void {
    const { epoch, head: seq } = this.tail;
    const start = epoch === ""
      ? { replay: "REPLAY_LAST_N", count: firstTail } as const
      : { replay: "REPLAY_RESUME", after: { epoch, seq } } as const;
    this.#upstream.request({ follow: { room: this.room, ...start } }).catch((error) => {
      // The next session asks again.
      if (!(error instanceof LinkLost)) {
        this.#journal.warn(`Cannot follow "${this.room}": ChatService refused.`, error);
      }
    });
  }

  /** The session is gone. */
  down(): void {
    this.#named = undefined;
  }

  /** ChatService says where the room stands, and from where on it will send. */
  begin({ epoch, after, head }: Followed): void {
    if (epoch !== this.tail.epoch || after !== this.tail.head) this.tail.reset({ epoch, head: after });
    this.#named = head;
    this.#progress.happen();
  }

  /** Takes what ChatService sent. */
  take({ epoch, first, events }: Batch): void {
    if (epoch !== this.tail.epoch || first !== this.tail.head + 1) {
      // A hole would be our fault. Nobody is shown it: the session begins anew from what is held.
      this.#journal.warn(
        `A fault of ours in "${this.room}": event ${first} came after ${this.tail.head}; resuming.`,
      );
      return this.#upstream.restart();
    }
    this.tail.push(events.map(toRoomEvent));
    this.#progress.happen();
  }

  /** Older events, from ChatService; waits while it is away. Readers that want the same share one read. */
  read(after: number, count: number): Promise<readonly RoomEvent[]> {
    const key = `${after}+${count}`;
    const known = this.#reads.get(key);
    if (known) return known;
    const read = this.#read(after, count).finally(() => this.#reads.delete(key));
    this.#reads.set(key, read);
    return read;
  }

  async #read(after: number, count: number): Promise<readonly RoomEvent[]> {
    const { signal } = this.#upstream;
    while (!signal.aborted) {
      await this.whenCaughtUp({ signal });
      try {
        const { page } = await this.#upstream.request({ read: { room: this.room, after, count } });
        return (page?.events ?? []).map(toRoomEvent);
      } catch (error) {
        if (!(error instanceof LinkLost)) throw error;
      }
    }
    throw new LinkLost();
  }
}

function toRoomEvent({ seq, timestamp, sender, clientId, message }: Event): RoomEvent {
  return { seq, timestamp, sender, clientId, message: { text: message?.text ?? "" } };
}
