/** Which tokens are taken for ours: what the library of the standard signs, and nothing else. */
import { assertEquals, assertThrows } from "@std/assert";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { TokenKeys } from "../protos/token.ts";

const pair = await generateKeyPair("EdDSA", { extractable: true });
const stranger = await generateKeyPair("EdDSA", { extractable: true });
const jwk = { ...await exportJWK(pair.publicKey), kid: "1" };
const keys = new TokenKeys(
  JSON.stringify({ keys: [{ ...await exportJWK(stranger.publicKey), kid: "0" }, jwk] }),
);

/** A token as ChatService signs it, but for what is given. */
function sign(
  { claims = {}, header = {}, key = pair.privateKey }: {
    claims?: Record<string, unknown>;
    header?: Record<string, unknown>;
    key?: CryptoKey | Uint8Array;
  } = {},
): Promise<string> {
  const payload = { iss: "switchboard", sub: "guest:1", name: "ann", exp: 2_000_000_000, ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg: "EdDSA", kid: "1", ...header }).sign(key);
}

/** A part of a token, as no library would make it. */
const part = (value: unknown) =>
  btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

Deno.test("P6 closed: a token says who it is and until when", async () => {
  const ann = { id: "guest:1", name: "ann", expires: 2_000_000_000_000 };
  assertEquals(keys.read(await sign()), ann);
  assertEquals(keys.read(await sign({ claims: { name: "Zoë 王" } }))?.name, "Zoë 王");
  assertEquals(keys.read(await sign({ header: { kid: undefined } })), ann, "whichever key fits");
  assertEquals(keys.read(await sign({ header: { alg: "Ed25519" } })), ann, "its newer name");
  const { publicKey } = await generateKeyPair("ES256", { extractable: true });
  const mixed = new TokenKeys(JSON.stringify({ keys: [await exportJWK(publicKey), jwk] }));
  assertEquals(mixed.read(await sign({ header: { kid: undefined } })), ann, "beside keys of another kind");
});

Deno.test("P6 closed: what is signed by somebody else, or otherwise, or was changed, is none of ours", async () => {
  const token = await sign();
  const [header = "", payload = "", signature = ""] = token.split(".");
  const mallory = part({ iss: "switchboard", sub: "guest:1", name: "mallory", exp: 2_000_000_000 });
  const publicBytes = new TextEncoder().encode(jwk.x);
  const strange: Record<string, string> = {
    "another key": await sign({ key: stranger.privateKey }),
    "a key of ours under another's name": await sign({ header: { kid: "0" } }),
    "a key that there is not": await sign({ header: { kid: "2" } }),
    "a public key taken for a secret": await sign({ header: { alg: "HS256" }, key: publicBytes }),
    "the name of another algorithm": `${part({ alg: "HS256", kid: "1" })}.${payload}.${signature}`,
    "no algorithm": `${part({ alg: "none" })}.${payload}.`,
    "no signature": `${header}.${payload}.`,
    "other claims": `${header}.${mallory}.${signature}`,
    "another signature": `${header}.${payload}.${"A".repeat(86)}`,
    "a longer signature": `${token}AA`,
    "four parts": `${token}.${signature}`,
    "a break": `${token}\n`,
    "another issuer": await sign({ claims: { iss: "somebody" } }),
    "nobody": await sign({ claims: { sub: undefined } }),
    "a name that is no text": await sign({ claims: { name: ["ann"] } }),
    "no end": await sign({ claims: { exp: undefined } }),
    "nothing": "",
  };
  for (const [what, token] of Object.entries(strange)) assertEquals(keys.read(token), undefined, what);
});

Deno.test("P6 closed: a good signature under a header that is not ours is not enough", async () => {
  const payload = (await sign()).split(".")[1];
  const read = async (header: Record<string, unknown>) => {
    const signed = `${part(header)}.${payload}`;
    const bytes = await crypto.subtle.sign("Ed25519", pair.privateKey, new TextEncoder().encode(signed));
    const signature = new Uint8Array(bytes).toBase64({ alphabet: "base64url", omitPadding: true });
    return keys.read(`${signed}.${signature}`)?.name;
  };
  assertEquals(await read({ alg: "EdDSA", kid: "1" }), "ann");
  assertEquals(await read({ alg: "none", kid: "1" }), undefined, "another algorithm");
  assertEquals(await read({ alg: "EdDSA", kid: "1", crit: ["exp"] }), undefined, "what has to be understood");
});

Deno.test("what is no key set is told", () => {
  for (const set of ["", "no keys", "{}", `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"short"}]}`]) {
    assertThrows(() => new TokenKeys(set));
  }
});
