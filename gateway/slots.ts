/** A bounded number of things at a time; the others wait for their turn, in order. */
export class Slots {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** True if a task would run at once. */
  get isFree(): boolean {
    return this.#free > 0;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs a task as soon as there is a slot; settles as it does. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      // The slot goes on to the next one as it is.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
