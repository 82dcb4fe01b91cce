/** Latencies, counted in buckets whose width grows with them: at most 1/64 off, whatever their number. */

const bucketsPerOctave = 64;
const octaves = 40;

/** Times in microseconds. */
export class Histogram {
  readonly #counts = new Uint32Array(bucketsPerOctave * octaves);
  #count = 0;
  #most = 0;

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** The longest, exactly. */
  get most(): number {
    return this.#most;
  }

  /** Counts one; below 0 counts as 0. */
  add(microseconds: number): void {
    const value = microseconds > 0 ? microseconds : 0;
    this.#count++;
    if (value > this.#most) this.#most = value;
    const at = bucketOf(value);
    this.#counts[at] = (this.#counts[at] as number) + 1;
  }

  /** The time that a share (0 to 1) of them did not exceed; NaN if there are none. */
  percentile(share: number): number {
    if (this.#count === 0) return NaN;
    let left = Math.max(1, Math.ceil(this.#count * share));
    for (let i = 0; i < this.#counts.length; i++) {
      left -= this.#counts[i] as number;
      if (left <= 0) return Math.min(this.#most, middleOf(i));
    }
    return this.#most;
  }

  /** What a report holds, in milliseconds. */
  summary(): Latency {
    const at = (share: number) => this.percentile(share) / 1_000;
    return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: this.#most / 1_000, count: this.#count };
  }
}

/** Milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  readonly count: number;
}

function bucketOf(value: number): number {
  const whole = Math.floor(value);
  if (whole < bucketsPerOctave) return whole;
  const octave = Math.floor(Math.log2(whole)) - 6;
  const at = (octave + 1) * bucketsPerOctave + Math.floor(whole / 2 ** octave) - bucketsPerOctave;
  return Math.min(at, bucketsPerOctave * octaves - 1);
}

function middleOf(bucket: number): number {
  if (bucket < bucketsPerOctave) return bucket;
  const octave = Math.floor(bucket / bucketsPerOctave) - 1;
  return (bucket % bucketsPerOctave + bucketsPerOctave + 0.5) * 2 ** octave;
}
