/** How fast rooms may be made: they last, so that one who makes them without end would leave none for others. */
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import { fullPace, type Pace, type PaceLimits, take } from "./pace.ts";

const own: PaceLimits = { perSecond: limits.roomsPerMinute / 60, burst: limits.roomsBurst };
/** Whoever signs in under ever new names is held by what all of them may do. */
const all: PaceLimits = { perSecond: own.perSecond, burst: 10 * own.burst };

/** The rooms that were made of late on this node. */
export class Creations {
  /** By the id of who made them; those that came last come last. */
  readonly #own = new Map<string, Pace>();
  #all = fullPace(all, performance.now());

  /** Counts one room. Throws RESOURCE_EXHAUSTED if they come too fast. */
  count(id: string): void {
    const now = performance.now();
    const ofAll = take(this.#all, all, { now });
    const ofOwn = take(this.#own.get(id) ?? fullPace(own, now), own, { now });
    if (!ofAll || !ofOwn) {
      throw new ChatError(
        "RESOURCE_EXHAUSTED",
        `Cannot make the room: at most ${limits.roomsPerMinute} a minute are made in the long run, try again later.`,
      );
    }
    this.#all = ofAll;
    this.#own.delete(id);
    this.#own.set(id, ofOwn);
    if (this.#own.size > all.burst) this.#own.delete(this.#own.keys().next().value ?? "");
  }
}
