/** How fast a client may give commands without being refused: a bucket of tokens, as the server keeps one. Pure. */

/** The server's allowance; see limits.commandsPerSecond and its neighbours. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** What is left of it. `at` is in milliseconds. */
export interface Pace {
  readonly tokens: number;
  readonly at: number;
}

/** The part of the allowance that is used: the two clocks differ, and heartbeats count too. */
const share = 0.9;

/** A full bucket. */
export function fullPace({ burst }: Rate, now: number): Pace {
  return { tokens: burst * share, at: now };
}

/** Takes a token. `waitMs` above 0 means that there is none yet, and none was taken. */
export function take({ tokens, at }: Pace, rate: Rate, now: number): { pace: Pace; waitMs: number } {
  const perMs = rate.perSecond * share / 1_000;
  const filled = Math.min(rate.burst * share, tokens + Math.max(0, now - at) * perMs);
  if (filled < 1) return { pace: { tokens: filled, at: now }, waitMs: Math.ceil((1 - filled) / perMs) };
  return { pace: { tokens: filled - 1, at: now }, waitMs: 0 };
}
