/** Who may open a socket: tokens are checked here, against the keys that ChatService gave, without asking it. */
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";

/** Whom a good token speaks for. */
export interface Guest {
  readonly token: string;
  /** As in Principal. */
  readonly id: string;
  readonly name: string;
}

/** A token whose signature was good. */
interface Checked {
  readonly guest: Guest;
  /** Until when the token is, in milliseconds since 1970. */
  readonly until: number;
}

/** Clocks differ. ChatService checks again when the person is opened. */
const toleranceMs = 5_000;

/** The keys of ChatService, kept while it is away. */
export class Tokens {
  #keys: ReturnType<typeof createLocalJWKSet> | undefined;
  /** What they were read from. */
  #source = "";
  /** By token: everybody comes back after a break. The one that was checked first is forgotten first. */
  readonly #checked = new Map<string, Checked>();
  readonly #now: () => number;

  constructor(now: () => number = () => Date.now()) {
    this.#now = now;
  }

  /** Takes a JWK Set as JSON. Throws if it is none; what was known stays. */
  learn(keys: string): void {
    if (keys === this.#source) return;
    const set: JSONWebKeySet = JSON.parse(keys);
    this.#keys = createLocalJWKSet(set);
    this.#source = keys;
    this.#checked.clear();
  }

  /** False as long as ChatService was never reached: no token can be told from another then. */
  get known(): boolean {
    return this.#keys !== undefined;
  }

  /** Whom a token speaks for. Throws UNAUTHENTICATED, or UNAVAILABLE while no key is known. */
  async verify(token: string): Promise<Guest> {
    if (token === "") {
      throw new ChatError("UNAUTHENTICATED", "Cannot tell who you are: there is no token, sign in first.");
    }
    const keys = this.#keys;
    if (!keys) {
      throw new ChatError(
        "UNAVAILABLE",
        "Cannot tell who you are: the chat server was not reached yet, try again in a moment.",
      );
    }
    const known = this.#checked.get(token);
    if (known && this.#now() < known.until) return known.guest;
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ["EdDSA", "Ed25519"],
        issuer: "switchboard",
        requiredClaims: ["sub", "exp"],
        clockTolerance: toleranceMs / 1_000,
        currentDate: new Date(this.#now()),
      });
      const { sub: id = "", name, exp = 0 } = payload;
      const guest = { token, id, name: typeof name === "string" ? name : "" };
      if (keys === this.#keys) this.#keep({ guest, until: exp * 1_000 + toleranceMs });
      return guest;
    } catch (error) {
      throw new ChatError(
        "UNAUTHENTICATED",
        "Cannot tell who you are: the token is not good or no longer good, sign in again.",
        { cause: error },
      );
    }
  }

  #keep(checked: Checked): void {
    const { token } = checked.guest;
    this.#checked.delete(token);
    this.#checked.set(token, checked);
    const [oldest] = this.#checked.keys();
    if (this.#checked.size > limits.sockets && oldest !== undefined) this.#checked.delete(oldest);
  }
}
