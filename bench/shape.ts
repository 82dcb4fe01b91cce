/** What is asked of the servers: one way of use, in several sizes. */
import type { Figures } from "./results.ts";
import type { Peer } from "./servers/peer.ts";

/** One size of a shape. */
export interface Cell {
  /** As in tables, and on the command line. */
  readonly name: string;
}

/** A column of a shape's table. */
export interface Column {
  readonly figure: string;
  readonly head: string;
  /** Digits behind the point. */
  readonly digits: number;
}

/** A shape. What happens in it, docs/numbers.md tells above its table. */
export interface Shape<C extends Cell = Cell> {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly Column[];
  readonly cells: readonly C[];
  /** Sizes for a machine that is busy with other things. */
  readonly quickCells: readonly C[];
  /** Who takes part, by name. */
  peers(cell: C): readonly string[];
  /** Measures once. Rejects if the server could not do it. */
  measure(peer: Peer, cell: C): Promise<Figures>;
}

/** A shape among others: its cells are its own. */
export function shape<C extends Cell>(shape: Shape<C>): Shape {
  return shape as unknown as Shape;
}
