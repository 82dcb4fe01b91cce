/** Who may use a log in NATS by a file of credentials: an operator's server, accounts and users as JWTs, made by hand. */
import { assertEquals, assertMatch } from "@std/assert";
import { nkeys } from "@nats-io/transport-node";
import { openEngine } from "../log/open.ts";
import { event } from "./engines.ts";
import { tempFolder } from "./harness.ts";
import { onNats, serveNats } from "./nats_server.ts";

type KeyPair = ReturnType<typeof nkeys.createUser>;

const encode = (text: string) => new TextEncoder().encode(text);
const base64 = (bytes: Uint8Array) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });

/** A JWT as NATS takes it. */
function signed(claims: { sub: string; name: string; exp?: number; nats: object }, by: KeyPair): string {
  const iat = Math.floor(Date.now() / 1_000);
  const whole = { jti: crypto.randomUUID(), iat, iss: by.getPublicKey(), ...claims };
  const parts = [{ typ: "JWT", alg: "ed25519-nkey" }, whole].map((part) =>
    base64(encode(JSON.stringify(part)))
  );
  return [...parts, base64(by.sign(encode(parts.join("."))))].join(".");
}

/** An operator with an account for the log. */
function operated() {
  const [operator, system, account] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount()];
  const limits = {
    subs: -1,
    data: -1,
    payload: -1,
    imports: -1,
    exports: -1,
    wildcards: true,
    conn: -1,
    leaf: -1,
  };
  const stored = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const claim = (name: string, of: KeyPair, nats: object) => {
    return signed({ name, sub: of.getPublicKey(), nats: { version: 2, ...nats } }, operator);
  };
  const accounts = [
    [system, claim("SYS", system, { type: "account", limits })],
    [account, claim("CHAT", account, { type: "account", limits: { ...limits, ...stored } })],
  ] as const;
  const config = `
    operator: ${claim("operator", operator, { type: "operator", system_account: system.getPublicKey() })}
    resolver: MEMORY
    resolver_preload: { ${accounts.map(([of, jwt]) => `${of.getPublicKey()}: ${jwt}`).join("\n")} }`;
  /** Credentials of a user of the account, or of one that nobody knows. */
  const credentials = (rights: object = {}, { exp, by = account }: { exp?: number; by?: KeyPair } = {}) => {
    const user = nkeys.createUser();
    const nats = { type: "user", version: 2, subs: -1, data: -1, payload: -1, ...rights };
    const jwt = signed({ name: "chat", sub: user.getPublicKey(), nats, ...(exp && { exp }) }, by);
    const seed = new TextDecoder().decode(user.getSeed());
    return `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n\n` +
      `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
  };
  return { config, credentials };
}

/** What docs/operations.md says that a ChatService uses. */
const narrow = {
  pub: { allow: ["CHAT.>", "$JS.API.>"] },
  sub: { allow: ["CHAT.>", "_INBOX.>"] },
};

onNats(
  "NATS_CREDS names credentials of an operator's user, also one who may do only what is needed",
  async () => {
    const { config, credentials } = operated();
    await using nats = await serveNats({ config });
    await using folder = await tempFolder();
    const use = async (text?: string) => {
      const natsCreds = folder.file("user.creds");
      if (text !== undefined) await Deno.writeTextFile(natsCreds, text);
      const settings = { chatLog: nats.url(), chatData: await Deno.makeTempDir({ dir: folder.path }) };
      try {
        const { log } = await openEngine({ ...settings, ...(text !== undefined && { natsCreds }) });
        const head = log.head("lobby");
        const { kind } = await log.append("lobby", head, [event(head + 1)]);
        await log.close();
        return kind;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    };
    assertEquals(await use(credentials()), "appended");
    assertEquals(await use(credentials(narrow)), "appended");
    const refused = /^Cannot connect to "nats:\/\/127.0.0.1:\d+\/CHAT": it refuses who we are, check /;
    assertMatch(await use(), refused);
    assertMatch(await use(credentials({}, { by: nkeys.createAccount() })), refused);
    assertMatch(await use(credentials({}, { exp: Math.floor(Date.now() / 1_000) - 60 })), refused);
  },
);
