/** What a hostile client, or a hostile machine, tries. Each of these once took a server down, or told a reader nothing. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { limits } from "../protos/limits.ts";
import { callPolitely, FrameSocket, grpcClient, RawSocket, send, signIn } from "./doors.ts";
import { eventually, quietPort, serveChat, serveWeb, spawn, tempFolder } from "./harness.ts";
import { onLogs } from "./logs.ts";

const wide = "漢".repeat(limits.frameBytes - 100);

Deno.test("P5 bounded: a message that is huge only in bytes is refused, and nobody else notices", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  await using neighbour = await FrameSocket.join(web.port, "ann");
  await neighbour.ask({ follow: {} });
  await using tutorial = await RawSocket.connect(`ws://127.0.0.1:${web.port}/ws/mallory`);
  tutorial.send({ message: wide });
  const [told] = await tutorial.until((received) => received.length > 0) as { error?: string }[];
  assertMatch(told?.error ?? "", /392,\d+ bytes and at most 16,384/);
  await using mallory = await FrameSocket.connect(web.port);
  assertEquals((await mallory.ask({ open: { username: wide } })).refused?.code, "INVALID_ARGUMENT");
  assertEquals((await mallory.ask({ open: { token: wide } })).refused?.code, "UNAUTHENTICATED");
  await mallory.ask({ open: {} });
  assertEquals(
    (await mallory.ask({ send: { text: "hi", clientId: wide } })).refused?.code,
    "INVALID_ARGUMENT",
  );
  assertEquals((await mallory.ask({ follow: { room: wide } })).refused?.code, "INVALID_ARGUMENT");
  assertEquals((await neighbour.ask({ send: { text: "all is well", clientId: "1" } })).sent?.seq, 1);
  assertEquals(neighbour.frames.filter(({ link }) => link && !link.up), []);
});

onLogs("P3 complete: several follows at once give each event once", async (log) => {
  await using chat = await serveChat(log);
  await using web = await serveWeb(chat.port);
  await using browser = await FrameSocket.join(web.port, "ann");
  browser.raw.send([11, 12, 13].map((id) => ({ id, follow: {} })));
  for (const text of ["one", "two", "three"]) await browser.ask({ send: { text, clientId: text } });
  assertEquals(await browser.count(3), ["one", "two", "three"]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assertEquals(browser.texts, ["one", "two", "three"]);
});

onLogs(
  "P3 complete: a reader that is connected is told when an older copy of the log was put back",
  async (log) => {
    const say = async (port: number, ...texts: string[]) => {
      using client = grpcClient(port);
      for (const text of texts) await send(client, { username: "bot", message: text });
    };
    const port = quietPort();
    const first = await serveChat({ ...log, port });
    await say(port, "one", "two");
    await first.close();
    await log.backup();
    const second = await serveChat({ ...log, port });
    await using web = await serveWeb(port);
    await using reader = await FrameSocket.connect(web.port);
    await reader.ask({ follow: {} });
    await say(port, "three", "four", "five");
    await reader.count(5);
    await second.close();
    await log.restore();
    const third = await serveChat({ ...log, port });
    await reader.until(
      (frames) => frames.some(({ id, followed }) => !id && followed?.recovered === false),
      "a reset",
    );
    await say(port, "after the restore");
    await eventually(() => reader.texts.at(-1) === "after the restore");
    assertEquals(reader.texts.slice(5), ["one", "two", "after the restore"]);
    await third.close();
  },
);

/** Resident memory of a process in MB. */
async function rss(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await Deno.readTextFile(`/proc/${pid}/status`))?.[1]) / 1024;
}

Deno.test("P5 bounded: pages that nobody takes are not read: over gRPC, and over /ws", async () => {
  await using folder = await tempFolder();
  await using chat = await spawn("grpc", { env: { CHAT_LOG: `sqlite:${folder.file("chat.db")}` } });
  await using web = await spawn("web", { env: { CHAT_ADDRESS: `localhost:${chat.port}` } });
  using client = grpcClient(chat.port);
  const text = "x".repeat(limits.textBytes);
  for (let i = 0; i < 1_000; i += 50) {
    await Promise.all(Array.from({ length: 50 }, () => send(client, { username: "ann", message: text })));
  }
  const before = { chat: await rss(chat.pid), web: await rss(web.pid) };

  const session = client.session();
  session.on("error", () => {});
  session.pause();
  for (let id = 1; id <= 3_000; id++) session.write({ id, read: { after: 0, count: 500 } });
  const { token } = await signIn(web.port, "greedy");
  const greedy = await Promise.all(Array.from({ length: 4 }, () => greedySocket(web.port, token)));
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const grown = { chat: await rss(chat.pid) - before.chat, web: await rss(web.pid) - before.web };
  session.cancel();
  for (const socket of greedy) socket.close();
  // Unbounded, it would be 3,000 and 1,000 pages of 1 MB.
  assert(
    grown.chat < 250 && grown.web < 250,
    `grown by ${grown.chat.toFixed(0)} and ${grown.web.toFixed(0)} MB`,
  );
});

