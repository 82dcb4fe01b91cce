/** Full jitter: a wait in milliseconds from 0 to `base * 2^attempt`, at most `most`. Spreads those who come back together. */
export function jitter(attempt: number, { base, most, random = Math.random }: JitterOptions): number {
  return Math.round(random() * Math.min(most, base * 2 ** Math.min(attempt, 30)));
}

/** Milliseconds; `random` gives 0 to 1. */
export interface JitterOptions {
  base: number;
  most: number;
  random?: () => number;
}
