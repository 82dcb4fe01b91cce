/** How fast each address signs in: one client must not use up what all share. Forwarded headers are not looked at: anybody can send them. */
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";

/** A bucket that fills steadily. */
interface Bucket {
  readonly left: number;
  /** When that was so, in milliseconds. */
  readonly at: number;
}

/** The addresses that signed in a moment ago. */
export class Addresses {
  /** In the order of their last use. */
  readonly #buckets = new Map<string, Bucket>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** How many are counted. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Throws RESOURCE_EXHAUSTED if the address goes too fast. An unknown or a loopback one never does. */
  check(address: string | undefined): void {
    if (address === undefined || isLoopback(address)) return;
    const key = networkOf(address);
    const now = this.#now();
    const left = filled(this.#buckets.get(key), now);
    this.#buckets.delete(key);
    this.#buckets.set(key, { left: left < 1 ? left : left - 1, at: now });
    this.#forget(now);
    if (left >= 1) return;
    throw new ChatError(
      "RESOURCE_EXHAUSTED",
      "Cannot sign in or out: too many do from your address at the moment, try again in a moment.",
    );
  }

  /** Full buckets need not be kept, and past the bound others are not. */
  #forget(now: number): void {
    for (const [key, bucket] of this.#buckets) {
      const isFull = filled(bucket, now) >= limits.signInsBurstAddress;
      if (!isFull && this.#buckets.size <= limits.signInAddresses) return;
      this.#buckets.delete(key);
    }
  }
}

function filled(bucket: Bucket | undefined, now: number): number {
  if (!bucket) return limits.signInsBurstAddress;
  const since = Math.max(0, now - bucket.at);
  return Math.min(limits.signInsBurstAddress, bucket.left + since * limits.signInsPerSecondAddress / 1_000);
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./i.test(address);
}

/** An IPv4 address as it is, also when it came over IPv6; of an IPv6 one the /64, which one client has all of. */
function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+(?:\.\d+){3})$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(":")) return mapped ?? address;
  const [front = [], back = []] = address.split("::").map((part) => part === "" ? [] : part.split(":"));
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => "0");
  return [...front, ...zeros, ...back].slice(0, 4).join(":");
}
