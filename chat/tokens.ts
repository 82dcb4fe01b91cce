/** Tokens that prove who somebody is: JSON Web Tokens, signed with Ed25519 (RFC 8037), so that a gateway can check them too. */
import { createLocalJWKSet, importJWK, type JWK, jwtVerify, SignJWT } from "jose";
import { ChatError } from "../protos/errors.ts";
import type { Principal } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { canonicalName } from "./names.ts";

/** Private keys, as JSON Web Keys with a `kid`. The first one signs, all verify. */
export type Keys = readonly [JWK, ...JWK[]];

const issuer = "switchboard";
const algorithm = "EdDSA";

/** Signs and reads tokens. */
export interface Tokens {
  /** The public keys, as a JSON Web Key Set in JSON. */
  readonly publicKeys: string;
  sign(principal: Principal): Promise<{ token: string; expires: string }>;
  /** Rejects with UNAUTHENTICATED. */
  read(token: string): Promise<Claims>;
}

/** What a token says. */
export interface Claims {
  readonly principal: Principal;
  /** Until when it is good, in milliseconds since 1970. */
  readonly expires: number;
}

/** `now` is the clock, in milliseconds since 1970. */
export async function makeTokens(keys: Keys, { now }: { now: () => number }): Promise<Tokens> {
  const [first] = keys;
  const signer = await importJWK(first, algorithm);
  const publics = { keys: keys.map(({ d: _, ...rest }) => rest) };
  const verifier = createLocalJWKSet(publics);
  return {
    publicKeys: JSON.stringify(publics),
    sign: async ({ id, name }) => {
      const seconds = Math.floor(now() / 1000);
      const expires = seconds + limits.tokenMs / 1000;
      const token = await new SignJWT({ name })
        .setProtectedHeader({ alg: algorithm, ...(first.kid && { kid: first.kid }) })
        .setIssuer(issuer).setSubject(id).setIssuedAt(seconds).setExpirationTime(expires)
        .sign(signer);
      return { token, expires: new Date(expires * 1000).toISOString() };
    },
    read: async (token) => {
      try {
        const { payload } = await jwtVerify(token, verifier, {
          issuer,
          algorithms: [algorithm],
          currentDate: new Date(now()),
          requiredClaims: ["exp", "sub", "name"],
        });
        const name = String(payload.name);
        const principal = { id: String(payload.sub), name, key: canonicalName(name) };
        return { principal, expires: Number(payload.exp) * 1_000 };
      } catch (error) {
        if (isExpiry(error)) throw expired();
        throw new ChatError(
          "UNAUTHENTICATED",
          "Cannot use the token: it is not one of ours, sign in again.",
          {
            cause: error,
          },
        );
      }
    },
  };
}

/** Why a token is good no more. */
export function expired(): ChatError {
  return new ChatError("UNAUTHENTICATED", "Cannot use the token: it has expired, sign in again.");
}

function isExpiry(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_JWT_EXPIRED";
}
