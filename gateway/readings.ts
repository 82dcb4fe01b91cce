/** What one browser reads: rooms that it follows, and pages that it fetches. */
import { parseStart } from "../feed/begin.ts";
import { ChatError } from "../protos/errors.ts";
import { lobby, type RoomBatch } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import type { Body } from "./commands.ts";
import { checkCount, readHistory } from "./history.ts";
import { type Followed, Reading, type ReadingOptions } from "./reading.ts";

/** All readings of a socket. */
export class Readings {
  readonly #options: ReadingOptions;
  readonly #rooms = new Map<string, Reading>();

  constructor(options: ReadingOptions) {
    this.#options = options;
  }

  /** Where the reader stands now; `run` gives it what comes after that. A reading of the same room ends. */
  async follow(
    { room, ...asked }: Body<"follow">,
  ): Promise<{ readonly followed: Followed; readonly run: () => Promise<void> }> {
    const start = parseStart(asked);
    const opened = this.#opened(room);
    const known = this.#rooms.get(room);
    if (!known && this.#rooms.size >= limits.roomsPerSession) {
      throw new ChatError(
        "RESOURCE_EXHAUSTED",
        `Cannot follow one more room: ${limits.roomsPerSession} are the most, unfollow one first.`,
      );
    }
    // Known from here on, so that an unfollow right behind it finds it.
    const reading = new Reading(room, this.#options);
    // After the new one has entered, so that somebody is in the room all the time.
    known?.stop();
    this.#rooms.set(room, reading);
    try {
      await opened;
      const followed = await reading.begin(start);
      return { followed, run: () => reading.run(followed) };
    } catch (error) {
      this.#forget(room, reading);
      throw error;
    }
  }

  unfollow(room: string): void {
    const reading = this.#rooms.get(room);
    if (reading) this.#forget(room, reading);
  }

  /** Stored events, fetched once; gives what gives them as they are by then. */
  async read({ room: name, ...asked }: Body<"read">): Promise<() => RoomBatch> {
    checkCount(asked.count);
    const { bridge, socket, person } = this.#options;
    await this.#opened(name);
    const { room, leave } = bridge.enter(name, {
      get handle() {
        return person()?.handle;
      },
      roster: () => {},
      lost: () => {},
    });
    try {
      await room.whenCaughtUp({ signal: socket.signal });
      return await readHistory(room, asked);
    } finally {
      leave();
    }
  }

  /** Stops all of them. */
  stop(): void {
    for (const reading of this.#rooms.values()) reading.stop();
    this.#rooms.clear();
  }

  #forget(room: string, reading: Reading): void {
    reading.stop();
    if (this.#rooms.get(room) === reading) this.#rooms.delete(room);
  }

  /** Resolves when somebody is open who may read the room. Throws FAILED_PRECONDITION if nobody will be. */
  #opened(room: string): Promise<unknown> {
    if (room === lobby) return Promise.resolve();
    const person = this.#options.person();
    if (person) return person.opened;
    throw new ChatError(
      "FAILED_PRECONDITION",
      "Cannot read the room: nobody is open here, open a person first.",
    );
  }
}
