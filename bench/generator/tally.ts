/** Every delivery to every client, checked: that it is the writer's next, and that all of a room see one order. */
import { Histogram } from "./histogram.ts";

/** Who is where: client `i` is in room `i % rooms`, and the first `writers` of each room write. */
export interface Layout {
  readonly clients: number;
  readonly rooms: number;
  /** In each room. */
  readonly writers: number;
}

/** What was counted. */
export interface Counts {
  /** Deliveries that were expected and came. */
  readonly delivered: number;
  /** Those that came within the window. */
  readonly inWindow: number;
  readonly lost: number;
  /** Deliveries that came twice, or behind a later one of the same writer. */
  readonly disordered: number;
  /** Clients that saw another order than others of their room. */
  readonly diverging: number;
}

/** The deliveries of one load. */
export class Tally {
  /** Of those that were due in the window. */
  readonly latency = new Histogram();
  readonly #layout: Layout;
  /** The last number of each writer that each client has, and what it had before this load. */
  readonly #last: Uint32Array;
  readonly #base: Uint32Array;
  readonly #order: Int32Array;
  readonly #window: { readonly from: number; readonly to: number };
  #sent = 0;
  #delivered = 0;
  #inWindow = 0;
  #disordered = 0;

  /** `numbers` are the writers' last numbers so far; the window is in microseconds. */
  constructor(layout: Layout, numbers: Uint32Array, window: { from: number; to: number }) {
    this.#layout = layout;
    this.#window = window;
    this.#base = numbers.slice();
    const { clients, rooms, writers } = layout;
    this.#last = new Uint32Array(clients * writers);
    for (let i = 0; i < this.#last.length; i++) {
      const [client, writer] = [Math.floor(i / writers), i % writers];
      this.#last[i] = numbers[writer * rooms + client % rooms] ?? 0;
    }
    this.#order = new Int32Array(clients);
  }

  /** A message was sent to a room. */
  sent(): void {
    this.#sent++;
  }

  /** A message came. Times are in microseconds. */
  took(client: number, stamp: { writer: number; number: number; due: number }, now: number): void {
    const { rooms, writers } = this.#layout;
    const { writer, number, due } = stamp;
    if (writer >= writers || number <= (this.#base[writer * rooms + client % rooms] as number)) return;
    const at = client * writers + writer;
    if (number <= (this.#last[at] as number)) return void this.#disordered++;
    this.#last[at] = number;
    this.#order[client] = Math.imul(this.#order[client] as number, 31) + writer * 7_919 + number | 0;
    this.#delivered++;
    if (now >= this.#window.from && now < this.#window.to) this.#inWindow++;
    if (due >= this.#window.from && due < this.#window.to) this.latency.add(now - due);
  }

  /** True if nothing is missing. */
  get complete(): boolean {
    return this.#delivered === this.#expected;
  }

  get delivered(): number {
    return this.#delivered;
  }

  counts(): Counts {
    const lost = this.#expected - this.#delivered;
    return {
      delivered: this.#delivered,
      inWindow: this.#inWindow,
      lost,
      disordered: this.#disordered,
      // Where something is lost, orders differ for that.
      diverging: lost === 0 ? this.#diverging() : 0,
    };
  }

  get #expected(): number {
    return this.#sent * this.#layout.clients / this.#layout.rooms;
  }

  #diverging(): number {
    const { rooms } = this.#layout;
    return this.#order.filter((order, client) => order !== this.#order[client % rooms]).length;
  }
}
