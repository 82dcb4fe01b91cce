/** A queue that is fair to those who wait in it: each has a line of their own, and the lines are served in turn. */
export class Turns<T> {
  readonly #lines = new Map<string, T[]>();
  #size = 0;

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** Adds one at the end of somebody's line. */
  push(who: string, one: T): void {
    const line = this.#lines.get(who);
    if (line) line.push(one);
    else this.#lines.set(who, [one]);
    this.#size++;
  }

  /** Takes at most `most`, one of each line in turn; each line keeps its order. Whoever had a turn is served last next. */
  take(most: number): T[] {
    const taken: T[] = [];
    while (taken.length < most && this.#size > 0) {
      for (const [who, line] of [...this.#lines]) {
        if (taken.length === most) break;
        this.#lines.delete(who);
        taken.push(line.shift() as T);
        this.#size--;
        if (line.length > 0) this.#lines.set(who, line);
      }
    }
    return taken;
  }
}
