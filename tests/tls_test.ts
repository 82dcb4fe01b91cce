/** TLS between ChatService and those who call it: docs/decisions/0012. */
import { assertEquals, assertMatch } from "@std/assert";
import tls from "node:tls";
import { startChatService } from "../grpc_server.ts";
import { silent } from "../runtime/journal.ts";
import { callByTls, Certificates, type Issued, settingsOf } from "./certificates.ts";
import { FrameSocket } from "./doors.ts";
import { eventually, root, run, spawn, tempFolder } from "./harness.ts";
import { runPython } from "./python.ts";

/** A ChatService with TLS in this process. */
async function serveTls(server: Issued, { clientCa }: { clientCa?: Issued } = {}) {
  const settings = {
    grpcHost: "127.0.0.1",
    grpcPort: 0,
    chatLog: "sqlite::memory:",
    chatData: "",
    grpcTlsCert: server.certFile,
    grpcTlsKey: server.keyFile,
    ...(clientCa && { grpcTlsClientCa: clientCa.certFile }),
  };
  const service = await startChatService(settings, { journal: silent });
  return { ...service, [Symbol.asyncDispose]: () => service.close() };
}

/** A folder that a gateway may read, too. */
async function folderInside() {
  await Deno.mkdir(`${root}dist`, { recursive: true });
  const path = await Deno.makeTempDir({ dir: `${root}dist`, prefix: "tls-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("by TLS a gateway, Python and the library reach ChatService, each with its certificate where one is asked for", async () => {
  await using folder = await folderInside();
  const make = new Certificates(folder.path);
  const [ca, other] = [await make.authority("ca"), await make.authority("other")];
  const [server, gateway, stranger] = [
    await make.issue("server", ca),
    await make.issue("gateway", ca),
    await make.issue("stranger", other),
  ];
  await using chat = await spawn("grpc", { env: settingsOf(server, ca) });
  const env = { DENO_CERT: ca.certFile, CHAT_ADDRESS: `grpcs://localhost:${chat.port}` };
  const identity = { CHAT_TLS_CERT: gateway.certFile, CHAT_TLS_KEY: gateway.keyFile };
  await using web = await spawn("web", { env: { ...env, ...identity } });
  await using ann = await FrameSocket.join(web.port, "ann");
  await ann.ask({ follow: {} });
  assertEquals((await ann.ask({ send: { text: "hello from a browser" } })).sent?.seq, 1);

  const python = (who?: Issued) => {
    const files = who ? [who.certFile, who.keyFile] : [];
    return runPython("tls", [`localhost:${chat.port}`, ca.certFile, ...files]);
  };
  const read = await python(gateway);
  if (read !== undefined) {
    assertEquals(read, "hello from a browser");
    assertEquals([await python(), await python(stranger)], ["UNAVAILABLE", "UNAVAILABLE"]);
  }

  const script = `import { connect } from "./sdk/mod.ts";
    const [address, ms, cert, key] = Deno.args;
    const identity = cert ? { identity: { cert, key } } : {};
    const signal = AbortSignal.timeout(Number(ms));
    const chat = await connect(address, { name: "bot", signal, ...identity }).catch(() => Deno.exit(3));
    await chat.send({ text: "hello from a bot" });
    await chat.close();`;
  const bot = (...args: string[]) => run([Deno.execPath(), "eval", script, "--", ...args], { env });
  const [good, without] = await Promise.all([
    bot(`grpcs://localhost:${chat.port}`, "10000", gateway.cert, gateway.key),
    bot(`grpcs://localhost:${chat.port}`, "1000"),
  ]);
  assertEquals([good.code, without.code], [0, 3], good.stderr);
  await ann.until(() => ann.texts.includes("hello from a bot"));
});

Deno.test("P6 closed: only clients with a good certificate of the authority come in, by both versions of TLS", async () => {
  await using folder = await tempFolder();
  const make = new Certificates(folder.path);
  const [ca, other, namesake] = [
    await make.authority("ca"),
    await make.authority("other"),
    await make.authority("ca"),
  ];
  const between = await make.issue("between", ca, { extensions: ["basicConstraints=critical,CA:TRUE"] });
  const good = await make.issue("client", ca);
  const behind = await make.issue("client", between);
  const clients: Record<string, Partial<Issued>> = {
    "good": good,
    "good, by one between": { cert: behind.cert + between.cert, key: behind.key },
    "none": {},
    "of another authority": await make.issue("client", other),
    "of an authority of the same name": await make.issue("client", namesake),
    "of version 1, of an authority of the same name": await make.issue("client", namesake, {
      extensions: [],
    }),
    "expired": await make.issue("client", ca, { until: -1 }),
    "signed by itself": await make.authority("client"),
    "by a client": await make.issue("client", good),
    "for servers alone": await make.issue("client", ca, { extensions: ["extendedKeyUsage=serverAuth"] }),
  };
  const server = await make.issue("server", ca);
  await using chat = await serveTls(server, { clientCa: ca });
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const came = [];
    for (const [name, { cert, key }] of Object.entries(clients)) {
      const identity = cert === undefined ? {} : { cert, key };
      const answer = await callByTls(chat.port, {
        ca: ca.cert,
        maxVersion: version,
        minVersion: version,
        ...identity,
      });
      if (answer === "OK") came.push(name);
    }
    assertEquals(came, ["good", "good, by one between"], version);
  }
  // One who has been refused must not come in by what it was given meanwhile.
  const stranger = await make.issue("client", other);
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const isGiven = async ({ certFile, keyFile }: Issued, name: string, tenths: number) => {
      const file = `${folder.path}/${name}${version}`;
      const shown = ["-cert", certFile, "-key", keyFile, "-sess_out", file];
      // It stays until it has one, or gives up.
      const stay = `for i in $(seq ${tenths}); do test -s "$0" || sleep 0.1; done`;
      const to = ["s_client", "-connect", `127.0.0.1:${chat.port}`, "-alpn", "h2", version, ...shown];
      await run(["sh", "-c", `(${stay}) | openssl "$@"`, file, ...to]);
      return await Deno.stat(file).then(() => true, () => false);
    };
    assertEquals(
      await Promise.all([isGiven(good, "good", 50), isGiven(stranger, "stranger", 5)]),
      [true, false],
      version,
    );
  }
});

