/** A room as the gateway follows it: once, whatever the number of its readers, with its tail kept here. */
import { Change } from "../feed/change.ts";
import type { Feed } from "../feed/follow.ts";
import { Live } from "../feed/live.ts";
import { Tail, type TailLimits } from "../feed/tail.ts";
import { ChatError, type ErrorCode, toChatError } from "../protos/errors.ts";
import { lobby, parseEvent, type RoomEvent } from "../protos/events.ts";
import type { Batch__Output as Batch } from "../protos/gen/chat/Batch.ts";
import type { Followed__Output as Followed } from "../protos/gen/chat/Followed.ts";
import type { Roster__Output as Roster } from "../protos/gen/chat/Roster.ts";
import { sleep } from "../runtime/deadline.ts";
import type { Journal } from "../runtime/journal.ts";
import { encodeBatch, encodeFrames } from "./frames.ts";
import type { Pages } from "./pages.ts";
import type { Slots } from "./slots.ts";
import { LinkLost, type Upstream } from "./upstream.ts";

/** How much of the room a gateway fetches at first: enough for those who join and those who come back soon. */
const firstTail = 500;

/** How long to wait before what was too much at once is tried again, in milliseconds. */
const againMs = 500;

/** Somebody for whom the room is followed. */
export interface Reader {
  /** Under which ChatService knows them on the session there is; undefined while it does not. */
  readonly handle: number | undefined;
  /** Takes who is there now, encoded. May leave it out: the next one counts. */
  roster(text: string): void;
  /** ChatService does not let this room be read any more. */
  lost(why: ChatError): void;
}

/** What a room works on. */
export interface RoomOptions {
  readonly upstream: Upstream;
  readonly journal: Journal;
  readonly pages: Pages;
  /** For pages that are read: so many at a time, of all rooms. */
  readonly reading: Slots;
  /** For readers who are far behind: so many at a time, of all rooms. */
  readonly catchingUp: Slots;
  readonly tailLimits: TailLimits;
  /** Called when ChatService has refused the room to all who want to read it. */
  readonly refused: (room: Room) => void;
}

/** How the room stands with the session there is. */
type Standing =
  /** Not followed: there is no session, or nobody whose handle it could be followed with. */
  | { readonly is: "unasked" }
  | { readonly is: "asked" }
  /** The lobby was refused for now, and is asked for again a little later. */
  | { readonly is: "held" }
  /** `head` is what ChatService named then. */
  | { readonly is: "followed"; readonly head: number }
  | { readonly is: "refused"; readonly why: ChatError }
  /** Forgotten, because nobody wanted it. */
  | { readonly is: "left" };

/** A refusal that is about who asked: another reader may be let in. */
const personal: ReadonlySet<ErrorCode> = new Set([
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "FAILED_PRECONDITION",
  "RESOURCE_EXHAUSTED",
]);

/** A followed room. */
export class Room implements Feed {
  readonly room: string;
  readonly tail: Tail;
  /** Those who have everything. */
  readonly live: Live<string>;
  readonly #options: RoomOptions;
  readonly #readers = new Set<Reader>();
  /** Those who were refused since the session began. */
  readonly #turnedAway = new WeakSet<Reader>();
  readonly #progress = new Change();
  #standing: Standing = { is: "unasked" };
  #roster: string | undefined;

  constructor(room: string, options: RoomOptions) {
    this.room = room;
    this.#options = options;
    this.tail = new Tail({ epoch: "", head: 0 }, options.tailLimits);
    this.live = new Live(this, encodeBatch);
  }

  /** True if the tail has all that ChatService had when it was last asked. */
  get caughtUp(): boolean {
    return this.#standing.is === "followed" && this.tail.head >= this.#standing.head;
  }

  /** Places for readers who are far behind. */
  get catchingUp(): Slots {
    return this.#options.catchingUp;
  }

  /** Who is there, as it was last told, encoded. */
  get roster(): string | undefined {
    return this.#roster;
  }

  /** True if somebody reads it. */
  get wanted(): boolean {
    return this.#readers.size > 0;
  }

  /** Follows the room for a reader, until the function that it gives is called. */
  enter(reader: Reader): () => void {
    this.#readers.add(reader);
    this.ask();
    return () => void this.#readers.delete(reader);
  }

