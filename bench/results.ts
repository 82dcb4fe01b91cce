/** What was measured: figures by shape, cell and server, once for each repeat. */

/** Figures by their names. */
export type Figures = Readonly<Record<string, number>>;

/** Of which run of what. */
export interface Measured {
  readonly shape: string;
  readonly cell: string;
  readonly peer: string;
  /** A run that failed says why instead. */
  readonly outcome: Figures | string;
}

/** Repeats of one figure. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Where a figure is. */
export interface Place {
  readonly shape: string;
  readonly cell: string;
  readonly peer: string;
}

/** All that was measured so far. */
export class Results {
  readonly #all: Measured[] = [];

  add(measured: Measured): void {
    this.#all.push(measured);
  }

  /** A figure over all repeats; undefined if it was never measured. */
  spread(place: Place, figure: string): Spread | undefined {
    const values = this.#of(place).flatMap(({ outcome }) =>
      typeof outcome === "string" ? [] : outcome[figure] ?? []
    );
    return spreadOf(values);
  }

  /** Why a run failed; undefined if none did. */
  failure(place: Place): string | undefined {
    const failed = this.#of(place).find(({ outcome }) => typeof outcome === "string");
    return failed?.outcome as string | undefined;
  }

  /** True if it was tried. */
  has(place: Place): boolean {
    return this.#of(place).length > 0;
  }

  #of({ shape, cell, peer }: Place): Measured[] {
    return this.#all.filter((one) => one.shape === shape && one.cell === cell && one.peer === peer);
  }
}

/** Median, least and most; undefined of nothing. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) return undefined;
  const middle = sorted.length / 2;
  const [low = min, high = min] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return { median: (low + high) / 2, min, max };
}
