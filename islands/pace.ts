/**
 * How often the page takes in what others do. One thing alone at once; in a burst as often as the page draws it with a
 * small part of its time, so that the rest is left to who reads and writes.
 */

/** The page rests so many times as long as it worked. */
const restShare = 4;
/** Nothing waits longer. */
const mostMs = 100;

/** Lets work be done now, or together with what comes soon after. */
export class Pace {
  readonly #work: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waits = false;

  constructor(work: () => void) {
    this.#work = work;
  }

  /** There is something to do. */
  ask(): void {
    // A hidden page draws nothing, and its timers are slow.
    if (this.#timer === undefined || document.hidden) this.#go();
    else this.#waits = true;
  }

  #go(): void {
    this.#waits = false;
    const began = performance.now();
    this.#work();
    const worked = performance.now() - began;
    this.#rest(mostMs);
    if (!document.hidden) drawn((drew) => this.#rest(Math.min(mostMs, restShare * (worked + drew))));
  }

  #rest(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#waits) this.#go();
    }, ms);
  }
}

/** Tells how long the next frame takes: its scripts, its layout and its paint. */
function drawn(tell: (ms: number) => void): void {
  requestAnimationFrame(() => {
    const began = performance.now();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      tell(performance.now() - began);
    };
    port2.postMessage(null);
  });
}
