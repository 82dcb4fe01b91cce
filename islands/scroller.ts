import { type ReadonlySignal, signal } from "@preact/signals";
import { indexFrom } from "./conversation.ts";
import { type Held, heldIn, spansOf } from "./held.ts";
import { RowHeights } from "./row_heights.ts";
import { type Guess, RowSizes } from "./row_sizes.ts";
import type { Rows } from "./rows.ts";
import { covers, merged, type Sight, type Span, spanOf } from "./window.ts";

/** Fractions of pixels, and a thumb that is not exact. */
const nearPx = 32;
/** What is kept to see above the line of what is new. */
const abovePx = 96;
/** To draw, measure and draw again comes to an end by itself; a browser that disagrees must not hang. */
const roundsMost = 10;
/** Nobody scrolls any more after this time. */
const restMs = 150;

/** What of the list the reader looks at. */
type Place =
  /** At the end, and to stay there. */
  | { readonly is: "end" }
  /** Somewhere above: the first line that is seen, and how far below the list's top it was. */
  | { readonly is: "at"; readonly seq: number; readonly top: number }
  /** On the way to a line, which is to be so far below the top of what is seen. */
  | { readonly is: "aim"; readonly seq: number; readonly below: (size: number) => number };

/** What the list wants. */
export interface Wants {
  /** Whether all is there that the first look needs. */
  readonly ready: boolean;
  /** When the last own message was said: own words always lead to the end. */
  readonly lastSaid: number;
}

/**
 * Draws of a long list what is seen, keeps it at its end for a reader who is there, and what is seen in its place
 * for one who is not. The first look is at the line of what is new.
 */
export class Scroller {
  readonly #sizes: RowSizes;
  readonly #heights = new RowHeights(() => this.#settle());
  readonly #atEnd = signal(false);
  /** Other rows have to be drawn. */
  readonly #turn = signal(0);
  readonly #onTop: () => void;
  #list: HTMLElement | null = null;
  #place: Place = { is: "end" };
  #rows: Rows | null = null;
  #spans: readonly Span[] = [];
  #held: Held = [];
  /**
   * How much higher than guessed the gap above is drawn. A phone's momentum ends when a script scrolls, so while
   * somebody scrolls a wrong guess is made up for in the gap, and by scrolling only once they rest.
   */
  #debt = 0;
  #restTimer: ReturnType<typeof setTimeout> | undefined;
  #begun = false;
  #rounds = 0;
  #lastSaid = 0;
  /** Where the list stood when it was looked at last. */
  #seen = { top: 0, height: 0, view: innerHeight };
  #arrived: (() => void)[] = [];

  /** `onTop` is told that the reader is near the top. */
  constructor(guess: Guess, onTop: () => void) {
    this.#sizes = new RowSizes(guess);
    this.#onTop = onTop;
  }

  /** Whether the reader is at the end, and sees what comes. */
  get atEnd(): ReadonlySignal<boolean> {
    return this.#atEnd;
  }

