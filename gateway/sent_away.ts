/** Who was sent away for flooding: one who comes back at once, whatever they were told, is not let in. */
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";

/** Those who are to stay away for a while. */
export class SentAway {
  /** By id, until when, in milliseconds; in the order of going. */
  readonly #until = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  add(id: string): void {
    this.#until.delete(id);
    this.#until.set(id, this.#now() + limits.floodDelayMs);
  }

  /** Throws FLOOD if it is too early. */
  check(id: string): void {
    for (const [known, until] of this.#until) {
      if (until > this.#now()) break;
      this.#until.delete(known);
    }
    if (!this.#until.has(id)) return;
    throw new ChatError(
      "FLOOD",
      "Cannot connect: you were sent away for sending too fast, come back a little later.",
    );
  }
}
