/** The streams that a gRPC server holds: each run to its end, counted, and told to end when the server drains. */
import { before } from "./deadline.ts";
import { endCall, type StreamCall } from "./grpc_bounds.ts";

/** What the server says of its streams. */
export interface StreamRules {
  /** Throws if no new stream may begin. */
  admit(places: { readonly taken: number; readonly most: number }): void;
  /** Makes what was thrown the status that ends a stream. */
  status(error: unknown): Error;
}

/** Streams of one kind, which take no more places than this. */
export interface Share {
  readonly most: number;
}

/** What ends one stream. */
export interface StreamSignals {
  /** Aborts when the client is gone. */
  readonly gone: AbortSignal;
  /** Aborts then, and when the server drains. */
  readonly ends: AbortSignal;
}

/** All streams of a server. No error escapes: a rejected handler would end the process. */
export class Streams {
  readonly #rules: StreamRules;
  readonly #running = new Map<AbortController, Promise<void>>();
  readonly #shares = new Map<Share, number>();
  #draining = false;

  constructor(rules: StreamRules) {
    this.#rules = rules;
  }

  /** True when all streams are told to end. */
  get draining(): boolean {
    return this.#draining;
  }

  /** How many run in a share. */
  taken(share: Share): number {
    return this.#shares.get(share) ?? 0;
  }

  /** Runs a stream of a share to its end, whatever that is. */
  run(call: StreamCall, share: Share, serve: (signals: StreamSignals) => Promise<void>): void {
    const [gone, ends] = [new AbortController(), new AbortController()];
    const leave = () => {
      gone.abort();
      ends.abort();
    };
    call.on("cancelled", leave);
    call.on("error", leave);
    const taken = this.taken(share);
    this.#shares.set(share, taken + 1);
    const stream = Promise.try(() => this.#rules.admit({ taken, most: share.most }))
      .then(() => serve({ gone: gone.signal, ends: ends.signal }))
      .then(
        () => call.end(),
        (error) => call.emit("error", this.#rules.status(error)),
      ).then(() => {
        endCall(call);
        leave();
        this.#running.delete(ends);
        this.#shares.set(share, this.taken(share) - 1);
      });
    this.#running.set(ends, stream);
  }

  /** Tells every stream to end, and resolves when all have, or after `ms`. */
  async drain(ms: number): Promise<void> {
    this.#draining = true;
    for (const ends of this.#running.keys()) ends.abort();
    await before(ms, Promise.allSettled(this.#running.values()));
  }
}
