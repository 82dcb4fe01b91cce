/** The highest rate at which a server still keeps up: doubled until it does not, then halved into. */

/** A rate that was tried. */
export interface Try {
  readonly rate: number;
  readonly held: boolean;
}

/** How to search. */
export interface Search {
  /** The first rate. */
  readonly from: number;
  /** No rate above this is tried. */
  readonly most: number;
  /** How near two rates come before it is enough, such as 1.1. */
  readonly nearness: number;
}

/** The rate to try next; undefined if it is known well enough. */
export function nextRate(tries: readonly Try[], { from, most, nearness }: Search): number | undefined {
  if (tries.length === 0) return Math.min(from, most);
  const held = bestRate(tries);
  const failed = Math.min(...tries.filter((one) => !one.held).map(({ rate }) => rate));
  if (failed === Infinity) return held >= most ? undefined : Math.min(most, held * 2);
  // Not even the first: it may hold a much lower one.
  if (held === 0) return failed > from / 64 ? failed / 2 : undefined;
  return failed / held > nearness ? Math.sqrt(failed * held) : undefined;
}

/** The highest rate that was held below all that were not; 0 if there is none. */
export function bestRate(tries: readonly Try[]): number {
  const failed = Math.min(Infinity, ...tries.filter((one) => !one.held).map(({ rate }) => rate));
  return Math.max(0, ...tries.filter((one) => one.held && one.rate < failed).map(({ rate }) => rate));
}

/** What a search found. */
export interface Found<T> {
  /** The highest rate that was held, and what was seen at it. */
  readonly best?: { readonly rate: number; readonly seen: T };
  /** The lowest rate that was not. */
  readonly past?: { readonly rate: number; readonly seen: T };
}

/** Tries rates until the highest one that holds is known. */
export async function search<T extends { readonly held: boolean }>(
  how: Search,
  attempt: (rate: number) => Promise<T>,
): Promise<Found<T>> {
  const tries: (Try & { seen: T })[] = [];
  for (let rate = nextRate(tries, how); rate !== undefined; rate = nextRate(tries, how)) {
    // What else goes on on a machine makes a server slower, never faster: no rate is given up for one try.
    const first = await attempt(rate);
    const seen = first.held ? first : await attempt(rate);
    tries.push({ rate, seen, held: seen.held });
  }
  const bestAt = bestRate(tries);
  const best = tries.find(({ rate, held }) => held && rate === bestAt);
  const past = tries.filter(({ held }) => !held).sort((a, b) => a.rate - b.rate)[0];
  return { ...(best && { best }), ...(past && { past }) };
}
