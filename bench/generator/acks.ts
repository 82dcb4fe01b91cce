/** What became of every message that a server acknowledges. */
import { Histogram, type Latency } from "./histogram.ts";

/** More than any server lets one client have in flight. */
const inFlightMost = 8_192;

/** The acknowledgements of one load, of a server that gives them; else nothing is missed. */
export class Acks {
  /** What refusals, and connections that were lost, said. */
  readonly refusals = new Set<string>();
  /** When each writer's messages were due, by their numbers, and the first number of this load. */
  readonly #due: (Float64Array | undefined)[] = [];
  readonly #first: number[] = [];
  readonly #expected: boolean;
  readonly #window: { readonly from: number; readonly to: number };
  readonly #latency = new Histogram();
  #sent = 0;
  #stored = 0;
  #inWindow = 0;
  #refused = 0;

  /** Times are in microseconds. */
  constructor(window: { from: number; to: number }, { expected }: { expected: boolean }) {
    this.#window = window;
    this.#expected = expected;
  }

  sent(writer: number, { number, due }: { number: number; due: number }): void {
    if (!this.#expected) return;
    this.#sent++;
    this.#first[writer] ??= number;
    const ring = this.#due[writer] ??= new Float64Array(inFlightMost);
    ring[number % inFlightMost] = due;
  }

  took(
    writer: number,
    { number, refusal, now }: { number: number; refusal: string | undefined; now: number },
  ): void {
    // Of an earlier load.
    if (number < (this.#first[writer] ?? Infinity)) return;
    const due = this.#due[writer]?.[number % inFlightMost] ?? 0;
    if (refusal !== undefined) {
      this.#refused++;
      if (this.refusals.size < 5) this.refusals.add(refusal);
      return;
    }
    this.#stored++;
    if (now >= this.#window.from && now < this.#window.to) this.#inWindow++;
    if (due >= this.#window.from && due < this.#window.to) this.#latency.add(now - due);
  }

  /** True if every message was answered. */
  get complete(): boolean {
    return this.#stored + this.#refused === this.#sent;
  }

  report(): {
    acks: Latency;
    acksInWindow: number;
    refused: number;
    unanswered: number;
    refusals: readonly string[];
  } {
    return {
      acks: this.#latency.summary(),
      acksInWindow: this.#inWindow,
      refused: this.#refused,
      unanswered: this.#sent - this.#stored - this.#refused,
      refusals: [...this.refusals].slice(0, 5),
    };
  }
}
