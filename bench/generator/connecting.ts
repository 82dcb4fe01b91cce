/** Everybody comes in: a bounded number at a time, as fast as the server lets them. */
import type { Crowd } from "./crowd.ts";
import { Histogram } from "./histogram.ts";
import type { Connected, ConnectOrder } from "./orders.ts";
import { findStamp, stampLength } from "./stamp.ts";
import type { Task } from "./task.ts";

/** The task. */
export class Connecting implements Task<Connected> {
  readonly #order: ConnectOrder;
  readonly #crowd: () => Crowd;
  readonly #began: Float64Array;
  /** Earlier messages that each client still waits for, and one for being in the room. */
  readonly #missing: Int32Array;
  readonly #latency = new Histogram();
  readonly #refusals = new Set<string>();
  readonly #since = performance.now();
  #in = 0;
  #lost = 0;
  #lastIn = this.#since;

  constructor(order: ConnectOrder, crowd: () => Crowd) {
    this.#order = order;
    this.#crowd = crowd;
    this.#began = new Float64Array(order.clients);
    this.#missing = new Int32Array(order.clients).fill(order.replay + 1);
  }

  step(now: number): { again: number } | { result: Connected } {
    const { clients, atOnce, patienceSeconds } = this.#order;
    const crowd = this.#crowd();
    while (crowd.begun < clients && crowd.begun - this.#in - this.#lost < atOnce) {
      this.#began[crowd.begun] = performance.now();
      crowd.begin();
    }
    const late = this.#since + patienceSeconds * 1_000;
    if (this.#in + this.#lost < clients && now < late) return { again: late };
    if (this.#in + this.#lost < clients) this.#refusals.add("it took too long");
    return {
      result: {
        joined: this.#in,
        ms: this.#lastIn - this.#since,
        latency: this.#latency.summary(),
        refusals: [...this.#refusals].slice(0, 5),
      },
    };
  }

  joined(index: number): void {
    this.#got(index);
  }

  message(index: number, bytes: Uint8Array, from: number, to: number): void {
    if (this.#order.replay === 0) return;
    for (let at = findStamp(bytes, from, to); at >= 0; at = findStamp(bytes, at + stampLength, to)) {
      this.#got(index);
    }
  }

  answered(): void {}

  lost(_index: number, why: string): void {
    this.#lost++;
    this.#refusals.add(why);
  }

  #got(index: number): void {
    const missing = (this.#missing[index] ?? 0) - 1;
    this.#missing[index] = missing;
    if (missing !== 0) return;
    this.#in++;
    this.#lastIn = performance.now();
    this.#latency.add((this.#lastIn - (this.#began[index] ?? 0)) * 1_000);
  }
}
