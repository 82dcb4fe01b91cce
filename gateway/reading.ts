/** One browser's reading of one room: where it begins, and every event after that, as fast as its socket takes them. */
import { beginIn, type Start } from "../feed/begin.ts";
import { follow } from "../feed/follow.ts";
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import type { Bridge } from "./bridge.ts";
import { encodeBatch, encodeFrames } from "./frames.ts";
import type { Room } from "./room.ts";
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
  /** The handle of the person on the socket, on the session there is. */
  readonly handle: () => number | undefined;
  /** The room cannot be read any more. */
  readonly lost: (why: ChatError) => void;
}

/** A reading, from the command to follow until the next one for the same room, or the end. */
export class Reading {
  readonly #socket: Socket;
  readonly #entered: Entered;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #running = false;
  /** The roster that could not be sent when it came. */
  #untold: string | undefined;

  constructor(room: string, { bridge, socket, handle, lost }: ReadingOptions) {
    this.#socket = socket;
    this.#signal = AbortSignal.any([this.#stop.signal, socket.signal]);
    this.#entered = bridge.enter(room, {
      get handle() {
        return handle();
      },
      roster: (text) => this.#tell(text),
      // One that has not begun is refused instead.
      lost: (why) => this.#running && lost(why),
    });
    if (this.#signal.aborted) this.#entered.leave();
    else this.#signal.addEventListener("abort", () => this.#entered.leave(), { once: true });
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

  /** Reads until it is stopped. */
  async run({ epoch, after }: Followed): Promise<void> {
    const { room } = this.#entered;
    this.#running = true;
    if (room.roster !== undefined) this.#tell(room.roster);
    while (!this.#signal.aborted) {
      after = await this.#walk(room, { epoch, after });
      if (this.#signal.aborted) return;
      // The room began another life: the reader is told that what it holds is not this room's past.
      const followed = await this.begin({ replay: "RESUME", epoch, seq: after }).catch((error) => {
        if (!this.#signal.aborted) throw error;
      });
      if (!followed) return;
      ({ epoch, after } = followed);
      await this.#socket.write(() => this.#signal.aborted ? undefined : encodeFrames({ followed }));
    }
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Gives every event after `after`, as long as the room lives the same life; gives the last one's seq. */
  async #walk(room: Room, { epoch, after }: { epoch: string; after: number }): Promise<number> {
    const signal = this.#signal;
    const { tail } = room;
    while (tail.epoch === epoch && after <= tail.head && !signal.aborted) {
      if (after < tail.head) after = await this.#catchUp(room, { epoch, after });
      // Waits until the peer has taken enough.
      else if (!this.#socket.hasSpace) await this.#socket.turn(() => {});
      else after = await room.live.join((text) => this.#socket.offer(text), { signal });
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

  /** Tells who is there. A peer that reads slowly is told only the newest state, once it has read more. */
  #tell(roster: string): void {
    if (!this.#running || this.#signal.aborted) return;
    if (this.#socket.hasSpace) return this.#socket.send(roster);
    const waits = this.#untold !== undefined;
    this.#untold = roster;
    if (!waits) this.#socket.run(() => this.#socket.write(() => this.#takeUntold()));
  }

  #takeUntold(): string | undefined {
    const roster = this.#untold;
    this.#untold = undefined;
    return this.#signal.aborted ? undefined : roster;
  }
}

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
