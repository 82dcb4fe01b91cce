/** When what waits may go: at once while this process has little to do, and with a load less often, so that more goes together. */
import process from "node:process";
import { setImmediate } from "node:timers";

/** The longest that something waits, in milliseconds. At 200 a second nothing does: ChatService holds those together itself. */
const longestMs = 4;

/** The share of a core from which on it waits so long, unless there is enough: more together would save little. */
const fullLoad = 0.1;
const enough = 16;

/** A pace. */
export class Pace {
  readonly #go: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiting = 0;
  #passedAt = performance.now();
  #cpuMs = cpuMs();
  #nextAt = 0;

  /** `go` is called whenever all that waits may go. */
  constructor(go: () => void) {
    this.#go = go;
  }

  /** One more waits. */
  waits(): void {
    this.#waiting++;
    if (this.#waiting === 1) {
      const wait = this.#nextAt - performance.now();
      if (wait > 0) this.#timer = setTimeout(() => this.#pass(), wait);
      else this.#passSoon();
    } else if (this.#waiting >= enough && this.#timer !== undefined) this.#passSoon();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** More may come in this turn of the event loop. */
  #passSoon(): void {
    this.stop();
    setImmediate(() => this.#pass());
  }

  #pass(): void {
    this.stop();
    this.#waiting = 0;
    const [now, cpu] = [performance.now(), cpuMs()];
    const load = (cpu - this.#cpuMs) / (now - this.#passedAt);
    this.#passedAt = now;
    this.#cpuMs = cpu;
    this.#nextAt = now + longestMs * Math.min(1, load / fullLoad);
    this.#go();
  }
}

/** Of all threads: collecting garbage is work, too. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
