/** The ChatServices that a gateway may talk to: one at a time, and another one when that goes away. */
import { lookup } from "node:dns/promises";
import { jitter } from "../runtime/jitter.ts";

/** Where to connect, and what to wait before that. */
export interface Next {
  readonly address: string;
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
  #round: string[] = [];
  #rounds = 0;
  #address = "";

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
      const [last, ...rest] = [this.#address, ...shuffle(await this.#all(), this.#random)];
      this.#round = [...rest.filter((one) => one !== last), ...rest.filter((one) => one === last)];
    }
    const waitMs = isNew && this.#rounds++ > 0
      ? jitter(this.#rounds - 1, { base: 100, most: 1_000, random: this.#random })
      : 0;
    this.#address = this.#round.shift() ?? "";
    return { address: this.#address, waitMs };
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

  async #all(): Promise<string[]> {
    const all = await Promise.all(this.#addresses.map(async (address) => {
      const [, host = "", port] = /^(.*):(\d+)$/.exec(address) ?? [];
      const found = await this.#resolve(host.replace(/^\[|\]$/g, "")).catch(() => []);
      // Unresolved it says in its error what is wrong.
      return found.length === 0 ? [address] : found.map((one) => `${bracket(one)}:${port}`);
    }));
    return [...new Set(all.flat())];
  }
}

async function lookUp(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function bracket(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function shuffle(list: readonly string[], random: () => number): string[] {
  return list.map((one) => ({ one, at: random() })).sort((a, b) => a.at - b.at).map(({ one }) => one);
}
