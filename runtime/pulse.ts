/**
 * The heartbeats of one side of a session. Silence is counted in beats, not by the clock: a process that
 * was stopped for a while has not listened either, and must not take everybody for dead.
 */
export class Pulse {
  readonly #timer: ReturnType<typeof setInterval>;
  #silentBeats = 0;
  #spoke = true;

  /**
   * Calls `beat` when nothing was said for `everyMs` milliseconds at most, and `dead`, once, when nothing was
   * heard for about `silenceMs`.
   */
  constructor(
    { everyMs, silenceMs, beat, dead }: {
      everyMs: number;
      silenceMs: number;
      beat: () => void;
      dead: () => void;
    },
  ) {
    // Twice as often as needed, since what was said just after a beat is known only at the next.
    const stepMs = everyMs / 2;
    this.#timer = setInterval(() => {
      if (++this.#silentBeats * stepMs > silenceMs) {
        this.stop();
        dead();
      } else if (!this.#spoke) beat();
      this.#spoke = false;
    }, stepMs);
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
    clearInterval(this.#timer);
  }
}
