/** Signals within one process: those of a node that is alone. */
import type { Signal, Signals } from "../chat/signals.ts";

/** Tells every listener at once. */
export class LocalSignals implements Signals {
  readonly #listeners = new Set<(signal: Signal) => void>();

  publish(signal: Signal): void {
    for (const listener of [...this.#listeners]) listener(signal);
  }

  listen(listener: (signal: Signal) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
