/** The keys that tokens are signed with, kept in a file that only this user may read. */
import { exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
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
    await Deno.mkdir(dirname(file), { recursive: true });
    const fresh = await newKeys();
    await makeFile(file, JSON.stringify({ keys: fresh }, null, 2) + "\n");
    return fresh;
  } catch (error) {
    // Another process made it in this moment.
    const other = error instanceof Deno.errors.AlreadyExists ? await readKeys(file) : undefined;
    if (other) return other;
    if (error instanceof SyntaxError) throw cannot("it is not a set of keys, restore it or delete it", error);
    const state = error instanceof Error ? error.message : error;
    throw cannot(`it cannot be read or made (${state}), make its folder writable`, error);
  }
}

/** Keeps keys in a file, unless it is there. False if it holds others. */
export async function keepKeys(file: string, keys: Keys): Promise<boolean> {
  const known = await readKeys(file);
  if (known) return JSON.stringify(known) === JSON.stringify(keys);
  await Deno.mkdir(dirname(file), { recursive: true });
  await makeFile(file, JSON.stringify({ keys }, null, 2) + "\n");
  return true;
}

/** Makes a file with all of its text or not at all: with half of the keys no server would start. */
async function makeFile(file: string, text: string): Promise<void> {
  const part = `${file}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    using made = await Deno.open(part, { createNew: true, write: true, mode: 0o600 });
    await made.write(new TextEncoder().encode(text));
    await made.sync();
    await Deno.link(part, file);
  } finally {
    await Deno.remove(part).catch(() => {});
  }
}

/** Keys for one life of a process. */
export async function newKeys(): Promise<Keys> {
  const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  return [{ ...await exportJWK(privateKey), alg: "EdDSA", use: "sig", kid: crypto.randomUUID().slice(0, 8) }];
}

/** The keys of a file; undefined if there is none. Throws SyntaxError for a file of something else. */
export async function readKeys(file: string): Promise<Keys | undefined> {
  const text = await Deno.readTextFile(file).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const { keys } = JSON.parse(text) ?? {};
  const known = await parseKeys(keys);
  if (known) return known;
  throw new SyntaxError("there is no private key in it");
}

/** Private keys, at least one; undefined for anything else. */
export async function parseKeys(keys: unknown): Promise<Keys | undefined> {
  const areKeys = Array.isArray(keys) && keys.length > 0 &&
    (await Promise.all(keys.map(isKey))).every(Boolean);
  return areKeys ? [keys[0], ...keys.slice(1)] : undefined;
}

async function isKey(value: unknown): Promise<boolean> {
  const { kty, crv, d, kid } = (value ?? {}) as JWK;
  if (kty !== "OKP" || crv !== "Ed25519" || typeof d !== "string" || typeof kid !== "string") return false;
  return await importJWK(value as JWK, "EdDSA").then(() => true, () => false);
}
