/**
 * A TCP proxy with a temper: between two of our processes it delays, holds back, trickles, cuts and resets, as told
 * while it runs. Whatever it does is what a network may do to TCP: no byte is lost or changed while a connection lives.
 */
import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import type { Dice } from "./dice.ts";

/** How the way in one direction is. */
export interface Way {
  /** Each byte arrives so many milliseconds later, … */
  readonly delayMs: number;
  /** … and up to so many more. */
  readonly jitterMs: number;
  /** 0 for as fast as can be. */
  readonly bytesPerSecond: number;
  /** Nothing arrives: not a byte, nor that the other end is gone. */
  readonly held: boolean;
}

/** A way that does nothing. */
export const clear: Way = { delayMs: 0, jitterMs: 0, bytesPerSecond: 0, held: false };

/** How the network is at the moment. */
export interface Temper {
  /** From client to server. */
  readonly up: Way;
  /** From server to client. */
  readonly down: Way;
  /** New connections are refused. */
  readonly refusing: boolean;
}

/** A network without faults. */
export const calm: Temper = { up: clear, down: clear, refusing: false };

/** So much is on its way at most; then the sender is not read from. */
const onTheWayBytes = 262_144;
const pieceBytes = 1_024;

/** When a piece of so many bytes arrives that is sent now, if the one before arrives at `last`. Pure. */
export function arrival(way: Way, { now, last, bytes, dice }: Sending): number {
  const late = now + way.delayMs + dice * way.jitterMs;
  const slow = way.bytesPerSecond > 0 ? bytes / way.bytesPerSecond * 1_000 : 0;
  return Math.max(late, last) + slow;
}

/** Times in milliseconds; `dice` from 0 up to 1. */
interface Sending {
  readonly now: number;
  readonly last: number;
  readonly bytes: number;
  readonly dice: number;
}

/** The proxy. */
export class Proxy implements AsyncDisposable {
  readonly counts = { connections: 0, bytesUp: 0, bytesDown: 0 };
  readonly #server: Server;
  readonly #to: () => number;
  readonly #random: Dice;
  readonly #links = new Set<Link>();
  #temper = calm;

  private constructor(server: Server, to: () => number, random: Dice) {
    this.#server = server;
    this.#to = to;
    this.#random = random;
  }

