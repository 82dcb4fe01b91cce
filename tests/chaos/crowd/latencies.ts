/** Times that things took, in milliseconds, in buckets of about 2 %: millions cost as little as a few. */
export class Latencies {
  readonly #buckets = new Map<number, number>();
  #count = 0;

  add(ms: number): void {
    const bucket = Math.round(Math.log(Math.max(0.01, ms)) * 50);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.#count++;
  }

  get count(): number {
    return this.#count;
  }

  /** The time that a share, 0 to 1, did not exceed; 0 if there are none. */
  quantile(share: number): number {
    let left = Math.ceil(this.#count * share);
    for (const bucket of [...this.#buckets.keys()].sort((a, b) => a - b)) {
      left -= this.#buckets.get(bucket) ?? 0;
      if (left <= 0) return Math.exp(bucket / 50);
    }
    return 0;
  }
}
