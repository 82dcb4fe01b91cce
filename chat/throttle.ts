/** Holds one client to a speed, and says when it has gone on for too long though it was refused. */
import { limits } from "../protos/limits.ts";
import { fullPace, type PaceLimits, take } from "./pace.ts";

/** Not counted in a row: one who goes far too fast is let through now and then, as the bucket fills. */
const refusalPace: PaceLimits = { perSecond: limits.floodRefusals / 60, burst: limits.floodRefusals };

/** What becomes of one more command: it is carried out, or refused, or whoever sent it is sent away. */
export type Passage = "admitted" | "refused" | "flood";

/** A bucket of commands, and one of refusals. */
export class Throttle {
  readonly #pace: PaceLimits;
  #left;
  #refusals = fullPace(refusalPace, performance.now());

  constructor(pace: PaceLimits) {
    this.#pace = pace;
    this.#left = fullPace(pace, performance.now());
  }

  /** Counts a command, or one that costs as much as several. */
  take(price = 1): Passage {
    const left = take(this.#left, this.#pace, { now: performance.now(), count: price });
    this.#left = left ?? this.#left;
    return left ? "admitted" : this.refuse();
  }

  /** Counts a command that is refused for its speed by somebody else. */
  refuse(): Exclude<Passage, "admitted"> {
    const left = take(this.#refusals, refusalPace, { now: performance.now() });
    this.#refusals = left ?? this.#refusals;
    return left ? "refused" : "flood";
  }
}
