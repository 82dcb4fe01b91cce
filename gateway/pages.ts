/**
 * Older events of all rooms, read from ChatService in aligned ranges, so that the many who come back with cursors of
 * their own share reads: one for a room and range, whether it is under way or kept. What an edit or a deletion
 * changes is changed here too, also in what is being read at that moment, so that a text that is gone is not served.
 */
import { ChatError } from "../protos/errors.ts";
import { revise, type RoomEvent, sizeOf } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";

/** Reads events of a room after a seq, at most `count`. May give fewer, as when their texts are long, but at least one. */
export type Fetch = (room: string, after: number, count: number) => Promise<readonly RoomEvent[]>;

/** What is wanted of a room. */
export interface Wanted {
  readonly room: string;
  /** The event that the page must hold. */
  readonly seq: number;
  /** All events up to this one are there to be read: it is not before `seq`. */
  readonly base: number;
  /** True: a small page will do, because only a few events are looked at. */
  readonly few?: boolean;
}

/** A range, from when it is asked for until it is forgotten. */
interface Page {
  readonly key: string;
  readonly room: string;
  readonly after: number;
  readonly count: number;
  /** Empty while it is read. */
  events: readonly RoomEvent[];
  /** Edits by the message that they change, as indexes. */
  readonly edits: Map<number, number[]>;
  /** What happened while it was read: ChatService may have read it before that. */
  changes: RoomEvent[] | undefined;
  bytes: number;
  reading: Promise<void>;
}

/**
 * Sizes of ranges. The second one always fits into one answer, however long its texts are; the third is only for an
 * answer that is shorter than it has to be. So whatever was cut, a seq is reached with three reads at most.
 */
const sizes = [limits.batchEvents, 20, 1] as const;

/** Pages of older events. */
export class Pages {
  readonly #fetch: Fetch;
  readonly #bytesMost: number;
  /** In the order of their last use. */
  readonly #kept = new Map<string, Page>();
  /** Those that are kept, and those that are read. */
  readonly #rooms = new Map<string, Set<Page>>();
  #bytes = 0;
  #reads = 0;

  constructor(fetch: Fetch, { bytes = limits.pagesBytes }: { bytes?: number } = {}) {
    this.#fetch = fetch;
    this.#bytesMost = bytes;
  }

  /** How many reads ChatService was asked for. */
  get reads(): number {
    return this.#reads;
  }

  /** About how many bytes are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The events of a page that holds the one that is wanted, in order. Rejects as the read does. */
  async read(wanted: Wanted): Promise<readonly RoomEvent[]> {
    const { room, seq } = wanted;
    for (const size of sizes) {
      if (size === limits.batchEvents && wanted.few && !this.#find(wanted, size)) continue;
      const page = this.#find(wanted, size) ?? this.#begin(wanted, size);
      await page.reading;
      if (page.events.length >= seq - page.after) return page.events;
    }
    throw new ChatError("DATA_LOSS", `Cannot read "${room}": event ${seq} is missing, look into its log.`);
  }

  /** Takes an event of a room: it may change earlier ones. */
  revise(room: string, change: RoomEvent): void {
    const target = (change.edited ?? change.deleted)?.target;
    const pages = this.#rooms.get(room);
    if (target === undefined || !pages) return;
    for (const page of pages) {
      if (page.changes) page.changes.push(change);
      else this.#change(page, change, target);
    }
    this.#trim();
  }

  /** Forgets a room: it began another life, or is not followed any more, and nobody tells what changes in it. */
  forget(room: string): void {
    for (const page of this.#rooms.get(room) ?? []) this.#drop(page);
    this.#rooms.delete(room);
  }

  #find({ room, seq }: Wanted, size: number): Page | undefined {
    const page = this.#kept.get(keyOf(room, startOf(seq, size), size));
    // One that ended where the tail began at that time is read anew once it is asked for more.
    if (!page || seq > page.after + page.count) return undefined;
    this.#kept.delete(page.key);
    this.#kept.set(page.key, page);
    return page;
  }

  #begin({ room, seq, base }: Wanted, size: number): Page {
    const after = startOf(seq, size);
    const key = keyOf(room, after, size);
    const page: Page = {
      key,
      room,
      after,
      count: Math.min(size, base - after),
      events: [],
      edits: new Map(),
      changes: [],
      bytes: 0,
      reading: Promise.resolve(),
    };
    const known = this.#kept.get(key);
    if (known && !known.changes) this.#drop(known);
    this.#kept.set(key, page);
    const pages = this.#rooms.get(room);
    if (pages) pages.add(page);
    else this.#rooms.set(room, new Set([page]));
    page.reading = this.#read(page);
    // Whoever wants it waits for it themselves.
    page.reading.catch(() => {});
    return page;
  }

  async #read(page: Page): Promise<void> {
    this.#reads++;
    try {
      const events = await this.#fetch(page.room, page.after, page.count);
      checkRange(events, page);
      this.#take(page, events);
    } catch (error) {
      this.#drop(page);
      throw error;
    }
  }

  #take(page: Page, events: readonly RoomEvent[]): void {
    page.events = events;
    page.bytes = events.reduce((sum, event) => sum + sizeOf(event), 0);
    this.#bytes += page.bytes;
    for (const [i, { edited }] of events.entries()) {
      if (edited) page.edits.set(edited.target, [...page.edits.get(edited.target) ?? [], i]);
    }
    const changes = page.changes ?? [];
    page.changes = undefined;
    for (const change of changes) this.#change(page, change, (change.edited ?? change.deleted)?.target ?? 0);
    // Not kept any more: whoever waits for it is given it, and that is all.
    if (this.#kept.get(page.key) !== page) this.#drop(page);
    this.#trim();
  }

  #change(page: Page, change: RoomEvent, target: number): void {
    const indexes = [target - page.after - 1, ...page.edits.get(target) ?? []];
    for (const i of indexes) {
      const event = page.events[i];
      if (!event) continue;
      const revised = revise(event, change);
      if (revised === event) continue;
      // What was given away stays as it was: it is another array.
      page.events = page.events.with(i, revised);
      const grown = sizeOf(revised) - sizeOf(event);
      page.bytes += grown;
      this.#bytes += grown;
    }
  }

  #trim(): void {
    for (const page of this.#kept.values()) {
      if (this.#bytes <= this.#bytesMost) return;
      if (!page.changes) this.#drop(page);
    }
  }

  #drop(page: Page): void {
    if (this.#kept.get(page.key) === page) this.#kept.delete(page.key);
    this.#bytes -= page.bytes;
    page.bytes = 0;
    const pages = this.#rooms.get(page.room);
    pages?.delete(page);
    if (pages?.size === 0) this.#rooms.delete(page.room);
  }
}

/** Ranges begin at multiples of their size, so that different cursors meet in the same ones. */
function startOf(seq: number, size: number): number {
  return Math.floor((seq - 1) / size) * size;
}

function keyOf(room: string, after: number, size: number): string {
  return `${size} ${after} ${room}`;
}

function checkRange(events: readonly RoomEvent[], { room, after }: { room: string; after: number }): void {
  if (events.every(({ seq }, i) => seq === after + 1 + i)) return;
  throw new ChatError(
    "DATA_LOSS",
    `Cannot read "${room}" after ${after}: what came has a hole, look into its log.`,
  );
}