  /** Chooses the rows to draw. To be called while drawing. */
  draw(rows: Rows): readonly Span[] {
    this.#turn.value;
    if (rows.lines[0] !== this.#rows?.lines[0]) this.#heights.forget();
    this.#rows = rows;
    this.#sizes.align(rows.lines, rows.loose);
    return this.#spans = merged([spanOf(this.#sizes, this.#sight()), ...spansOf(this.#held, rows.lines)]);
  }

  /** How high what is not drawn between two rows is. */
  gap(from: number, to: number): number {
    const debt = from === 0 && to > 0 ? this.#debt : 0;
    return this.#sizes.top(to) - this.#sizes.top(from) + debt;
  }

  /** Takes the list over; returns what ends it. */
  attach(list: HTMLElement): () => void {
    this.#list = list;
    const over = new AbortController();
    const { signal } = over;
    for (const element of [list, ...list.children]) this.#heights.watch(element);
    list.addEventListener("scroll", () => this.#scrolled(), { signal, passive: true });
    const hold = () => {
      if (this.#rowsBox) this.#held = heldIn(this.#rowsBox);
    };
    list.addEventListener("focusin", hold, { signal });
    list.addEventListener("focusout", hold, { signal });
    document.addEventListener("selectionchange", hold, { signal });
    return () => {
      over.abort();
      clearTimeout(this.#restTimer);
      this.#heights.end();
    };
  }

  /** What was asked for is drawn. */
  drawn({ ready, lastSaid }: Wants): void {
    if (lastSaid > this.#lastSaid && this.#begun) this.#place = { is: "end" };
    this.#lastSaid = Math.max(this.#lastSaid, lastSaid);
    if (ready && !this.#begun) this.#begin();
    this.#settle();
  }

  toEnd(): void {
    this.#place = { is: "end" };
    this.#again();
  }

  /** Keeps what is seen where it is, also at the end. */
  stay(): void {
    if (this.#list) this.#place = this.#placeNow();
  }

  /** Leads to a line, and puts it in the middle; resolves when it is drawn. */
  lead(seq: number): Promise<void> {
    const below = (size: number) => Math.max(0, (this.#seen.view - size) / 2);
    this.#place = { is: "aim", seq, below };
    this.#again();
    return new Promise((resolve) => this.#arrived.push(resolve));
  }

  #again(): void {
    this.#turn.value = this.#turn.peek() + 1;
  }

  /** The first look: at the line of what is new, if that is further up than what is seen. */
  #begin(): void {
    this.#begun = true;
    const at = this.#rows?.newsAt ?? -1;
    const seq = this.#rows?.lines[at]?.seq;
    const isAbove = this.#sizes.top(this.#sizes.count) - this.#sizes.top(at) > this.#seen.view;
    if (seq === undefined || !isAbove) return;
    this.#place = { is: "aim", seq, below: () => abovePx };
    this.#again();
  }

  /** What is seen, as far as it is known without asking the page. */
  #sight(share = 1): Sight {
    const height = this.#seen.view;
    const sight = { height, over: share * Math.max(height, 500) };
    const place = this.#place;
    if (place.is === "end") return { ...sight, top: this.#sizes.top(this.#sizes.count) - height };
    const at = this.#indexOf(place.seq);
    const below = place.is === "at" ? place.top - this.#seen.top : place.below(this.#sizes.at(at));
    return { ...sight, top: this.#sizes.top(at) - below };
  }

  #indexOf(seq: number): number {
    const lines = this.#rows?.lines ?? [];
    return Math.min(indexFrom(lines, seq), Math.max(0, lines.length - 1));
  }

  get #rowsBox(): HTMLElement | null {
    return this.#list?.querySelector<HTMLElement>(".rows") ?? null;
  }

  get #rowsTop(): number {
    return this.#rowsBox?.offsetTop ?? 0;
  }

  #placeNow(): Place {
    const lines = this.#rows?.lines ?? [];
    const { top, view } = this.#seen;
    const first = this.#sizes.find(top - this.#rowsTop - this.#debt);
    // Who scrolls faster than the page draws sees a gap: what is drawn below it is what they hold on to.
    const drawn = this.#spans.find(({ to }) => to > first)?.from ?? first;
    const isSeen = drawn > first && this.#topOf(drawn) < top + view;
    const at = Math.min(isSeen ? drawn : first, lines.length - 1);
    const seq = lines[at]?.seq;
    return seq === undefined ? this.#place : { is: "at", seq, top: this.#topOf(at) };
  }

  /** How far below the list's top a row is. */
  #topOf(at: number): number {
    return this.#rowsTop + this.#debt + this.#sizes.top(at);
  }

  /** Measures what is drawn, and puts the list where it is to stand. */
  #settle(): void {
    const list = this.#list;
    if (!list) return;
    this.#measure();
    this.#fitGap();
    const place = this.#place;
    if (place.is === "end") list.scrollTop = list.scrollHeight;
    else if (place.is === "at") this.#keep(list, place);
    else {
      const at = this.#indexOf(place.seq);
      list.scrollTop = this.#topOf(at) - place.below(this.#sizes.at(at));
    }
    this.#look();
    if (place.is === "aim") this.#arrive(place);
  }

  /** Keeps what is seen where it is, though what is above it is not as high as it was taken to be. */
  #keep(list: HTMLElement, { seq, top }: Extract<Place, { is: "at" }>): void {
    const first = this.#spans[0]?.from ?? 0;
    if (first === 0) this.#debt = 0;
    const at = this.#indexOf(seq);
    const off = this.#topOf(at) - top;
    const isSmall = Math.abs(off) >= 0.5 && Math.abs(off) < this.#seen.view && this.gap(0, first) >= off;
    if (this.#restTimer !== undefined && first > 0 && isSmall) this.#debt -= off;
    this.#fitGap();
    const left = this.#topOf(at) - top;
    const before = list.scrollTop;
    if (Math.abs(left) >= 0.5) list.scrollTop = before + left;
    // Of what a display cannot show, a part of a pixel, the rest is kept for later.
    const now = this.#rows?.lines[at]?.seq ?? 0;
    this.#place = { is: "at", seq: now, top: top + list.scrollTop - before };
  }

  /** What was led to is there, once nothing around it has to be drawn any more. */
  #arrive(aim: Place): void {
    if (!this.#isCovered(0.2) || this.#place !== aim) return;
    this.#place = this.#placeNow();
    for (const arrived of this.#arrived.splice(0)) arrived();
  }

  #isCovered(share: number): boolean {
    return covers(this.#spans, spanOf(this.#sizes, this.#sight(share)));
  }

  /** The gap above is as high as it should be, also before the page is drawn again. */
  #fitGap(): void {
    const gap = this.#rowsBox?.firstElementChild;
    const height = this.gap(0, this.#spans[0]?.from ?? 0);
    // A browser tells six digits of what it was told.
    if (!(gap instanceof HTMLElement) || Math.abs(parseFloat(gap.style.height) - height) < 0.5) return;
    gap.style.height = `${height}px`;
  }

  #measure(): void {
    const drawn = this.#rowsBox?.children ?? [];
    let next = 0;
    for (const { from, to } of this.#spans) {
      // Before each stands what is not drawn.
      next++;
      for (let at = from; at < to; at++) {
        const row = drawn[next++];
        if (!row) continue;
        const height = this.#heights.of(row);
        if (height !== this.#sizes.at(at)) this.#sizes.set(at, height);
      }
    }
  }

  #scrolled(): void {
    const list = this.#list;
    if (!list) return;
    this.#rounds = 0;
    clearTimeout(this.#restTimer);
    this.#restTimer = setTimeout(() => this.#rest(), restMs);
    const below = list.scrollHeight - list.scrollTop - list.clientHeight;
    const wentUp = list.scrollTop < this.#seen.top && list.scrollHeight >= this.#seen.height;
    this.#look();
    if (this.#place.is === "aim") return;
    this.#place = below <= (wentUp ? 1 : nearPx) ? { is: "end" } : this.#placeNow();
    this.#look();
  }

  #rest(): void {
    this.#restTimer = undefined;
    if (this.#debt === 0) return;
    this.#debt = 0;
    this.#settle();
  }

  /** Sees where the list stands. */
  #look(): void {
    const list = this.#list;
    if (!list) return;
    this.#seen = { top: list.scrollTop, height: list.scrollHeight, view: list.clientHeight };
    this.#atEnd.value = this.#place.is === "end" && this.#begun;
    if (this.#isCovered(0.6)) this.#rounds = 0;
    else if (this.#rounds++ < roundsMost) this.#again();
    if (this.#begun && list.scrollTop < 2 * this.#seen.view) this.#onTop();
  }
}