/** A server with a certificate that says what it was sent once it was trusted. */
async function impostor({ cert, key }: { cert: string; key: string }) {
  const seen = { tried: 0, told: 0 };
  const server = tls.createServer({ cert, key, ALPNProtocols: ["h2"] });
  server.on("secureConnection", (socket) => socket.on("data", () => seen.told++).on("error", () => {}));
  server.on("connection", () => seen.tried++);
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { port, seen, [Symbol.asyncDispose]: close };
}

Deno.test("P6 closed: a gateway and a program tell nothing to a server that is not who it should be", async () => {
  await using folder = await tempFolder();
  const make = new Certificates(folder.path);
  const [ca, namesake] = [await make.authority("ca"), await make.authority("ca")];
  await using closing = new AsyncDisposableStack();
  const impostors = await Promise.all([
    make.issue("localhost", ca, { extensions: ["subjectAltName=DNS:chat.example.org"] }),
    make.issue("localhost", ca, { until: -1 }),
    make.issue("localhost", namesake),
    // Deno 2.9's node:tls takes this one for good if it is given a list of authorities.
    make.issue("localhost", namesake, { extensions: [] }),
  ].map(async (issued) => closing.use(await impostor(await issued))));
  const addresses = impostors.map(({ port }) => `localhost:${port}`);
  const env = { DENO_CERT: ca.certFile, CHAT_ADDRESS: `grpcs://${addresses.join(",")}` };
  await using web = await spawn("web", { env });
  const script = `import { connect } from "./sdk/mod.ts";
    const signal = AbortSignal.timeout(1_000);
    await Promise.allSettled(Deno.args.map((address) => connect(address, { name: "bot", signal })));
    Deno.exit(0);`;
  const programs = addresses.map((address) => `grpcs://${address}`);
  assertEquals((await run([Deno.execPath(), "eval", script, "--", ...programs], { env })).code, 0);
  await eventually(() => impostors.every(({ seen }) => seen.tried >= 4));
  assertEquals(impostors.map(({ seen }) => seen.told), [0, 0, 0, 0]);
  assertEquals((await fetch(`http://127.0.0.1:${web.port}/readyz`).then((r) => r.json())).ready, false);
  assertMatch(web.output(), /cannot be reached: /);
});

Deno.test("the page works beside a gRPC door with TLS, also one that asks for certificates: `deno task start`", async () => {
  await using folder = await tempFolder();
  const make = new Certificates(folder.path);
  const ca = await make.authority("ca");
  const [server, client] = [await make.issue("server", ca), await make.issue("client", ca)];
  await using both = await spawn("start", { env: settingsOf(server, ca) });
  const page = Number(/Chat page on \S+:(\d+)/.exec(both.output())?.[1]);
  await using ann = await FrameSocket.join(page, "ann");
  assertEquals((await ann.ask({ send: { text: "hello" } })).sent?.seq, 1);
  const options = { ca: ca.cert, cert: client.cert, key: client.key };
  assertEquals([await callByTls(both.port, options), await callByTls(both.port, { ca: ca.cert })], [
    "OK",
    "refused",
  ]);
  assertEquals((await both.kill("SIGTERM")).code, 0);
});
