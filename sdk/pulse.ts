/** The heartbeats of a wire's near side. */

/** One wire's pulse. */
export interface Pulse {
  /** The server gave a sign of life. */
  heard(): void;
  /** This side gave one. */
  spoke(): void;
  stop(): void;
}

/**
 * Calls `beat` when nothing was said for `everyMs` at most, and `dead`, once, when nothing was heard for about
 * `silenceMs`. Silence is counted in beats, not by the clock: a process that was stopped has not listened either.
 */
export function startPulse(
  { everyMs, silenceMs, beat, dead }: {
    everyMs: number;
    silenceMs: number;
    beat: () => void;
    dead: () => void;
  },
): Pulse {
  // Twice as often as needed, since what was said just after a step is known only at the next.
  const stepMs = everyMs / 2;
  let silentSteps = 0;
  let spoke = true;
  const timer = setInterval(() => {
    if (++silentSteps * stepMs > silenceMs) {
      clearInterval(timer);
      return dead();
    }
    if (!spoke) beat();
    spoke = false;
  }, stepMs);
  return {
    heard: () => silentSteps = 0,
    spoke: () => spoke = true,
    stop: () => clearInterval(timer),
  };
}
