/** The streams that a gRPC server holds: each run to its end, counted, and told to end when the server drains. */
import type { ServerDuplexStream, ServerWritableStream } from "@grpc/grpc-js";
import { before } from "./deadline.ts";

type StreamCall = ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>;

/** What the server says of its streams. */
export interface StreamRules {
  /** Throws if no new stream may begin; gets how many there are. */
  admit(count: number): void;
  /** Makes what was thrown the status that ends a stream. */
  status(error: unknown): Error;
}

/** All streams of a server. No error escapes: a rejected handler would end the process. */
export class Streams {
  readonly #rules: StreamRules;
  readonly #draining = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(rules: StreamRules) {
    this.#rules = rules;
  }

  /** Aborts when all streams are to end. */
  get draining(): AbortSignal {
    return this.#draining.signal;
  }

  /** Runs a stream to its end, whatever that is. The signal aborts when the client is gone. */
  run(call: StreamCall, serve: (signal: AbortSignal) => Promise<void>): void {
    const gone = new AbortController();
    call.on("cancelled", () => gone.abort());
    call.on("error", () => gone.abort());
    const stream = Promise.try(() => this.#rules.admit(this.#running.size)).then(() => serve(gone.signal))
      .then(
        () => call.end(),
        (error) => call.emit("error", this.#rules.status(error)),
      ).then(() => gone.abort());
    this.#running.add(stream);
    stream.finally(() => this.#running.delete(stream));
  }

  /** Tells every stream to end, and resolves when all have, or after `ms`. */
  async drain(ms: number): Promise<void> {
    this.#draining.abort();
    await before(ms, Promise.allSettled(this.#running));
  }
}
