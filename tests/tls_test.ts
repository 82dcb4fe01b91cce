/** TLS between ChatService and those who call it: docs/decisions/0011. */
import { assertEquals, assertMatch } from "@std/assert";
import { duplexPair } from "node:stream";
import tls from "node:tls";
import { GrpcClient } from "../gateway/grpc_client.ts";
import { startGateway } from "../gateway/main.ts";
import { startChatService } from "../grpc_server.ts";
import { serviceDefinition } from "../protos/descriptors.ts";
import { silent } from "../runtime/journal.ts";
import { tlsDoor } from "../runtime/tls_door.ts";
import { Certificates, type Issued } from "./certificates.ts";
import { FrameSocket } from "./doors.ts";
import { eventually, root, run, spawn, tempFolder } from "./harness.ts";
import { runPython } from "./python.ts";

const sendMethod = serviceDefinition("chat.ChatService").SendMessage as never;

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

const settingsOf = ({ certFile, keyFile }: Issued, ca?: Issued) => ({
  CHAT_LOG: "sqlite::memory:",
  GRPC_TLS_CERT: certFile,
  GRPC_TLS_KEY: keyFile,
  ...(ca && { GRPC_TLS_CLIENT_CA: ca.certFile }),
});

/** What comes of a call: "OK", or that it was not let in. */
async function call(port: number, options: tls.ConnectionOptions): Promise<string> {
  const dial = () => tls.connect({ host: "localhost", port, ALPNProtocols: ["h2"], ...options });
  const client = new GrpcClient(`localhost:${port}`, dial);
  const answer = await client.call(sendMethod, {
    request: { username: "caller", message: "hi" } as never,
    ms: 5_000,
  });
  client.close();
  return "value" in answer ? "OK" : answer.code || "refused";
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
    const [address, cert, key] = Deno.args;
    const identity = cert ? { identity: { cert, key } } : {};
    const signal = AbortSignal.timeout(1_500);
    const chat = await connect(address, { name: "bot", signal, ...identity }).catch(() => Deno.exit(3));
    await chat.send({ text: "hello from a bot" });
    await chat.close();`;
  const bot = (...args: string[]) => run([Deno.execPath(), "eval", script, "--", ...args], { env });
  const [good, without] = await Promise.all([
    bot(`grpcs://localhost:${chat.port}`, gateway.cert, gateway.key),
    bot(`grpcs://localhost:${chat.port}`),
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
      const answer = await call(chat.port, {
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
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const ticket = async ({ certFile, keyFile }: Issued) => {
      const file = `${folder.path}/ticket`;
      const shown = ["-cert", certFile, "-key", keyFile, "-sess_out", file];
      const to = ["s_client", "-connect", `127.0.0.1:${chat.port}`, "-alpn", "h2", version, ...shown];
      // Stays a moment: in version 1.3 it comes behind the handshake.
      await run(["sh", "-c", `(sleep 0.3) | openssl "$@"`, "sh", ...to]);
      return await Deno.remove(file).then(() => true, () => false);
    };
    assertEquals(
      [await ticket(good), await ticket(await make.issue("client", other))],
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
  assertEquals([await call(both.port, options), await call(both.port, { ca: ca.cert })], ["OK", "refused"]);
  assertEquals((await both.kill("SIGTERM")).code, 0);
});

Deno.test("P5 bounded: connections that are no TLS, or break off, end no server and leave no files", async () => {
  await using folder = await tempFolder();
  const make = new Certificates(folder.path);
  const ca = await make.authority("ca");
  await using chat = await spawn("grpc", { env: settingsOf(await make.issue("server", ca)) });
  const files = async () => (await Array.fromAsync(Deno.readDir(`/proc/${chat.pid}/fd`))).length;
  assertEquals(await call(chat.port, { ca: ca.cert }), "OK");
  await eventually(async () => {
    const before = await files();
    await new Promise((resolve) => setTimeout(resolve, 100));
    return before === await files();
  });
  const before = await files();
  const hello = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
  for (let i = 0; i < 40; i++) {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: chat.port });
    if (i % 4 === 1) await conn.write(new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    if (i % 4 === 2) await conn.write(new Uint8Array(hello));
    if (i % 4 === 3) await conn.write(crypto.getRandomValues(new Uint8Array(2_000)));
    conn.close();
    const nothing = tls.connect({ host: "localhost", port: chat.port, ca: ca.cert }).on("error", () => {});
    await new Promise<void>((resolve) => nothing.on("close", () => resolve()));
  }
  assertEquals(await call(chat.port, { ca: ca.cert }), "OK");
  await eventually(async () => await files() <= before, { what: `${before} open files` });
});

Deno.test("P5 bounded: by TLS, too, a client that closes politely after many calls does not end the server", async () => {
  await using folder = await tempFolder();
  const make = new Certificates(folder.path);
  const ca = await make.authority("ca");
  await using chat = await spawn("grpc", { env: settingsOf(await make.issue("server", ca)) });
  const script = `import { readFileSync } from "node:fs";
    import { connect } from "node:http2";
    const client = connect("https://localhost:${chat.port}", { ca: readFileSync("${ca.certFile}") });
    const call = () => new Promise((resolve) => {
      const headers = { ":method": "POST", ":path": "/chat.ChatService/SendMessage", "content-type": "application/grpc", te: "trailers" };
      const stream = client.request(headers);
      stream.on("close", resolve).resume();
      stream.end(Buffer.from("00000000070a016112026869", "hex"));
    });
    await Promise.all(Array.from({ length: 300 }, call));
    client.close();
    await new Promise((resolve) => client.on("close", resolve));`;
  for (let round = 0; round < 3; round++) {
    const { code, stderr } = await run(["node", "--input-type=module", "-e", script]);
    assertEquals(code, 0, stderr);
  }
  assertEquals(await call(chat.port, { ca: ca.cert }), "OK");
});

Deno.test("P5 bounded: a client that does not go on with its handshake is cut", async () => {
  await using folder = await tempFolder();
  const make = new Certificates(folder.path);
  const server = await make.issue("server", await make.authority("ca"));
  for (const said of [[], [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]]) {
    const [client, connection] = duplexPair();
    tlsDoor(server, { enter: () => {}, handshakeMs: 100 })(connection);
    client.write(new Uint8Array(said));
    await eventually(() => connection.closed);
  }
});

Deno.test("certificates that could not serve are told at the start, each in words", async () => {
  await using folder = await tempFolder();
  const make = new Certificates(folder.path);
  const ca = await make.authority("ca");
  const [server, other] = [await make.issue("server", ca), await make.issue("other", ca)];
  const [old, first] = [
    await make.issue("server", ca, { until: -1 }),
    await make.issue("server", ca, { extensions: [] }),
  ];
  const start = async (settings: Record<string, string>) => {
    const where = { grpcHost: "127.0.0.1", grpcPort: 0, chatLog: "sqlite::memory:", chatData: "" };
    const message = await startChatService({ ...where, ...settings }, { journal: silent }).then(
      (service) => service.close().then(() => "it started"),
      ({ message }: Error) => message,
    );
    return message.replaceAll(folder.path, "");
  };
  const from = ({ certFile, keyFile }: Issued) => ({ grpcTlsCert: certFile, grpcTlsKey: keyFile });
  assertEquals(
    await start({ grpcTlsCert: server.certFile }),
    "Cannot use GRPC_TLS_CERT: GRPC_TLS_KEY is not set, give both.",
  );
  assertEquals(
    await start({ grpcTlsClientCa: ca.certFile }),
    "Cannot use GRPC_TLS_KEY: GRPC_TLS_CERT is not set, give both.",
  );
  assertMatch(
    await start({ ...from(server), grpcTlsCert: "none.pem" }),
    /^Cannot use GRPC_TLS_CERT "none.pem": there is no such file/,
  );
  assertMatch(await start({ ...from(server), grpcTlsCert: server.keyFile }), /it holds no certificate/);
  assertMatch(
    await start({ ...from(server), grpcTlsKey: other.keyFile }),
    /^Cannot use GRPC_TLS_KEY ".+": it is not the key of GRPC_TLS_CERT/,
  );
  assertMatch(
    await start({ ...from(server), grpcTlsKey: server.certFile }),
    /it holds no key that can be read/,
  );
  assertMatch(await start(from(old)), /it was good until 20\d\d-/);
  assertMatch(await start(from(first)), /of version 1/);
  assertMatch(
    await start({ ...from(server), grpcTlsClientCa: first.certFile }),
    /^Cannot use GRPC_TLS_CLIENT_CA ".+": it is .+ of version 1/,
  );
  const gateway = { host: "127.0.0.1", port: 0, origins: [], chatAddress: "localhost:1" };
  const way = { ...gateway, chatTlsCert: "x" };
  const message = await startGateway(way, { journal: silent }).then(
    (gateway) => gateway.close().then(() => "it started"),
    ({ message }: Error) => message,
  );
  assertMatch(message, /^Cannot use CHAT_TLS_CERT: there is no TLS, write grpcs:\/\/ before/);
});
