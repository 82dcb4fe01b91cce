/** Repeatable chance. */

/** Gives numbers from 0 up to 1; the same seed gives the same ones (mulberry32). */
export type Dice = () => number;

/** Dice of a seed. */
export function dice(seed: number): Dice {
  return () => {
    seed = seed + 0x6d2b79f5 | 0;
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `from` up to and including `to`. */
export function between(random: Dice, [from, to]: readonly [number, number]): number {
  return from + Math.floor(random() * (to - from + 1));
}

/** One of a list that has some. */
export function pick<T>(random: Dice, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

/** The dice of a part, so that what one part throws does not change another's. */
export function fork(seed: number, part: string): Dice {
  let hash = seed;
  for (const char of part) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return dice(hash);
}
