/**
 * How much is sent at once after wires broke: if it was one command that broke them, it is soon alone on the wire, and
 * the others get by. Pure.
 */

/** How cautious to be. */
export interface Caution {
  /** Wires that broke with something under way since the last answer. */
  readonly breaks: number;
  /** So many commands may be under way at a time. */
  readonly most: number;
}

/** As much as the window and the pace allow. */
export const carefree: Caution = { breaks: 0, most: Infinity };

/** Where nothing is noticed of it any more. */
const plenty = 64;

/** A wire broke with something under way. Once may be bad luck. */
export function broke({ breaks, most }: Caution): Caution {
  return { breaks: breaks + 1, most: breaks > 0 ? 1 : most };
}

/** An answer came. */
export function answered({ most }: Caution): Caution {
  return most >= plenty ? carefree : { breaks: 0, most: most + 1 };
}
