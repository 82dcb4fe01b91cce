/** Who may open a socket: tokens are checked here, against the keys that ChatService gave, without asking it. */
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import { TokenKeys } from "../protos/token.ts";

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
  #keys: TokenKeys | undefined;
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
    this.#keys = new TokenKeys(keys);
    this.#source = keys;
    this.#checked.clear();
  }

  /** False as long as ChatService was never reached: no token can be told from another then. */
  get known(): boolean {
    return this.#keys !== undefined;
  }

  /** Whom a token speaks for. Rejects with UNAUTHENTICATED, or with UNAVAILABLE while no key is known. */
  // Async, so that whatever is thrown becomes a rejection.
  // deno-lint-ignore require-await
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
    const claims = keys.read(token);
    const until = (claims?.expires ?? 0) + toleranceMs;
    if (!claims || this.#now() >= until) {
      throw new ChatError(
        "UNAUTHENTICATED",
        "Cannot tell who you are: the token is not good or no longer good, sign in again.",
      );
    }
    const guest = { token, id: claims.id, name: claims.name };
    this.#keep({ guest, until });
    return guest;
  }

  #keep(checked: Checked): void {
    const { token } = checked.guest;
    this.#checked.delete(token);
    this.#checked.set(token, checked);
    const [oldest] = this.#checked.keys();
    if (this.#checked.size > limits.sockets && oldest !== undefined) this.#checked.delete(oldest);
  }
}
