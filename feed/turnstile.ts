/** Lets tasks through one at a time, each in a turn of the event loop of its own, so that what is live goes on between them. */
import { setImmediate } from "node:timers";

/** A queue of tasks. */
export class Turnstile {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** How many wait, the running one included. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Runs a task when all before it are done; settles as it does. */
  run<T>(task: () => T): Promise<T> {
    this.#waiting++;
    const turn = this.#last.then(() => new Promise<void>((resolve) => setImmediate(() => resolve())));
    const done = turn.then(task).finally(() => this.#waiting--);
    this.#last = done.catch(() => {});
    return done;
  }
}
