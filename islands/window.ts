/** Which rows of a long list are drawn: those that are seen or nearly so, and a few that something holds on to. Pure. */

/** Rows from one place to before another. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Where rows are. */
export interface Measures {
  readonly count: number;
  at(index: number): number;
  find(top: number): number;
}

/** What is seen of a list: from this far below its first row's top, so high; drawn so far beyond it. */
export interface Sight {
  readonly top: number;
  readonly height: number;
  readonly over: number;
}

/** The rows to draw for what is seen. */
export function spanOf(sizes: Measures, { top, height, over }: Sight): Span {
  if (sizes.count === 0) return { from: 0, to: 0 };
  const from = sizes.find(top - over);
  return { from, to: Math.min(sizes.count, sizes.find(top + height + over) + 1) };
}

/** Whether one of the spans has all these rows. */
export function covers(spans: readonly Span[], { from, to }: Span): boolean {
  return from >= to || spans.some((span) => span.from <= from && span.to >= to);
}

/** Spans in order and apart from each other. */
export function merged(spans: readonly Span[]): Span[] {
  const apart: Span[] = [];
  for (const span of spans.toSorted((one, other) => one.from - other.from)) {
    const last = apart.at(-1);
    if (span.to <= span.from) continue;
    if (last && span.from <= last.to) {
      apart[apart.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
    } else apart.push(span);
  }
  return apart;
}
