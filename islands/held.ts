/** What of a list the focus and the selection are in: that must stay in the document, wherever it is scrolled to. */
import { indexFrom, type Line } from "./conversation.ts";
import type { Span } from "./window.ts";

/** Rows that a selection may keep drawn. */
const selectedMost = 400;

/** Stretches of lines, by the seqs of the first and the last one. */
export type Held = readonly { readonly first: number; readonly last: number }[];

/** What is held now in these rows. */
export function heldIn(rows: HTMLElement): Held {
  const selection = getSelection();
  const ends = selection?.isCollapsed === false ? [selection.anchorNode, selection.focusNode] : [];
  return [[document.activeElement], ends].flatMap((nodes) => {
    const seqs = nodes.map((node) => seqOf(node, rows)).filter((seq) => seq > 0);
    return seqs.length > 0 ? [{ first: Math.min(...seqs), last: Math.max(...seqs) }] : [];
  });
}

/** Where that is among the lines. */
export function spansOf(held: Held, lines: readonly Line[]): Span[] {
  return held.flatMap(({ first, last }): Span[] => {
    const [from, to] = [indexFrom(lines, first), indexFrom(lines, last + 1)];
    return to - from <= selectedMost ? [{ from, to }] : [];
  });
}

/** The seq of the row that a node is in; 0 if it is in none. */
function seqOf(node: Node | null, rows: HTMLElement): number {
  const element = node instanceof Element ? node : node?.parentElement;
  const row = element?.closest<HTMLElement>("[data-line]");
  return row && rows.contains(row) ? Number(row.dataset.line) : 0;
}
