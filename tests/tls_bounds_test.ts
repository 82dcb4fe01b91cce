/** What ChatService's TLS bears from others, and what is told at the start: runtime/tls_door.ts, runtime/tls_files.ts. */
import { assertEquals, assertMatch } from "@std/assert";
import { duplexPair } from "node:stream";
import tls from "node:tls";
import { startGateway } from "../gateway/main.ts";
import { startChatService } from "../grpc_server.ts";
import { silent } from "../runtime/journal.ts";
import { tlsDoor } from "../runtime/tls_door.ts";
import { connect } from "../sdk/mod.ts";
import { callByTls, Certificates, type Issued, settingsOf } from "./certificates.ts";
import { callPolitely } from "./doors.ts";
import { eventually, spawn, tempFolder } from "./harness.ts";

Deno.test("P5 bounded: connections that are no TLS, or break off, end no server and leave no files", async () => {
  await using folder = await tempFolder();
  const make = new Certificates(folder.path);
  const ca = await make.authority("ca");
  await using chat = await spawn("grpc", { env: settingsOf(await make.issue("server", ca)) });
  const files = async () => (await Array.fromAsync(Deno.readDir(`/proc/${chat.pid}/fd`))).length;
  assertEquals(await callByTls(chat.port, { ca: ca.cert }), "OK");
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
  assertEquals(await callByTls(chat.port, { ca: ca.cert }), "OK");
  await eventually(async () => await files() <= before, { what: `${before} open files` });
});

Deno.test("P5 bounded: by TLS, too, a client that closes politely after many calls does not end the server", async () => {
  await using folder = await tempFolder();
  const make = new Certificates(folder.path);
  const ca = await make.authority("ca");
  await using chat = await spawn("grpc", { env: settingsOf(await make.issue("server", ca)) });
  for (let round = 0; round < 3; round++) {
    await callPolitely(`https://localhost:${chat.port}`, { caFile: ca.certFile });
  }
  assertEquals(await callByTls(chat.port, { ca: ca.cert }), "OK");
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

Deno.test("what could not work by TLS is told at the start, each in words", async () => {
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
  // grpc-js under Deno cannot compare an address with a certificate.
  for (const host of ["127.0.0.1", "[::1]"]) {
    const connecting = connect(`grpcs://${host}:1`, { name: "bot" });
    assertMatch(await connecting.then(() => "", ({ message }) => message), /is known by its name/);
  }
});
