/**
 * The heartbeats of one side of a session. Silence is counted in beats, not by the clock: a process that
 * was stopped for a while has not listened either, and must not take everybody for dead.
 */
import { type Due, later } from "./wheel.ts";

/** What a pulse does. */
export interface PulseOptions {
  /** When nothing was said for so long at most, in milliseconds, or nothing was heard for longer, `beat` is called. */
  readonly everyMs: number;
  /** When nothing was heard for about so long, `dead` is called, once. */
  readonly silenceMs: number;
  /** Whether nothing was said since it was last asked, of a side that does not tell by `spoke`. */
  wasQuiet?(): boolean;
  beat(): void;
  dead(): void;
}

/** Heartbeats, until they are stopped. */
export class Pulse {
  readonly #options: PulseOptions;
  #due: Due | undefined;
  #silentBeats = 0;
  #spoke = true;

  constructor(options: PulseOptions) {
    this.#options = options;
    this.#wait();
  }

  /** The other side gave a sign of life. */
  heard(): void {
    this.#silentBeats = 0;
  }

  /** This side gave one. */
  spoke(): void {
    this.#spoke = true;
  }

  stop(): void {
    this.#due?.cancel();
    this.#due = undefined;
  }

  /** Twice as often as needed, since what was said just after a beat is known only at the next. */
  get #stepMs(): number {
    return this.#options.everyMs / 2;
  }

  #wait(): void {
    this.#due = later(this.#stepMs, () => this.#step());
  }

  #step(): void {
    const silentMs = ++this.#silentBeats * this.#stepMs;
    if (silentMs > this.#options.silenceMs) {
      this.stop();
      return this.#options.dead();
    }
    const wasQuiet = this.#options.wasQuiet?.() ?? !this.#spoke;
    this.#spoke = false;
    // Before the beat, which may end it.
    this.#wait();
    // Many a peer says something only when it is asked.
    if (wasQuiet || silentMs > this.#options.everyMs) this.#options.beat();
  }
}
