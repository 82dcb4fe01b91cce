/**
 * The chat service itself, without a wire: rooms over a log, who is in them, and who may speak. Whoever reads uses
 * `feed`, whoever writes `write`.
 */
import { beginIn, type Start } from "../feed/begin.ts";
import type { Feed } from "../feed/follow.ts";
import { Tail } from "../feed/tail.ts";
import { Turnstile } from "../feed/turnstile.ts";
import { ChatError } from "../protos/errors.ts";
import { lobby, type Principal } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { CommitDelay } from "./commit_delay.ts";
import { Creations } from "./creations.ts";
import type { Command } from "./decide.ts";
import { Guests } from "./guests.ts";
import type { Log, LogRecord, RoomRecord } from "./log.ts";
import { type Accepted, RoomWriter } from "./room_writer.ts";
import { Rosters } from "./rosters.ts";
import type { Signals } from "./signals.ts";
import type { Tokens } from "./tokens.ts";

/** What a chat stands on. */
export interface ChatPorts {
  /** Stays the caller's to close. */
  readonly log: Log;
  readonly signals: Signals;
  readonly tokens: Tokens;
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number;
}

/** A room as somebody sees it: `Room` of chat.proto. */
export interface RoomInfo extends Omit<RoomRecord, "settings"> {
  readonly epoch: string;
  /** How far the one who asks has read. */
  readonly read: number;
}

/** A room on this node. */
interface OpenRoom {
  readonly feed: Feed;
  readonly writer: RoomWriter;
}

/** All rooms of a log. */
export class Chat {
  readonly guests: Guests;
  readonly rosters: Rosters;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #creations = new Creations();
  readonly #delay = new CommitDelay();
  /** Those used last come last. */
  readonly #rooms = new Map<string, OpenRoom>();
  readonly #reads = new Turnstile();
  #looks: Promise<unknown> = Promise.resolve();
  readonly #stop = new AbortController();

  /** Ends when `close` is called; rejects if the log can no longer be followed, and then nothing is live any more. */
  readonly closed: Promise<void>;

  constructor({ log, signals, tokens, now }: ChatPorts) {
    this.#log = log;
    this.#now = now;
    const settleMs = log.position() > 0 ? limits.namesSettleMs : 0;
    this.guests = new Guests(tokens, { now, signals, settleMs });
    this.rosters = new Rosters(signals, { now });
    const position = log.position();
    this.#open(lobby);
    this.closed = this.#apply(log.tail(position, { signal: this.#stop.signal }));
  }

  /** How many rooms have their newest events in memory. */
  get roomCount(): number {
    return this.#rooms.size;
  }

  /** The life of the log that all seqs count in. */
  get epoch(): string {
    return this.#log.epoch;
  }

  /** The life of a room: of the log's, and one that no other room has, so that a cursor of another room is not taken. */
  epochOf(room: string): string {
    const known = this.#rooms.get(room)?.feed.tail.epoch;
    return known ?? (room === lobby ? this.epoch : `${this.epoch}.${hash(room)}`);
  }

