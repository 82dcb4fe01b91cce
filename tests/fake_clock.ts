/** A clock that stands still until it is told to go on, in place of the real one, for what only timers move. */

interface Timer {
  at: number;
  readonly run: () => void;
  readonly everyMs: number | undefined;
}

/** Takes the place of timers and `performance.now` until disposed. */
export class FakeClock implements Disposable {
  #now = 0;
  #lastId = 0;
  readonly #timers = new Map<number, Timer>();
  readonly #real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    now: performance.now,
  };

  constructor() {
    const clear = (id?: number) => void this.#timers.delete(id ?? 0);
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms = 0) => this.#set({ at: this.#now + ms, run, everyMs: undefined }),
      setInterval: (run: () => void, ms = 0) => this.#set({ at: this.#now + ms, run, everyMs: ms }),
      clearTimeout: clear,
      clearInterval: clear,
    });
    performance.now = this.now;
  }

  /** Milliseconds since it began. */
  readonly now = (): number => this.#now;

  /** How many timers wait, without those that repeat. */
  get waiting(): number {
    return [...this.#timers.values()].filter(({ everyMs }) => everyMs === undefined).length;
  }

  /** Lets time pass; what is due on the way runs at its time. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = [...this.#timers].toSorted(([, a], [, b]) => a.at - b.at)[0];
      if (!next || next[1].at > end) break;
      const [id, timer] = next;
      this.#now = Math.max(this.#now, timer.at);
      if (timer.everyMs === undefined) this.#timers.delete(id);
      else timer.at += timer.everyMs;
      timer.run();
    }
    this.#now = end;
  }

  [Symbol.dispose](): void {
    const { now, ...timers } = this.#real;
    Object.assign(globalThis, timers);
    performance.now = now;
  }

  #set(timer: Timer): number {
    this.#timers.set(++this.#lastId, timer);
    return this.#lastId;
  }
}
