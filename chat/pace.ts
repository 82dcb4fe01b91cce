/** How fast somebody may go: a bucket that fills steadily and is emptied by what is done. Pure. */

/** A bucket's state. */
export interface Pace {
  /** What may be done at once. */
  readonly left: number;
  /** When that was so, in milliseconds. */
  readonly at: number;
}

/** How a bucket fills: per second, and how much it holds. */
export interface PaceLimits {
  readonly perSecond: number;
  readonly burst: number;
}

/** A full bucket. */
export function fullPace({ burst }: PaceLimits, now: number): Pace {
  return { left: burst, at: now };
}

/** Takes one out, or `count`; undefined if there is not enough in the bucket. */
export function take(
  { left, at }: Pace,
  { perSecond, burst }: PaceLimits,
  { now, count = 1 }: { now: number; count?: number | undefined },
): Pace | undefined {
  const filled = Math.min(burst, left + Math.max(0, now - at) * perSecond / 1000);
  return filled < count ? undefined : { left: filled - count, at: now };
}
