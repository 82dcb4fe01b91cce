/** The ChatServices that a gateway may talk to: one at a time, and another one when that goes away. */
import { lookup } from "node:dns/promises";
import { jitter } from "../runtime/jitter.ts";

/** One ChatService. */
export interface Endpoint {
  /** Where it is: an IP address and a port. */
  readonly address: string;
  /** As it was asked for: host:port. */
  readonly name: string;
}

/** Where to connect, and what to wait before that. */
export interface Next extends Endpoint {
  /** In milliseconds. */
  readonly waitMs: number;
}

/** What a gateway needs to find its ChatServices. */
export interface NodesOptions {
  /** All addresses of a host, in any order. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  readonly random?: () => number;
}

/** The ChatServices. */
export class Nodes {
  readonly #addresses: readonly string[];
  readonly #resolve: (host: string) => Promise<readonly string[]>;
  readonly #random: () => number;
  /** What is left to try of this round; each of them once. */
  #round: Endpoint[] = [];
  #rounds = 0;
  #tried: Endpoint = { address: "", name: "" };

  /** `addresses` are host:port, at least one; a host may have several addresses of its own. */
  constructor(addresses: readonly string[], { resolve = lookUp, random = Math.random }: NodesOptions = {}) {
    this.#addresses = addresses;
    this.#resolve = resolve;
    this.#random = random;
  }

  /**
   * Whom to try next. Gateways are spread over all, each in an order of its own, and nobody is tried twice before all
   * were tried; then there is a wait that grows, with full jitter.
   */
  async next(): Promise<Next> {
    const isNew = this.#round.length === 0;
    if (isNew) {
      // Whoever went away a moment ago comes last.
      const [{ address: last }, ...rest] = [this.#tried, ...shuffle(await this.#all(), this.#random)];
      const wasLast = ({ address }: Endpoint) => address === last;
      this.#round = [...rest.filter((one) => !wasLast(one)), ...rest.filter(wasLast)];
    }
    const waitMs = isNew && this.#rounds++ > 0
      ? jitter(this.#rounds - 1, { base: 100, most: 1_000, random: this.#random })
      : 0;
    this.#tried = this.#round.shift() ?? this.#tried;
    return { ...this.#tried, waitMs };
  }

  /** True if all of them were tried since one has held. */
  get allTried(): boolean {
    return this.#round.length === 0;
  }

  /** The one who was tried last has held: whoever comes after it is tried at once. */
  held(): void {
    this.#round = [];
    this.#rounds = 0;
  }

  async #all(): Promise<Endpoint[]> {
    const all = await Promise.all(this.#addresses.map(async (address) => {
      const [, host = "", port] = /^(.*):(\d+)$/.exec(address) ?? [];
      const found = await this.#resolve(host.replace(/^\[|\]$/g, "")).catch(() => []);
      // Unresolved it says in its error what is wrong.
      const addresses = found.length === 0 ? [address] : found.map((one) => `${bracket(one)}:${port}`);
      return addresses.map((one) => ({ address: one, name: address }));
    }));
    return [...new Map(all.flat().map((one) => [one.address, one])).values()];
  }
}

async function lookUp(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function bracket(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function shuffle<T>(list: readonly T[], random: () => number): T[] {
  return list.map((one) => ({ one, at: random() })).sort((a, b) => a.at - b.at).map(({ one }) => one);
}