  /** Stores a command. See `RoomWriter.write`. `room` is a name that has passed `parseRoom`. */
  async write(room: string, command: Command): Promise<Accepted> {
    if (!this.#exists(room)) await this.#log.catchUp();
    if (command.kind !== "create") return await this.#existing(room).writer.write(command);
    if (!this.#exists(room)) this.#countCreation(command.by);
    const opened = this.#open(room);
    try {
      return await opened.writer.write(command);
    } finally {
      // Or there would be a room here that is nowhere else.
      const { feed: { tail }, writer } = opened;
      if (!this.#exists(room) && writer.idle && !tail.followed) this.#rooms.delete(room);
    }
  }

  /** The room, to read. Throws NOT_FOUND. */
  feed(room: string): Feed {
    return this.#existing(room).feed;
  }

  /** The same, also where another node has just made it. Rejects with NOT_FOUND, or UNAVAILABLE if that is not known. */
  async find(room: string): Promise<Feed> {
    if (!this.#exists(room)) await this.#log.catchUp();
    return this.feed(room);
  }

  /** Where a reader of a room begins. One who comes from another node may know more than this one does for a moment. */
  async begin(
    room: string,
    start: Start,
    { signal }: { signal?: AbortSignal } = {},
  ): ReturnType<typeof beginIn> {
    if (start.replay === "RESUME" && start.epoch === this.epochOf(room)) await this.reach(room, start.seq);
    const feed = await this.find(room);
    const isLong = start.replay === "SINCE" ||
      (start.replay === "LAST_N" && start.count > limits.replayDefault);
    if (!isLong) return await beginIn(feed, start);
    // One at a time: it may take thousands of stored events to find a place, and is cheap to ask for.
    const look = this.#looks.then(() => {
      if (!signal?.aborted) return beginIn(feed, start);
      // An AbortError would be told to the operator as a fault of ours.
      throw new ChatError("UNAVAILABLE", `Cannot begin in "${room}": its reader has gone, ask again.`);
    });
    this.#looks = look.catch(() => {});
    return await look;
  }

  /** Resolves when the room has an event here that was `seen`, or it is known that there is none. Rejects as `find` does. */
  async reach(room: string, seq: number, { seen = true }: { seen?: boolean } = {}): Promise<void> {
    const { tail } = await this.find(room);
    if (tail.head >= seq) return;
    await this.#log.catchUp(seen ? { room, seq } : undefined);
    const signal = this.#stop.signal;
    while (tail.head < Math.min(seq, this.#log.head(room)) && !signal.aborted) await tail.changed({ signal });
  }

  /** A room as it is now. Rejects as `find` does. */
  async describe(room: string, by: Principal): Promise<RoomInfo> {
    await this.find(room);
    // It is open, too, while somebody is refused to make it.
    if (!this.#exists(room)) throw missing(room);
    return this.#info(this.#log.room(room) ?? emptyRoom(room), by);
  }

  /** Rooms by name. The lobby is always among them. */
  list(
    by: Principal,
    { after, count, archived }: { after: string; count: number; archived: boolean },
  ): RoomInfo[] {
    const records = this.#log.rooms(after, count, { archived });
    const last = records.length < count ? undefined : records.at(-1)?.room;
    const fits = lobby > after && (last === undefined || lobby <= last);
    const at = fits ? records.findIndex(({ room }) => room >= lobby) : -1;
    const known = !fits || records[at]?.room === lobby;
    const all = known ? records : records.toSpliced(at < 0 ? records.length : at, 0, emptyRoom(lobby));
    return all.slice(0, count).map((record) => this.#info(record, by));
  }

  /** Keeps how far somebody has read. Throws NOT_FOUND, and INVALID_ARGUMENT for what is past the head. */
  async mark(room: string, by: Principal, seq: number): Promise<void> {
    await this.reach(room, seq);
    const { head } = this.feed(room).tail;
    if (seq <= head) return await this.#log.mark(by.id, room, seq);
    throw new ChatError(
      "INVALID_ARGUMENT",
      `Cannot mark event ${seq} of "${room}" as read: its newest is ${head}, give one that you have.`,
    );
  }

  /** Stops following the log. */
  async close(): Promise<void> {
    this.rosters.close();
    this.guests.close();
    this.#stop.abort();
    await this.closed;
  }

  #info({ settings: _, ...record }: RoomRecord, { id }: Principal): RoomInfo {
    return {
      ...record,
      epoch: this.epochOf(record.room),
      read: id === "" ? 0 : this.#log.marked(id, record.room),
    };
  }

  #countCreation({ id }: Principal): void {
    if (this.#log.countRooms() >= limits.rooms) {
      throw new ChatError(
        "RESOURCE_EXHAUSTED",
        "Cannot make the room: there are as many as fit, use another.",
      );
    }
    this.#creations.count(id);
  }

  #exists(room: string): boolean {
    // Not read from the log for each message to a room that is known here.
    const known = this.#rooms.get(room)?.feed.tail.head ?? 0;
    return room === lobby || known > 0 || this.#log.head(room) > 0;
  }

  /** A room that is being made is there for those who came behind its maker. */
  #existing(room: string): OpenRoom {
    const known = this.#rooms.get(room);
    const isThere = known && (known.feed.tail.head > 0 || !known.writer.idle);
    if (isThere || this.#exists(room)) return this.#open(room);
    throw missing(room);
  }

  #open(name: string): OpenRoom {
    const known = this.#rooms.get(name);
    this.#rooms.delete(name);
    const room = known ?? this.#load(name);
    this.#rooms.set(name, room);
    if (!known) this.#evict(name);
    return room;
  }

  #load(name: string): OpenRoom {
    const log = this.#log;
    const rooms = this.#rooms;
    const tail = new Tail({ epoch: this.epochOf(name), head: log.head(name) }, {
      events: limits.tailEvents,
      get bytes() {
        return Math.min(limits.tailBytes, limits.tailsBytes / rooms.size);
      },
    });
    // One read of the disk in a turn: those who catch up share the thread with those who are live.
    const read = (after: number, count: number) => this.#reads.run(() => log.read(name, after, count));
    return {
      feed: { room: name, tail, read },
      writer: new RoomWriter(name, {
        log,
        tail,
        delay: this.#delay,
        now: this.#now,
        signal: this.#stop.signal,
      }),
    };
  }

  /** Lets go of the rooms that were not used for longest and that nobody reads or writes, but never of the one just opened. */
  #evict(opened: string): void {
    let surplus = this.#rooms.size - limits.roomsIdle;
    for (const [name, { feed, writer }] of this.#rooms) {
      if (surplus <= 0) return;
      if (name === lobby || name === opened || feed.tail.followed || !writer.idle) continue;
      this.#rooms.delete(name);
      surplus--;
    }
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

/** FNV-1a in 32 bits. http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(36);
}

function missing(room: string): ChatError {
  return new ChatError(
    "NOT_FOUND",
    `Cannot open the room ${JSON.stringify(room)}: there is no such room, make it first or check its name.`,
  );
}

function emptyRoom(room: string): RoomRecord {
  return {
    room,
    head: 0,
    active: "",
    settings: 0,
    topic: "",
    archived: false,
    creator: "",
    author: "",
    created: "",
  };
}