/** A WebSocket client on a bare TCP connection that asks for many pages and reads none. */
async function greedySocket(port: number, token: string): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = [
    "GET /ws HTTP/1.1",
    "Host: localhost",
    `Authorization: Bearer ${token}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "",
    "",
  ];
  await conn.write(new TextEncoder().encode(lines.join("\r\n")));
  await conn.read(new Uint8Array(4_096));
  const reads = Array.from({ length: 60 }, (_, i) => ({ id: i + 1, read: { after: 0, count: 500 } }));
  const text = new TextEncoder().encode(JSON.stringify(reads));
  const frame = new Uint8Array([0x81, 0x80 | 126, text.length >> 8, text.length & 255, 0, 0, 0, 0, ...text]);
  for (let i = 0; i < 4; i++) await conn.write(frame);
  return conn;
}

Deno.test("P5 bounded: a gateway that runs out of files goes on, and serves again when there are some", async () => {
  await using chat = await serveChat();
  const wrap = ["bash", "-c", 'ulimit -n 256; exec "$@"', "bash"];
  await using web = await spawn("web", { env: { CHAT_ADDRESS: `localhost:${chat.port}` }, wrap });
  await using early = await FrameSocket.join(web.port, "ann");
  const connects = Array.from({ length: 400 }, () => Deno.connect({ hostname: "127.0.0.1", port: web.port }));
  const opened = (await Promise.allSettled(connects)).flatMap((one) =>
    one.status === "fulfilled" ? [one.value] : []
  );
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  assertEquals((await early.ask({ send: { text: "still here", clientId: "1" } })).sent?.seq, 1);
  assertMatch(web.output(), /listening again/, "it did run out");
  for (const conn of opened) conn.close();
  await eventually(async () => {
    const response = await fetch(`http://127.0.0.1:${web.port}/healthz`).catch(() => undefined);
    await response?.body?.cancel();
    return response?.status === 200;
  });
});

Deno.test("a gateway reaches ChatService also where a web proxy is set", async () => {
  await using chat = await serveChat();
  const env = {
    CHAT_ADDRESS: `localhost:${chat.port}`,
    http_proxy: "http://127.0.0.1:9",
    grpc_proxy: "http://127.0.0.1:9",
  };
  await using web = await spawn("web", { env });
  await eventually(async () => {
    const response = await fetch(`http://127.0.0.1:${web.port}/readyz`);
    await response.body?.cancel();
    return response.status === 200;
  });
});

Deno.test("an incomplete handshake is answered with 400 and tells the journal nothing", async () => {
  await using web = await spawn("web", { env: { CHAT_ADDRESS: "localhost:1" } });
  const before = web.output();
  const handshakes = [
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13",
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short",
  ];
  for (const headers of handshakes) {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port: web.port });
    await conn.write(new TextEncoder().encode(`GET /ws HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n\r\n`));
    const buffer = new Uint8Array(4_096);
    const answer = new TextDecoder().decode(buffer.subarray(0, await conn.read(buffer) ?? 0));
    assertMatch(answer, /^HTTP\/1\.1 400 /);
  }
  assertEquals(web.output().replace(before, "").includes("fault of ours"), false);
});

Deno.test("a link to a database that is served is no way around its lock", async () => {
  await using folder = await tempFolder();
  await using _ = await serveChat({ chatLog: `sqlite:${folder.file("real.db")}` });
  await Deno.symlink(folder.file("real.db"), folder.file("link.db"));
  const second = await serveChat({ chatLog: `sqlite:${folder.file("link.db")}` }).catch((error: Error) =>
    error.message
  );
  assertMatch(String(second), /another Switchboard serves it already/);
});

Deno.test("P5 bounded: a client that closes politely after many calls does not end the server", async () => {
  await using chat = await spawn("grpc", { env: { CHAT_LOG: "sqlite::memory:" } });
  for (let round = 0; round < 3; round++) {
    await callPolitely(`http://127.0.0.1:${chat.port}`);
    using client = grpcClient(chat.port);
    assertEquals((await send(client, { username: "ann", message: "still here" })).seq, 301 * (round + 1));
  }
});

Deno.test("Session: following a room again sends nothing of the old place after the new answer", async () => {
  await using chat = await serveChat();
  using client = grpcClient(chat.port);
  const text = "x".repeat(12_000);
  for (let i = 0; i < 800; i += 50) {
    await Promise.all(Array.from({ length: 50 }, () => send(client, { username: "bot", message: text })));
  }
  const call = client.session();
  call.on("error", () => {});
  const firsts: number[] = [];
  let moved = false;
  call.on("data", ({ id, batch }) => {
    if (id === 2) moved = true;
    if (moved && batch) firsts.push(batch.first);
  });
  call.write({ id: 1, follow: { replay: "REPLAY_LAST_N", count: 800 } });
  call.write({ id: 2, follow: { replay: "REPLAY_NONE" } });
  await eventually(() => moved);
  await send(client, { username: "bot", message: "new" });
  await eventually(() => firsts.length > 0);
  call.cancel();
  assertEquals(firsts, [801]);
});
