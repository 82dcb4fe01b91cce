/** Something that changes, and those who wait for it. As in feed/, which the engines must not know. */
export class Change {
  readonly #waiting = new Set<() => void>();

  /** Resolves at the next `happen`, or when the signal aborts. Leaves nothing behind on either. */
  next({ signal }: { signal: AbortSignal }): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      if (signal.aborted) return resolve();
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake);
    });
  }

  /** Wakes all who wait now. */
  happen(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
