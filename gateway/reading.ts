/** One browser's reading of one room: where it begins, and every event after that, as fast as its socket takes them. */
import { beginIn, type Start } from "../feed/begin.ts";
import { follow } from "../feed/follow.ts";
import type { LiveReader } from "../feed/live.ts";
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import type { Bridge } from "./bridge.ts";
import { encodeBatch, encodeFrames } from "./frames.ts";
import type { Person } from "./person.ts";
import type { Reader, Room } from "./room.ts";
import type { Entered } from "./rooms.ts";
import type { Socket } from "./socket.ts";

/** Where a reader stands: `Followed` of chat.proto. */
export interface Followed {
  readonly room: string;
  readonly epoch: string;
  readonly head: number;
  readonly after: number;
  readonly recovered: boolean;
}

/** Who reads. */
export interface ReadingOptions {
  readonly bridge: Bridge;
  readonly socket: Socket;
  /** The person on the socket. Only the lobby is read without one. */
  readonly person: () => Person | undefined;
  /** A room that was read cannot be read any more. */
  readonly lost: (why: ChatError) => void;
}

/** A reading, from the command to follow until the next one for the same room, or the end. */
export class Reading implements Reader, LiveReader<string> {
  readonly #options: ReadingOptions;
  readonly #socket: Socket;
  readonly #entered: Entered;
  #stopped = false;
  /** Ends what goes on. Whoever has everything holds none: most do. */
  #stopping: AbortController | undefined;
  /** The life of the room in which it has everything. */
  #epoch = "";
  #running = false;
  /** The roster that could not be sent when it came. */
  #untold: string | undefined;

  /** Whoever makes one stops it, at the latest when the socket is gone. */
  constructor(room: string, options: ReadingOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#entered = options.bridge.enter(room, this);
    if (this.#socket.isGone) this.stop();
  }

  get handle(): number | undefined {
    return this.#options.person()?.handle;
  }

  /** One that has not begun is refused instead. */
  lost(why: ChatError): void {
    if (this.#running) this.#options.lost(why);
  }

  /** Decides where the reading begins. Rejects with what ChatService says of the room. */
  async begin(start: Start): Promise<Followed> {
    const { room } = this.#entered;
    const signal = this.#signal;
    await room.whenCaughtUp({ signal });
    if (start.replay === "RESUME") await room.whenHolding(start, { signal });
    const begun = signal.aborted ? undefined : await beginIn(room, start);
    if (begun && !signal.aborted) return { room: room.room, ...begun };
    throw new ChatError(
      "UNAVAILABLE",
      "Cannot follow: another follow or the end came first, follow again.",
    );
  }

  /** Begins to read. Resolves when it has everything for the first time, or is stopped. */
  async run({ epoch, after }: Followed): Promise<void> {
    const { room } = this.#entered;
    this.#running = true;
    if (room.roster !== undefined) this.roster(room.roster);
    await this.#read({ epoch, after });
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#stopping?.abort(stopped);
    this.#entered.room.live.leave(this);
    this.#entered.leave();
  }

  get #signal(): AbortSignal {
    this.#stopping ??= new AbortController();
    if (this.#stopped) this.#stopping.abort(stopped);
    return this.#stopping.signal;
  }

  take(encoded: string): boolean {
    return this.#socket.offer(encoded);
  }

  behind(after: number): void {
    // Not at once: others are being given what this one did not take.
    this.#socket.run(() => Promise.resolve().then(() => this.#read({ epoch: this.#epoch, after })));
  }

  /** Gives every event after the cursor, until it has everything. */
  async #read(cursor: { epoch: string; after: number }): Promise<void> {
    const { room } = this.#entered;
    const signal = this.#signal;
    let { epoch, after } = cursor;
    while (!signal.aborted) {
      after = await this.#walk(room, { epoch, after });
      if (signal.aborted) return;
      const { tail } = room;
      if (tail.epoch === epoch && after < tail.head) continue;
      if (tail.epoch === epoch && after === tail.head) {
        this.#epoch = epoch;
        this.#stopping = undefined;
        return room.live.join(this);
      }
      // The room began another life: the reader is told that what it holds is not this room's past.
      const followed = await this.begin({ replay: "RESUME", epoch, seq: after }).catch((error) => {
        if (!signal.aborted) throw error;
      });
      if (!followed) return;
      ({ epoch, after } = followed);
      await this.#socket.write(() => signal.aborted ? undefined : encodeFrames({ followed }));
    }
  }

  /** Gives every event after `after`, as long as the room lives the same life; gives the last one's seq. */
  async #walk(room: Room, { epoch, after }: { epoch: string; after: number }): Promise<number> {
    const signal = this.#signal;
    const { tail } = room;
    while (tail.epoch === epoch && after <= tail.head && !signal.aborted) {
      if (after < tail.head) after = await this.#catchUp(room, { epoch, after });
      // Waits until the peer has taken enough.
      else if (!this.#socket.hasSpace) await this.#socket.turn(() => {});
      else break;
    }
    return after;
  }

  /** The same for one who does not have everything, until it has. */
  async #catchUp(room: Room, { epoch, after }: { epoch: string; after: number }): Promise<number> {
    const signal = this.#signal;
    const { tail } = room;
    const batches = follow(room, { epoch, after }, { signal });
    let more = true;
    while (more && !signal.aborted && tail.epoch === epoch && after < tail.head) {
      // A batch is taken once it can be sent. With many rooms on one socket, each would hold one otherwise.
      await this.#socket.turn(async () => {
        const give = async () => {
          const next = batches.next();
          // What has fallen off the tail is read, which may take as long as ChatService is away.
          const batch = after < tail.base ? await unlessAborted(next, signal) : await next;
          more = batch?.value !== undefined;
          if (!batch?.value || signal.aborted) return;
          after = batch.value.first + batch.value.events.length - 1;
          this.#socket.send(encodeBatch(batch.value));
        };
        if (tail.head - after <= limits.liveEvents) return await give();
        await room.catchingUp.run(async () => {
          await give();
          await this.#socket.settled(limits.settleMs);
        });
      });
    }
    // It may be reading a page, and ends after that.
    batches.return().catch(() => {});
    return after;
  }

  /** A peer that reads slowly is told only the newest state, once it has read more. */
  roster(roster: string): void {
    if (!this.#running || this.#stopped) return;
    if (this.#socket.offer(roster)) return;
    const waits = this.#untold !== undefined;
    this.#untold = roster;
    if (!waits) this.#socket.run(() => this.#socket.write(() => this.#takeUntold()));
  }

  #takeUntold(): string | undefined {
    const roster = this.#untold;
    this.#untold = undefined;
    return this.#stopped ? undefined : roster;
  }
}

/** Without a reason, each abort would make an error with a stack. */
const stopped = "the reading was stopped";

/** Settles as the promise does, or with undefined once the signal aborts. Leaves nothing behind. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const abort = () => resolve(undefined);
  signal.addEventListener("abort", abort);
  promise.catch(() => {});
  try {
    return signal.aborted ? undefined : await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
