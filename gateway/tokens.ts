/** Who may open a socket: tokens are checked here, against the keys that ChatService gave, without asking it. */
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { ChatError } from "../protos/errors.ts";

/** Whom a good token speaks for. */
export interface Guest {
  readonly token: string;
  /** As in Principal. */
  readonly id: string;
  readonly name: string;
}

/** The keys of ChatService, kept while it is away. */
export class Tokens {
  #keys: ReturnType<typeof createLocalJWKSet> | undefined;

  /** Takes a JWK Set as JSON. Throws if it is none; what was known stays. */
  learn(keys: string): void {
    const set: JSONWebKeySet = JSON.parse(keys);
    this.#keys = createLocalJWKSet(set);
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
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ["EdDSA", "Ed25519"],
        issuer: "switchboard",
        requiredClaims: ["sub", "exp"],
        // Clocks differ. ChatService checks again when the person is opened.
        clockTolerance: "5 s",
      });
      return { token, id: payload.sub ?? "", name: typeof payload.name === "string" ? payload.name : "" };
    } catch (error) {
      throw new ChatError(
        "UNAUTHENTICATED",
        "Cannot tell who you are: the token is not good or no longer good, sign in again.",
        { cause: error },
      );
    }
  }
}
