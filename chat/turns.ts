/** A queue that is fair to those who wait in it: each has a line of their own, and the lines are served in turn. */
export class Turns<T> {
  readonly #lines = new Map<string, { readonly one: T; readonly number: number }[]>();
  #size = 0;
  #lastNumber = 0;

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** Adds one at the end of somebody's line. */
  push(who: string, one: T): void {
    const waiting = { one, number: ++this.#lastNumber };
    const line = this.#lines.get(who);
    if (line) line.push(waiting);
    else this.#lines.set(who, [waiting]);
    this.#size++;
  }

  /**
   * Takes at most `most`, one of each line in turn, and gives them in the order in which they came. Whoever had a turn
   * is served last next. Takes no more than weigh `weight` together, but at least one.
   */
  take(
    most: number,
    { weigh = () => 0, weight = Infinity }: { weigh?: (one: T) => number; weight?: number } = {},
  ): T[] {
    const taken: { one: T; number: number }[] = [];
    let left = weight;
    while (taken.length < most && this.#size > 0 && left >= 0) {
      for (const [who, line] of [...this.#lines]) {
        const [next] = line;
        if (!next || taken.length === most) break;
        left -= weigh(next.one);
        if (left < 0 && taken.length > 0) break;
        this.#lines.delete(who);
        line.shift();
        taken.push(next);
        this.#size--;
        if (line.length > 0) this.#lines.set(who, line);
      }
    }
    return taken.sort((a, b) => a.number - b.number).map(({ one }) => one);
  }
}
