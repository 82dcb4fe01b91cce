/** Who may use a log in NATS: names, tokens, keys and TLS, by the address and the settings. */
import { assertEquals, assertMatch } from "@std/assert";
import { nkeys } from "@nats-io/transport-node";
import { type EngineSettings, openEngine } from "../log/open.ts";
import { event } from "./engines.ts";
import { run, spawn, tempFolder } from "./harness.ts";
import { onNats, serveNats } from "./nats_server.ts";

/** What comes of using a log: "appended", or why not. */
async function use(chatLog: string, more: Partial<EngineSettings> = {}): Promise<string> {
  await using folder = await tempFolder();
  try {
    const { log } = await openEngine({ chatLog, chatData: folder.path, ...more });
    const { kind } = await log.append("lobby", log.head("lobby"), [event(log.head("lobby") + 1)]);
    await log.close();
    return kind;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const refused = /^Cannot connect to "nats:\/\/127.0.0.1:\d+\/CHAT": it refuses who we are, check /;

onNats("a name and a password, or a token, in the address are used, and never shown", async () => {
  await using named = await serveNats({ config: 'authorization { user: "chat", password: "p@ss:word" }' });
  const at = (who: string) => `nats://${who}@127.0.0.1:${named.port}`;
  assertEquals(await use(at("chat:p%40ss%3Aword")), "appended");
  assertMatch(await use(at("chat:secret")), refused);
  assertMatch(await use(`nats://127.0.0.1:${named.port}`), refused);
  await using tokened = await serveNats({ config: 'authorization { token: "s3cr3t" }' });
  assertEquals(await use(`nats://s3cr3t@127.0.0.1:${tokened.port}/CHAT`), "appended");
});

onNats("NATS_CREDS names the seed of an nkey", async () => {
  await using folder = await tempFolder();
  const user = nkeys.createUser();
  await Deno.writeFile(folder.file("seed.nk"), user.getSeed());
  await using nats = await serveNats({
    config: `authorization { users: [{ nkey: ${user.getPublicKey()} }] }`,
  });
  assertEquals(await use(nats.url(), { natsCreds: folder.file("seed.nk") }), "appended");
  assertMatch(await use(nats.url()), refused);
  assertMatch(
    await use(nats.url(), { natsCreds: folder.file("none") }),
    /^Cannot read ".*none": .*, check the NATS_ settings/,
  );
});

/** A certificate of an authority that only this test knows, for a server and for a client. */
async function certificates(folder: { file(name: string): string }): Promise<void> {
  const openssl = async (...args: string[]) => {
    const { code, stderr } = await run(["openssl", ...args]);
    if (code !== 0) throw new Error(stderr);
  };
  const file = folder.file;
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await openssl(
    "req",
    "-x509",
    ...ec,
    "-keyout",
    file("ca.key"),
    "-out",
    file("ca.pem"),
    "-subj",
    "/CN=ca",
    "-days",
    "2",
  );
  for (const name of ["server", "client"]) {
    await Deno.writeTextFile(file("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1");
    await openssl(
      "req",
      ...ec,
      "-keyout",
      file(`${name}.key`),
      "-out",
      file(`${name}.csr`),
      "-subj",
      `/CN=${name}`,
    );
    const by = ["-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-days", "2"];
    await openssl(
      "x509",
      "-req",
      "-in",
      file(`${name}.csr`),
      "-out",
      file(`${name}.pem`),
      ...by,
      "-extfile",
      file("names"),
    );
  }
}

onNats("over TLS, both sides show who they are", async () => {
  await using folder = await tempFolder();
  await certificates(folder);
  const [ca, cert, key] = ["ca.pem", "server.pem", "server.key"].map((name) =>
    JSON.stringify(folder.file(name))
  );
  await using nats = await serveNats({
    config: `tls { ca_file: ${ca}, cert_file: ${cert}, key_file: ${key}, verify: true }`,
  });
  const url = `tls://localhost:${nats.port}/CHAT`;
  const us = { NATS_CERT: folder.file("client.pem"), NATS_KEY: folder.file("client.key") };
  const ours = { CHAT_LOG: url, CHAT_DATA: folder.path };
  const trusts = { DENO_CERT: folder.file("ca.pem") };
  const starts = (env: Record<string, string>) =>
    spawn("grpc", { env: { ...ours, ...env } }).then((chat) => chat[Symbol.asyncDispose](), String);
  assertEquals(await starts({ ...trusts, ...us }), undefined);
  assertMatch(await starts(us) ?? "", /Cannot connect to "tls:/);
  assertMatch(await starts(trusts) ?? "", /Cannot connect to "tls:/);
  await using plain = await serveNats();
  assertMatch(await use(`tls://localhost:${plain.port}/CHAT`), /^Cannot connect to "tls:/);
});
