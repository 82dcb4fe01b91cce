/** The keys that tokens are signed with, kept in a file that only this user may read. */
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { dirname } from "node:path";
import type { Keys } from "../chat/tokens.ts";
import { ChatError } from "../protos/errors.ts";

/** The keys of a file, which is made if there is none. Throws FAILED_PRECONDITION, saying what to do. */
export async function openKeys(file: string): Promise<Keys> {
  const cannot = (why: string, cause: unknown) =>
    new ChatError("FAILED_PRECONDITION", `Cannot use the keys in "${file}": ${why}.`, { cause });
  try {
    const known = await readKeys(file);
    if (known) return known;
    const fresh = await newKeys();
    await Deno.mkdir(dirname(file), { recursive: true });
    const text = new TextEncoder().encode(JSON.stringify({ keys: fresh }, null, 2) + "\n");
    await Deno.writeFile(file, text, { createNew: true, mode: 0o600 });
    return fresh;
  } catch (error) {
    // Another process made it in this moment.
    if (error instanceof Deno.errors.AlreadyExists) return await openKeys(file);
    if (error instanceof SyntaxError) throw cannot("it is not a set of keys, restore it or delete it", error);
    throw cannot(`it cannot be read or made (${error instanceof Error ? error.message : error})`, error);
  }
}

/** Keys for one life of a process. */
export async function newKeys(): Promise<Keys> {
  const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  return [{ ...await exportJWK(privateKey), alg: "EdDSA", use: "sig", kid: crypto.randomUUID().slice(0, 8) }];
}

async function readKeys(file: string): Promise<Keys | undefined> {
  const text = await Deno.readTextFile(file).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const { keys } = JSON.parse(text) ?? {};
  if (Array.isArray(keys) && isKey(keys[0]) && keys.every(isKey)) return [keys[0], ...keys.slice(1)];
  throw new SyntaxError("there is no private key in it");
}

function isKey(value: unknown): value is JWK {
  const { kty, crv, d, x } = (value ?? {}) as JWK;
  return kty === "OKP" && crv === "Ed25519" && typeof d === "string" && typeof x === "string";
}
