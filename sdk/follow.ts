/** Follows one room: pulls what the reader is told through a buffer that is bounded, across changes of the wire. */
import { ChatError } from "../protos/errors.ts";
import type { Follow as FollowCommand } from "../protos/gen/chat/Follow.ts";
import type { Roster__Output as Roster } from "../protos/gen/chat/Roster.ts";
import { type CursorStore, memoryCursor } from "./cursor.ts";
import type { Frame } from "./frames.ts";
import { type Happening, next, reader, type Reading, type Told } from "./reading.ts";

/** What to be given before the live events, when there is no cursor to resume from. */
export type FirstReplay =
  /** Only what comes from now on. */
  | "NONE"
  /** All there is. */
  | "ALL"
  /** The last so many messages, 0 to 10,000, and what else happened between them. */
  | { readonly last: number }
  /** All that was accepted at or after a time, ISO 8601. */
  | { readonly since: string };

/** How to follow. */
export interface FollowOptions {
  /**
   * Where the place is kept. By default in memory, so that a program that restarts begins anew. One store for one
   * loop: another room's cursor is told as a reset.
   *
   * 1. Each item comes at least once. It counts as dealt with when the loop asks for the next one, and that is kept
   *    before the next one is given. So an item whose body came to its end is not given again.
   * 2. A loop that is left within an item's body, be it by an error, `break`, `return` or the end of the process, has
   *    not dealt with it: the next follow begins with that item. If it always fails, so does each follow.
   * 3. To leave for good with an item, keep it: `await cursor.save(told.cursor)`, then `break`. An item in whose body
   *    `signal` aborts, or the client is closed, counts as dealt with once the body comes to its end.
   * 4. `begun` is kept before it is told: what happens from then on is not missed, whatever becomes of the loop.
   */
  readonly cursor?: CursorStore;
  /** How to begin the first time, while the store has no cursor. NONE by default: old commands are never run again. */
  readonly replay?: FirstReplay;
  /** Who is in the room, and who writes: the newest one counts. */
  readonly onRoster?: (roster: Roster) => void;
  /** Ends the loop, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** So many events are read ahead of the loop, and then the server is asked to wait. 500 by default. */
  readonly readAhead?: number;
}

/** What a follow needs of its client. */
export interface FollowLine {
  /** Sends `follow` and gives its id; 0 while there is no wire. */
  follow(command: FollowCommand): number;
  unfollow(room: string): void;
  readonly random: () => number;
}

const longestPauseMs = 10_000;
const firstPauseMs = 100;

/** One room's reader. */
export class Follow {
  readonly room: string;
  readonly #line: FollowLine;
  readonly #options: FollowOptions;
  readonly #store: CursorStore;
  readonly #readAhead: number;
  #reading: Reading = reader(undefined);
  #told: Told[] = [];
  #given = 0;
  #ready = false;
  #refusals = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wake = () => {};
  #end: { reason: unknown } | undefined;

  constructor(room: string, line: FollowLine, options: FollowOptions) {
    this.room = room;
    this.#line = line;
    this.#options = options;
    this.#store = options.cursor ?? memoryCursor();
    this.#readAhead = options.readAhead ?? 500;
  }

  /** What the reader is told, one at a time. Its cursor is saved as FollowOptions.cursor says. */
  async *told(): AsyncGenerator<Told, void, void> {
    const { signal } = this.#options;
    const abort = () => this.end(signal?.reason);
    signal?.addEventListener("abort", abort);
    try {
      signal?.throwIfAborted();
      using _ = this.#store.claim?.();
      this.#reading = reader(await this.#store.load());
      this.#ready = true;
      this.ask();
      for (;;) {
        const told = await this.#next();
        if (!told) return;
        if (told.is === "begun") await this.#store.save(told.cursor);
        yield told;
        // Nothing is saved if the loop is left here: whoever threw, and whoever only broke off, looks the same.
        if (told.is !== "begun") await this.#store.save(told.cursor);
      }
    } finally {
      signal?.removeEventListener("abort", abort);
      clearTimeout(this.#timer);
      if (this.#reading.is !== "away") this.#line.unfollow(this.room);
      this.#ready = false;
    }
  }

  /** Asks the server for what comes next, if there is a server, and room for it. */
  ask(): void {
    if (!this.#ready || this.#end || this.#reading.is !== "away" || this.#isFull()) return;
    const id = this.#line.follow({ room: this.room, ...this.#start() });
    if (id !== 0) this.#happen({ is: "asked", id });
  }

  /** The wire is gone. */
  lost(): void {
    clearTimeout(this.#timer);
    this.#happen({ is: "left" });
  }

  /** A frame about this room came, or the answer to its `follow`. */
  take(frame: Frame): void {
    if (frame.is === "roster") return this.#options.onRoster?.(frame.body);
    if (frame.is === "refused") return this.#refused(frame);
    if (frame.is === "followed") {
      if (frame.body.room !== this.room) return this.end(wrongRoom(this.room, frame.body.room));
      this.#refusals = 0;
      this.#happen({ is: "followed", id: frame.id, body: frame.body });
    }
    if (frame.is === "batch") this.#happen({ is: "batch", body: frame.body });
  }

  /** Ends the loop: with an error if there is a reason, by itself if not. */
  end(reason: unknown): void {
    this.#end ??= { reason };
    this.#wake();
  }

  /** Whether this is the answer to its `follow`. */
  awaits(id: number): boolean {
    return this.#reading.is === "asking" && this.#reading.id === id;
  }

  #start(): FollowCommand {
    const { place } = this.#reading;
    if (place) return { replay: "REPLAY_RESUME", after: { epoch: place.epoch, seq: place.seq } };
    const { replay = "NONE" } = this.#options;
    if (replay === "NONE") return { replay: "REPLAY_NONE" };
    if (replay === "ALL") return { replay: "REPLAY_RESUME" };
    if ("last" in replay) return { replay: "REPLAY_LAST_N", count: replay.last };
    return { replay: "REPLAY_SINCE", since: replay.since };
  }

  #happen(event: Happening): void {
    const { reading, told } = next(this.#reading, event);
    this.#reading = reading;
    if (told.length > 0) {
      this.#told = [...this.#told.slice(this.#given), ...told];
      this.#given = 0;
      this.#wake();
    }
    if (reading.is === "away" && reading.faults > 0 && event.is === "batch") {
      return this.#askLater(reading.faults - 1);
    }
    if (reading.is === "following" && this.#isFull()) {
      this.#line.unfollow(this.room);
      this.#happen({ is: "left" });
    }
  }

  #refused({ body }: Extract<Frame, { is: "refused" }>): void {
    this.#happen({ is: "left" });
    if (body.retry) this.#askLater(this.#refusals++);
    else this.end(new ChatError(body.code, body.message));
  }

  #askLater(attempt: number): void {
    const ms = this.#line.random() * Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempt, 20));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.ask(), ms);
  }

  #isFull(): boolean {
    return this.#told.length - this.#given > this.#readAhead;
  }

  async #next(): Promise<Told | undefined> {
    while (!this.#end) {
      const told = this.#told[this.#given];
      if (told) {
        this.#given++;
        return told;
      }
      this.#told = [];
      this.#given = 0;
      this.ask();
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    if (this.#end.reason !== undefined) throw this.#end.reason;
    return undefined;
  }
}

function wrongRoom(asked: string, got: string): ChatError {
  return new ChatError(
    "INTERNAL",
    `Cannot follow "${asked}": the server answers for "${got}", use that name.`,
  );
}
