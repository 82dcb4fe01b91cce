/** The chat service itself, without a wire: rooms over a log. Whoever reads uses `feed`, whoever writes `send`. */
import type { Feed } from "../feed/follow.ts";
import { Tail } from "../feed/tail.ts";
import { lobby } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import type { SendCommand } from "./decide.ts";
import type { Log, LogRecord } from "./log.ts";
import { type Accepted, RoomWriter } from "./room_writer.ts";

/** A room on this node. */
interface OpenRoom {
  readonly feed: Feed;
  readonly writer: RoomWriter;
}

/** All rooms of a log. */
export class Chat {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #rooms = new Map<string, OpenRoom>();
  readonly #stop = new AbortController();

  /** Ends when `close` is called; rejects if the log can no longer be followed, and then nothing is live any more. */
  readonly closed: Promise<void>;

  /** `now` is the clock, in milliseconds since 1970. The log stays the caller's to close. */
  constructor(log: Log, { now }: { now: () => number }) {
    this.#log = log;
    this.#now = now;
    const position = log.position();
    this.#open(lobby);
    this.closed = this.#apply(log.tail(position, { signal: this.#stop.signal }));
  }

  /** The life of the log that all seqs count in. */
  get epoch(): string {
    return this.#log.epoch;
  }

  /** Stores a command. See `RoomWriter.send`. `room` is a name that has passed `parseRoom`. */
  send(room: string, command: SendCommand): Promise<Accepted> {
    return this.#open(room).writer.send(command);
  }

  /** The room, to read. */
  feed(room: string): Feed {
    return this.#open(room).feed;
  }

  /** Stops following the log. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.closed;
  }

  #open(name: string): OpenRoom {
    const known = this.#rooms.get(name);
    if (known) return known;
    const log = this.#log;
    const tail = loadTail(log, name);
    const room: OpenRoom = {
      feed: { room: name, tail, read: (after, count) => Promise.resolve(log.read(name, after, count)) },
      writer: new RoomWriter(name, { log, tail, now: this.#now, signal: this.#stop.signal }),
    };
    this.#rooms.set(name, room);
    return room;
  }

  async #apply(records: AsyncIterable<readonly LogRecord[]>): Promise<void> {
    for await (const batch of records) {
      for (const [name, events] of Map.groupBy(batch, ({ room }) => room)) {
        const tail = this.#rooms.get(name)?.feed.tail;
        tail?.push(events.map(({ event }) => event).filter(({ seq }) => seq > tail.head));
      }
    }
  }
}

/** A tail that holds the room's newest events already, so that the first readers cost no read from the disk. */
function loadTail(log: Log, room: string): Tail {
  const head = log.head(room);
  const tail = new Tail({ epoch: log.epoch, head: Math.max(0, head - limits.tailEvents) });
  while (tail.head < head) tail.push(log.read(room, tail.head, limits.batchEvents));
  return tail;
}
