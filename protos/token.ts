/**
 * A guest's token as whoever has the public keys reads it: a JSON Web Token, signed with Ed25519 (RFC 7519, RFC 8037). By hand
 * and with `node:crypto`, because everybody who comes is waited for: Web Crypto's promises take three times as long.
 */
import { Buffer } from "node:buffer";
import { createPublicKey, type JsonWebKeyInput, type KeyObject, verify } from "node:crypto";

/** What a token says whose signature is good. */
export interface TokenClaims {
  /** As in Principal. */
  readonly id: string;
  readonly name: string;
  /** Until when it is good, in milliseconds since 1970. */
  readonly expires: number;
}

/** Who signs. */
export const tokenIssuer = "switchboard";

/** Two names of the same, RFC 8037's and the newer one. */
const algorithms: readonly unknown[] = ["EdDSA", "Ed25519"];

type PublicKey = JsonWebKeyInput["key"] & { readonly kid?: string; readonly crv?: string };

/** Public keys of tokens. */
export class TokenKeys {
  readonly #keys: readonly { readonly kid: string | undefined; readonly key: KeyObject }[];

  /** Takes a JSON Web Key Set as JSON. Throws if it is none. */
  constructor(set: string) {
    const { keys }: { keys: PublicKey[] } = JSON.parse(set);
    this.#keys = keys.filter(({ crv }) => crv === "Ed25519").map((jwk) => ({
      kid: jwk.kid,
      key: createPublicKey({ key: jwk, format: "jwk" }),
    }));
  }

  /** What a token says; undefined if it is not one of ours. Whether it has expired is for the caller to see. */
  read(token: string): TokenClaims | undefined {
    const [whole, header = "", payload = "", signature = ""] = compact.exec(token) ?? [];
    if (whole === undefined || !this.#isSigned({ header, payload, signature })) return undefined;
    const { iss, sub, name, exp } = parse(payload);
    if (iss !== tokenIssuer || typeof sub !== "string" || typeof name !== "string") return undefined;
    return typeof exp === "number" ? { id: sub, name, expires: exp * 1_000 } : undefined;
  }

  #isSigned({ header, payload, signature }: Record<"header" | "payload" | "signature", string>): boolean {
    const { alg, kid, crit } = parse(header);
    // What a token says has to be understood (RFC 7515, 4.1.11) is nothing of ours.
    if (!algorithms.includes(alg) || crit !== undefined) return false;
    const signed = Buffer.from(`${header}.${payload}`, "latin1");
    const bytes = Buffer.from(signature, "base64url");
    return this.#keys.some((one) =>
      (kid === undefined || one.kid === kid) && verify(null, signed, one.key, bytes)
    );
  }
}

/** Three parts in base64url, the last one of 64 bytes. */
const compact = /^([\w-]+)\.([\w-]+)\.([\w-]{86})$/;

/** A part's fields; none if it is no object. */
function parse(part: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    return typeof json === "object" && json !== null ? json as Record<string, unknown> : {};
  } catch {
    return {};
  }
}
