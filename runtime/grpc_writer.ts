/** Writing to a gRPC stream no faster than its client reads. */

/** What a grpc-js server's stream offers, as far as writing needs it. */
export interface WritableCall {
  readonly cancelled: boolean;
  readonly destroyed: boolean;
  /** Calls back when the message is on its way to the client, which waits for the client to read. */
  write(message: Uint8Array, done: () => void): boolean;
  on(event: "close" | "cancelled" | "error", listener: () => void): unknown;
  off(event: "close" | "cancelled" | "error", listener: () => void): unknown;
}

/** What became of a write. */
export type Written = "written" | "closed" | "slow";

/** How much a client may leave unread, and for how long. */
export interface Patience {
  /** Bytes that may be under way to the client before the next message waits. */
  readonly bytes: number;
  /** A client that takes nothing at all for so long is slow. */
  readonly ms: number;
}

/**
 * Writes to one stream. By itself grpc-js counts messages, not bytes, and queues without bound. Here a client that
 * reads nothing costs `bytes` and one message. What is asked to be written is written in the order of asking.
 */
export class StreamWriter {
  readonly #call: WritableCall;
  readonly #patience: Patience;
  #underWay = 0;
  /** What became of the last write, as long as somebody waits for it. */
  #last: Promise<Written> | undefined;
  /** Called when the client has taken something. */
  #progress: () => void = () => {};
  /** What is told when the client takes something again, by what it is about. */
  readonly #offered = new Map<string, Uint8Array>();
  #telling = false;

  constructor(call: WritableCall, patience: Patience) {
    this.#call = call;
    this.#patience = patience;
  }

  /**
   * Writes one message. Gives "written" when the next may be written, "slow" when the client has taken
   * nothing for the time of patience, "closed" when it is gone.
   */
  write(message: Uint8Array): Promise<Written> | Written {
    return this.writeMade(() => message);
  }

  /** Like `write`, of a message that is not made before it can be written. */
  writeMade(make: () => Uint8Array): Promise<Written> | Written {
    // Many write to a session; what one of them gives is not queued while the client has yet to take what is there.
    const written = this.#last
      ? this.#last.then((before) => before === "written" ? this.#writeNow(make()) : before)
      : this.#writeNow(make());
    if (typeof written === "string") return written;
    const last = written.finally(() => {
      if (this.#last === last) this.#last = undefined;
    });
    return this.#last = last;
  }

  /** Writes a message when the client takes it, unless there is a newer one about the same by then. */
  offer(message: Uint8Array, about: string): void {
    this.#offered.set(about, message);
    if (!this.#telling) this.#tell();
  }

  #writeNow(message: Uint8Array): Promise<Written> | Written {
    if (this.#call.cancelled || this.#call.destroyed) return "closed";
    this.#underWay += message.length;
    this.#call.write(message, () => {
      this.#underWay -= message.length;
      this.#progress();
    });
    return this.#underWay <= this.#patience.bytes ? "written" : this.#wait();
  }

  async #tell(): Promise<void> {
    this.#telling = true;
    let written: Written = await this.#last ?? "written";
    for (const [about, message] of this.#offered) {
      this.#offered.delete(about);
      // Whoever is gone is told nothing, and leaves nothing behind.
      if (written === "written") written = await this.write(message);
    }
    this.#telling = false;
  }

  /** Waits until the client has taken enough. */
  #wait(): Promise<Written> {
    const call = this.#call;
    return new Promise((resolve) => {
      const settle = (written: Written) => {
        clearTimeout(timer);
        this.#progress = () => {};
        for (const event of ends) call.off(event, onEnd);
        resolve(written);
      };
      const slow = () => settle("slow");
      const onEnd = () => settle("closed");
      const ends = ["close", "cancelled", "error"] as const;
      let timer = setTimeout(slow, this.#patience.ms);
      this.#progress = () => {
        clearTimeout(timer);
        if (this.#underWay <= this.#patience.bytes) return settle("written");
        timer = setTimeout(slow, this.#patience.ms);
      };
      for (const event of ends) call.on(event, onEnd);
    });
  }
}
