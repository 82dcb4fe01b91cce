/** How high the rows of a long list are: as measured where they were drawn, and guessed elsewhere. */
import { indexFrom, type Line } from "./conversation.ts";

const partRows = 256;
const looseGuess = 60;

/** Guesses how high a line is, in pixels. */
export type Guess = (line: Line, before: Line | undefined) => number;

/** The heights of all rows, in pixels. They stay with their lines, whatever comes before or behind. */
export class RowSizes {
  readonly #guess: Guess;
  #lines: readonly Line[] = [];
  #sizes: number[] = [];
  /** Of so many rows together: nobody adds up thousands for each frame. */
  #sums: number[] = [];
  /** Of what has no place in the room yet, by key. */
  #loose = new Map<string, number>();
  #looseKeys: readonly string[] = [];

  constructor(guess: Guess) {
    this.#guess = guess;
  }

  get count(): number {
    return this.#sizes.length + this.#looseKeys.length;
  }

  /** Takes over what the list is made of now. Lines are only ever added and let go at their ends. */
  align(lines: readonly Line[], loose: readonly string[]): void {
    if (lines !== this.#lines) this.#align(lines);
    const before = this.#loose;
    this.#loose = new Map(loose.map((key) => [key, before.get(key) ?? looseGuess]));
    this.#looseKeys = loose;
  }

  at(index: number): number {
    return this.#sizes[index] ?? this.#loose.get(this.#looseKeys[index - this.#sizes.length] ?? "") ?? 0;
  }

  set(index: number, size: number): void {
    const before = this.#sizes[index];
    if (before === undefined) {
      const key = this.#looseKeys[index - this.#sizes.length];
      if (key !== undefined) this.#loose.set(key, size);
      return;
    }
    this.#sizes[index] = size;
    const part = Math.floor(index / partRows);
    this.#sums[part] = (this.#sums[part] ?? 0) + size - before;
  }

  /** How far below the first row's top this row's is. */
  top(index: number): number {
    const parts = Math.min(Math.floor(index / partRows), this.#wholeParts);
    let sum = 0;
    for (let part = 0; part < parts; part++) sum += this.#sums[part] ?? 0;
    for (let at = parts * partRows; at < index; at++) sum += this.at(at);
    return sum;
  }

  /** The row that is so far below the first row's top; the nearest one, if there is none. */
  find(top: number): number {
    let part = 0;
    let end = 0;
    for (; part < this.#wholeParts && end + (this.#sums[part] ?? 0) <= top; part++) {
      end += this.#sums[part] ?? 0;
    }
    let at = part * partRows;
    for (end += this.at(at); end <= top && at < this.count - 1; end += this.at(at)) at++;
    return Math.min(at, Math.max(0, this.count - 1));
  }

  #align(lines: readonly Line[]): void {
    const old = this.#lines;
    this.#lines = lines;
    const gone = indexFrom(old, lines[0]?.seq ?? Infinity);
    const added = indexFrom(lines, old[gone]?.seq ?? Infinity);
    // What has nothing in common begins anew.
    const kept = lines[added] ? Math.min(old.length - gone, lines.length - added) : 0;
    const guessed = (from: number, to: number) =>
      lines.slice(from, to).map((line, index) => this.#guess(line, lines[from + index - 1]));
    const before = guessed(0, added);
    if (gone > 0 || before.length > 0) {
      this.#sizes = [...before, ...this.#sizes.slice(gone, gone + kept)];
    }
    this.#sizes.length = before.length + kept;
    for (const size of guessed(added + kept, lines.length)) this.#sizes.push(size);
    this.#sum(gone > 0 || added > 0 ? 0 : Math.floor(kept / partRows));
  }

  get #wholeParts(): number {
    return Math.floor(this.#sizes.length / partRows);
  }

  #sum(from: number): void {
    this.#sums.length = from;
    for (let at = from * partRows; at < this.#sizes.length; at++) {
      const part = Math.floor(at / partRows);
      this.#sums[part] = (this.#sums[part] ?? 0) + (this.#sizes[at] ?? 0);
    }
  }
}