  /** Listens on `port` or a free one, and leads to the port that `to` gives then. */
  static start(to: () => number, { random, port = 0 }: { random: Dice; port?: number }): Promise<Proxy> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const proxy = new Proxy(server, to, random);
    server.on("connection", (socket) => proxy.#link(socket));
    return new Promise((resolve, reject) => {
      server.on("error", reject);
      server.listen(port, "127.0.0.1", () => resolve(proxy));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get temper(): Temper {
    return this.#temper;
  }

  /** Connections that live. */
  get links(): number {
    return this.#links.size;
  }

  /** Changes the network, for old connections too. */
  set(temper: Partial<Temper>): void {
    this.#temper = { ...this.#temper, ...temper };
    for (const link of this.#links) link.changed();
  }

  /** Ends all connections, at both ends: politely, or with a reset. */
  cut({ reset = false } = {}): void {
    for (const link of [...this.#links]) link.cut(reset);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.set(calm);
    this.cut({ reset: true });
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #link(client: Socket): void {
    this.counts.connections++;
    if (this.#temper.refusing) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ host: "127.0.0.1", port: this.#to(), allowHalfOpen: true });
    // Or Nagle's algorithm and delayed acknowledgements would add a temper of their own, 40 ms.
    for (const socket of [client, server]) socket.setNoDelay(true);
    const way = (direction: "up" | "down") => () => this.#temper[direction];
    const link = new Link(
      new Pump(client, server, {
        way: way("up"),
        random: this.#random,
        count: (n) => this.counts.bytesUp += n,
      }),
      new Pump(server, client, {
        way: way("down"),
        random: this.#random,
        count: (n) => this.counts.bytesDown += n,
      }),
      { ended: () => this.#links.delete(link) },
    );
    this.#links.add(link);
  }
}

/** One connection through the proxy. */
class Link {
  readonly #up: Pump;
  readonly #down: Pump;
  readonly #ended: () => void;

  constructor(up: Pump, down: Pump, { ended }: { ended: () => void }) {
    this.#up = up;
    this.#down = down;
    this.#ended = ended;
    for (const pump of [up, down]) {
      pump.from.on("error", () => {});
      // An end that is destroyed, by a fault or by both being through, is told to the other once the way is free.
      pump.from.on("close", () => pump.push({ is: "gone" }));
      pump.done.then(() => this.cut(true));
    }
    Promise.all([up.finished, down.finished]).then(() => this.cut(false));
  }

  changed(): void {
    this.#up.changed();
    this.#down.changed();
  }

  cut(reset: boolean): void {
    this.#ended();
    for (const { from } of [this.#up, this.#down]) {
      if (from.destroyed) continue;
      if (reset) from.resetAndDestroy();
      else from.destroy();
    }
    this.#up.stop();
    this.#down.stop();
  }
}

type Passing = { readonly is: "bytes"; readonly bytes: Uint8Array } | { readonly is: "end" } | {
  readonly is: "gone";
};

/** One direction of a connection. */
class Pump {
  readonly from: Socket;
  /** Resolves when the near end is gone, and the far end may know. */
  readonly done: Promise<void>;
  /** Resolves when the near end said its last byte, and it arrived. */
  readonly finished: Promise<void>;
  readonly #into: Socket;
  readonly #options: { way: () => Way; random: Dice; count: (bytes: number) => void };
  readonly #queue: { passing: Passing; due: number }[] = [];
  readonly #gone = Promise.withResolvers<void>();
  readonly #finished = Promise.withResolvers<void>();
  #queued = 0;
  #last = 0;
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #draining = false;

  constructor(
    from: Socket,
    into: Socket,
    options: { way: () => Way; random: Dice; count: (bytes: number) => void },
  ) {
    this.from = from;
    this.done = this.#gone.promise;
    this.finished = this.#finished.promise;
    this.#into = into;
    this.#options = options;
    from.on("data", (bytes: Uint8Array) => this.push({ is: "bytes", bytes }));
    from.on("end", () => this.push({ is: "end" }));
    into.on("drain", () => {
      this.#draining = false;
      this.changed();
    });
    from.resume();
  }

  push(passing: Passing): void {
    if (this.#stopped) return;
    const { way, random } = this.#options;
    const pieces = passing.is === "bytes" && way().bytesPerSecond > 0 ? split(passing) : [passing];
    for (const piece of pieces) {
      const bytes = piece.is === "bytes" ? piece.bytes.length : 0;
      this.#last = arrival(way(), { now: Date.now(), last: this.#last, bytes, dice: random() });
      this.#queue.push({ passing: piece, due: this.#last });
      this.#queued += bytes;
    }
    if (this.#queued > onTheWayBytes) this.from.pause();
    this.changed();
  }

  /** Lets through what may pass now. */
  changed(): void {
    clearTimeout(this.#timer);
    while (!this.#stopped && !this.#draining && !this.#options.way().held) {
      const [first] = this.#queue;
      if (!first) return;
      const waitMs = first.due - Date.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.changed(), waitMs);
        return;
      }
      this.#queue.shift();
      this.#pass(first.passing);
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #pass(passing: Passing): void {
    if (passing.is === "gone") return this.#gone.resolve();
    if (passing.is === "end") {
      this.#into.end();
      return this.#finished.resolve();
    }
    this.#queued -= passing.bytes.length;
    this.#options.count(passing.bytes.length);
    if (!this.#into.write(passing.bytes)) this.#draining = true;
    if (this.#queued <= onTheWayBytes / 2) this.from.resume();
  }
}

function split({ bytes }: { bytes: Uint8Array }): Passing[] {
  const pieces: Passing[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    pieces.push({ is: "bytes", bytes: bytes.subarray(at, at + pieceBytes) });
  }
  return pieces;
}
