/** Results as a table in Markdown. */
import { generatorBound } from "./figures.ts";
import type { Results, Spread } from "./results.ts";
import type { Cell, Shape } from "./shape.ts";

/** What a table is made from. */
export interface TableOptions {
  readonly cells: readonly Cell[];
  /** Names and labels, in order. */
  readonly peers: readonly { readonly name: string; readonly label: string }[];
}

/** A shape's rows: one for each cell and server that took part. */
export function rowsOf(shape: Shape, results: Results, { cells, peers }: TableOptions): string[][] {
  return cells.flatMap((cell) =>
    peers.flatMap(({ name, label }) => {
      const place = { shape: shape.name, cell: cell.name, peer: name };
      if (!results.has(place)) return [];
      const figures = shape.columns.map(({ figure, digits }) => {
        const spread = results.spread(place, figure);
        if (!spread) return "–";
        const isBound = figure === "generator" && spread.median >= generatorBound;
        return format(spread, digits) + (isBound ? " generator-bound" : "");
      });
      const failure = results.failure(place);
      return [[cell.name, label + (failure ? ` (failed: ${oneLine(failure)})` : ""), ...figures]];
    })
  );
}

/** A shape's table. */
export function tableOf({ columns }: Shape, rows: readonly (readonly string[])[]): string {
  return markdownTable(["", "server", ...columns.map(({ head }) => head)], rows);
}

/** A table. All columns but the first two hold numbers. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, i) => i < 2 ? "---" : "---:");
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The median, and in parentheses the least and the most, if they differ. */
export function format({ median, min, max }: Spread, digits: number): string {
  const [middle, low, high] = [median, min, max].map((value) => number(value, digits));
  return low === high ? `${middle}` : `${middle} (${low}–${high})`;
}

/** A number for people. */
export function number(value: number, digits: number): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function oneLine(text: string): string {
  const line = text.replaceAll(/[\s|]+/g, " ").trim();
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}
