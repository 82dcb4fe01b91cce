/** Writing to a gRPC stream no faster than its client reads. */

/** What a grpc-js server's stream offers, as far as writing needs it. */
export interface WritableCall<T> {
  readonly cancelled: boolean;
  readonly destroyed: boolean;
  write(message: T): boolean;
  on(event: "drain" | "close" | "cancelled" | "error", listener: () => void): unknown;
  off(event: "drain" | "close" | "cancelled" | "error", listener: () => void): unknown;
}

/** What became of a write. */
export type Written = "written" | "closed" | "slow";

/** Writes to one stream. grpc-js queues without bound when the `false` of its `write` is ignored. */
export class StreamWriter<T> {
  readonly #call: WritableCall<T>;
  readonly #patienceMs: number;
  #drained: Promise<Written> | undefined;

  constructor(call: WritableCall<T>, { patienceMs }: { patienceMs: number }) {
    this.#call = call;
    this.#patienceMs = patienceMs;
  }

  /**
   * Writes one message. Gives "written" when the next may be written, "slow" when the client has taken
   * nothing for the time of patience, "closed" when it is gone.
   */
  write(message: T): Promise<Written> | Written {
    // Many write to a session; what one of them gives is not queued while the client has yet to take what is there.
    if (this.#drained) return this.#writeLater(message);
    if (this.#call.cancelled || this.#call.destroyed) return "closed";
    if (this.#call.write(message)) return "written";
    return this.#drained ??= this.#drain().finally(() => this.#drained = undefined);
  }

  async #writeLater(message: T): Promise<Written> {
    while (this.#drained) {
      const drained = await this.#drained;
      if (drained !== "written") return drained;
    }
    return await this.write(message);
  }

  /** Writes a message if the client takes it at once; leaves it out otherwise. */
  offer(message: T): void {
    if (!this.#drained && !this.#call.cancelled && !this.#call.destroyed) this.write(message);
  }

  #drain(): Promise<Written> {
    const call = this.#call;
    return new Promise((resolve) => {
      const settle = (written: Written) => {
        clearTimeout(timer);
        call.off("drain", onDrain);
        for (const event of ends) call.off(event, onEnd);
        resolve(written);
      };
      const onDrain = () => settle("written");
      const onEnd = () => settle("closed");
      const ends = ["close", "cancelled", "error"] as const;
      const timer = setTimeout(() => settle("slow"), this.#patienceMs);
      call.on("drain", onDrain);
      for (const event of ends) call.on(event, onEnd);
    });
  }
}