  /** Resolves when caught up, or when the signal aborts. Rejects if ChatService refuses. */
  async whenCaughtUp({ signal }: { signal: AbortSignal }): Promise<void> {
    while (!this.caughtUp && !signal.aborted) {
      if (this.#standing.is === "refused") throw this.#standing.why;
      if (this.#standing.is === "left") throw new LinkLost();
      await this.#progress.next({ signal });
    }
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
    if (!ahead() || !await this.#isThere(cursor.seq)) return;
    while (ahead() && !signal.aborted) await this.tail.changed({ signal });
  }

  /** A session is there, or somebody was let in on it: asks for what comes after the tail, if that is still to be done. */
  ask(): void {
    const { upstream } = this.#options;
    if (this.#standing.is !== "unasked" || !upstream.link.up) return;
    const by = this.#readers.values().find((one) => one.handle !== undefined && !this.#turnedAway.has(one));
    // Without a reader's handle ChatService takes it for a question of whoever was opened last.
    if (!by && this.room !== lobby) return;
    this.#standing = { is: "asked" };
    const { epoch, head: seq } = this.tail;
    const start = epoch === ""
      ? { replay: "REPLAY_LAST_N", count: firstTail } as const
      : { replay: "REPLAY_RESUME", after: { epoch, seq } } as const;
    upstream.request({ follow: { room: this.room, person: by?.handle ?? 0, ...start } }, {
      heard: ({ followed }) => followed && this.#begin(followed),
    }).catch((error) => {
      // The next session asks again.
      if (!(error instanceof LinkLost)) this.#refused(toChatError(error), by);
    });
  }

  /** The session is gone. */
  down(): void {
    this.#standing = { is: "unasked" };
    for (const reader of this.#readers) this.#turnedAway.delete(reader);
  }

  /** Nobody wants it any more: ChatService need not send it. */
  leave(): void {
    const { upstream, pages } = this.#options;
    if (this.#standing.is === "asked" || this.#standing.is === "followed") {
      upstream.request({ unfollow: { room: this.room } }).catch(() => {});
    }
    this.#standing = { is: "left" };
    this.live.close();
    pages.forget(this.room);
  }

  /** Takes what ChatService sent. */
  take({ epoch, first, events }: Batch): void {
    // Of a follow that was ended meanwhile.
    if (this.#standing.is !== "followed") return;
    const parsed = events.map(parseEvent).filter((event) => event !== undefined);
    if (epoch !== this.tail.epoch || first !== this.tail.head + 1 || parsed.length !== events.length) {
      // A hole would be our fault. Nobody is shown it: the session begins anew from what is held.
      this.#options.journal.warn(
        `A fault of ours in "${this.room}": event ${first} came after ${this.tail.head}; resuming.`,
      );
      return this.#options.upstream.restart();
    }
    for (const event of parsed) this.#options.pages.revise(this.room, event);
    this.tail.push(parsed);
    this.live.grown();
    this.#progress.happen();
  }

  /** Takes who is there. What was told last is shown while ChatService is away. */
  takeRoster({ room, count, names, typing }: Roster): void {
    const text = this.#roster = encodeFrames({ roster: { room, count, names, typing } });
    for (const reader of this.#readers) reader.roster(text);
  }

  /** Older events, in pages that readers share; waits while ChatService is away. */
  async read(after: number, count: number): Promise<readonly RoomEvent[]> {
    const events = await this.page(after + 1, { few: count <= fewEvents });
    const from = events.findIndex(({ seq }) => seq > after);
    return events.slice(from, from + count);
  }

  /** Events that lie together, the one of `seq` among them. It must have fallen off the tail. */
  page(seq: number, { few }: { few: boolean }): Promise<readonly RoomEvent[]> {
    const { pages, reading } = this.#options;
    return this.#again(() =>
      reading.run(() => pages.read({ room: this.room, seq, base: Math.max(seq, this.tail.base), few }))
    );
  }

  /** Reads from ChatService, once. Rejects with LinkLost if it goes away. */
  async fetch(after: number, count: number): Promise<readonly RoomEvent[]> {
    const { upstream } = this.#options;
    const read = { room: this.room, after, count, person: this.#nextHandle() };
    const { page } = await upstream.request({ read });
    return (page?.events ?? []).map(parseEvent).filter((event) => event !== undefined);
  }

  get #isAsked(): boolean {
    return this.#standing.is === "asked";
  }

  /** ChatService counts how much each person asks for: the readers take turns at what is read for all of them. */
  #nextHandle(): number {
    const reader = this.#readers.values().find(({ handle }) => handle !== undefined);
    if (!reader) return 0;
    this.#readers.delete(reader);
    this.#readers.add(reader);
    return reader.handle ?? 0;
  }

  async #isThere(seq: number): Promise<boolean> {
    // Who asks for what comes after an event was given it: a ChatService that is behind looks for it first.
    await this.#again(() => this.fetch(seq, 1));
    return (await this.#again(() => this.fetch(seq - 1, 1))).length > 0;
  }

  /** Tries again on the next session, if this one goes away, and a little later if it was too much at once. */
  async #again<T>(read: () => Promise<T>): Promise<T> {
    const { signal } = this.#options.upstream;
    while (!signal.aborted) {
      await this.whenCaughtUp({ signal });
      try {
        return await read();
      } catch (error) {
        if (error instanceof LinkLost) continue;
        if (toChatError(error).code !== "RESOURCE_EXHAUSTED") throw error;
        await sleep(againMs, { signal });
      }
    }
    throw new LinkLost();
  }

  /** ChatService says where the room stands, and from where on it will send. */
  #begin({ epoch, after, head }: Followed): void {
    if (this.#standing.is !== "asked") return;
    if (epoch !== this.tail.epoch || after !== this.tail.head) {
      this.#options.pages.forget(this.room);
      this.tail.reset({ epoch, head: after });
      this.live.grown();
    }
    this.#standing = { is: "followed", head };
    this.#progress.happen();
  }

  async #hold(): Promise<void> {
    const held = this.#standing = { is: "held" };
    await sleep(againMs, { signal: this.#options.upstream.signal });
    if (this.#standing !== held) return;
    this.#standing = { is: "unasked" };
    for (const reader of this.#readers) this.#turnedAway.delete(reader);
    this.ask();
  }

  #refused(why: ChatError, by: Reader | undefined): void {
    if (!this.#isAsked) return;
    this.#standing = { is: "unasked" };
    if (by && personal.has(why.code)) {
      this.#turnedAway.add(by);
      this.ask();
      if (this.#isAsked || this.#readers.values().some((one) => !this.#turnedAway.has(one))) return;
    }
    // It is there for everybody: whoever was looked at was too fast, or is gone.
    if (this.room === lobby && why.retry) return void this.#hold();
    this.#standing = { is: "refused", why };
    this.#progress.happen();
    for (const reader of [...this.#readers]) reader.lost(why);
    this.#options.refused(this);
  }
}

/** To look at so few events, a small page is read. */
const fewEvents = 20;
