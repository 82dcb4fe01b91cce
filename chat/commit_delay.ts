/**
 * When commands that wait are stored: at once, or together with those that will come right behind them. A commit, the
 * frame that tells of it and the wake-ups on the way cost the same for one message as for several.
 */
import { limits } from "../protos/limits.ts";

/** How commands come. Times are of `performance.now()`, in milliseconds. */
export interface Rhythm {
  /** About how far apart they come. */
  readonly gapMs: number;
  /** When the last one came. */
  readonly lastAt: number;
  /** Delays in a row that brought just one. */
  readonly pairs: number;
  /** Delays in a row that were in vain: whoever could come waits for the answer to what is held. */
  readonly vain: number;
  /** Commits that go at once before another delay is tried. */
  readonly skips: number;
}

/** Nothing came yet. */
export const silence: Rhythm = {
  gapMs: 4 * limits.commitDelayMs,
  lastAt: -Infinity,
  pairs: 0,
  vain: 0,
  skips: 0,
};

/** Commits that go at once between two delays that may be in vain, at most. */
const skipsMost = 256;

/** Who is expected so short before the end of a delay may as well come after it. */
const slackMs = 1;

/** After so many pairs one goes alone, at once: so more than half wait for nobody, and the median is what it was. */
const pairsMost = 5;

/** One more has come. */
export function came(rhythm: Rhythm, now: number): Rhythm {
  // A pause says little about what comes after it: so a burst is known as one after a few of it.
  const gap = Math.min(now - rhythm.lastAt, silence.gapMs);
  return { ...rhythm, gapMs: rhythm.gapMs + (gap - rhythm.gapMs) / 4, lastAt: now };
}

/**
 * Until when those who wait since `since` are held. Not at all if the next one would come too late for them; and no
 * longer than it takes to see that nobody comes.
 */
export function heldUntil({ gapMs, lastAt, skips }: Rhythm, since: number): number {
  const atMost = since + limits.commitDelayMs;
  return skips > 0 || lastAt + gapMs > atMost - slackMs ? since : Math.min(atMost, lastAt + 2 * gapMs);
}

/** Those who waited since `since` are let go; `brought` is how many came while they were held, undefined if they were not. */
export function released(
  rhythm: Rhythm,
  { since, now, brought }: { since: number; now: number; brought: number | undefined },
): Rhythm {
  if (brought === undefined) return { ...rhythm, skips: Math.max(0, rhythm.skips - 1) };
  // A few who wait for each other's commits all come at once, and then nobody does.
  if (now - rhythm.lastAt >= rhythm.lastAt - since) {
    const vain = rhythm.vain + 1;
    return { ...rhythm, pairs: 0, vain, skips: Math.min(skipsMost, 2 ** vain - 1) };
  }
  const pairs = brought === 1 ? rhythm.pairs + 1 : 0;
  if (pairs === pairsMost) return { ...rhythm, pairs: 0, vain: 0, skips: 1 };
  return { ...rhythm, pairs, vain: 0, skips: 0 };
}

/** Whoever said something so short ago may say something again any moment. */
const latelyMs = 1_000;

/** Holds back what waits in all rooms, and lets all of it go at once. */
export class CommitDelay {
  #rhythm = silence;
  /** Who said something lately, with when; who did last comes last. */
  readonly #speakers = new Map<string, number>();
  /** Those who wait: a program often says nothing more until it has its answer. */
  readonly #held = new Set<string>();
  readonly #waiting: (() => void)[] = [];
  /** Since when the first of those waits. */
  #since = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** How many came while they are held; undefined if they are not. */
  #brought: number | undefined;

  /** Counts a command of somebody. */
  came(speaker: string, now: number): void {
    this.#rhythm = came(this.#rhythm, now);
    this.#held.add(speaker);
    this.#speakers.delete(speaker);
    this.#speakers.set(speaker, now);
    for (const [one, at] of this.#speakers) {
      if (now - at < latelyMs) break;
      this.#speakers.delete(one);
      // Where so many wait that nobody is held, nothing is let go of here either.
      this.#held.delete(one);
    }
    if (this.#brought === undefined) return;
    this.#brought++;
    this.#decide(now);
  }

  /** Resolves when what waits since `since` may be stored. */
  over(since: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (since < this.#since) {
        this.#since = since;
        this.#stopTimer();
      }
      this.#decide(performance.now());
    });
  }

  #decide(now: number): void {
    const isAnyoneLeft = this.#held.size < this.#speakers.size;
    const ms = isAnyoneLeft ? heldUntil(this.#rhythm, this.#since) - now : 0;
    // Timers count in whole milliseconds.
    if (ms < 1) return this.#release(now);
    this.#brought ??= 0;
    this.#timer ??= setTimeout(() => {
      this.#stopTimer();
      this.#decide(performance.now());
    }, ms);
  }

  #release(now: number): void {
    this.#stopTimer();
    this.#rhythm = released(this.#rhythm, { since: this.#since, now, brought: this.#brought });
    this.#brought = undefined;
    this.#since = Infinity;
    this.#held.clear();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
