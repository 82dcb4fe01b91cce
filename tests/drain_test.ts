/** SIGTERM while everybody talks: what was acknowledged is stored, and everybody is told to come back. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { credentials, makeClientConstructor, status } from "@grpc/grpc-js";
import { serviceDefinition } from "../protos/descriptors.ts";
import { errors } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import type { ServerFrame__Output } from "../protos/gen/chat/ServerFrame.ts";
import { backoff, type Ledger, newLedger, pause } from "./crowd.ts";
import { FrameSocket, grpcClient, RawSocket, send, Stream } from "./doors.ts";
import { eventually, spawn, type Spawned } from "./harness.ts";
import { onLogs, type TestLog } from "./logs.ts";
import { readLog, type Stored } from "./stored.ts";

/** Says one thing after the other over gRPC, until one is not acknowledged. */
async function callUntilRefused(port: number, name: string, ledger: Ledger): Promise<void> {
  using client = grpcClient(port, backoff);
  for (let i = 0; ledger.cutOff.length < 1_000; i++) {
    const text = `${name} says ${i}`;
    try {
      const { seq, duplicate } = await send(client, { username: name, message: text });
      ledger.acks.push({ sender: name, text, seq, duplicate });
    } catch (error) {
      ledger.cutOff.push((error as { code: number }).code);
      return;
    }
  }
}

/** Says things on a socket without waiting for answers, until it is told to part; writes down those that come. */
async function sayUntilParted(socket: FrameSocket, name: string, ledger: Ledger): Promise<void> {
  const open = () => socket.raw.ws.readyState === WebSocket.OPEN;
  for (let id = 1_000; open() && !socket.frames.some(({ parting }) => parting); id++) {
    socket.raw.send({ id, send: { text: `${name} says ${id}` } });
    await pause(5);
  }
  await socket.raw.closed;
  for (const { id, sent } of socket.frames) {
    if (!sent) continue;
    ledger.acks.push({ sender: name, text: `${name} says ${id}`, seq: sent.seq, duplicate: sent.duplicate });
  }
}

/** Ends a process as an operator does, and looks at how it went. */
async function stop(server: Spawned): Promise<void> {
  const began = Date.now();
  const { code } = await server.kill("SIGTERM");
  assertEquals(code, 0, server.output());
  assert(Date.now() - began < 10_000, `it took ${Date.now() - began} ms`);
}

/** What a log holds of the lobby, also what the server that is gone was not told of any more. */
async function allOf(log: TestLog): Promise<Stored[]> {
  await using _ = await log.open();
  return readLog(log.file);
}

function assertStored({ acks }: Ledger, log: readonly Stored[]): void {
  assert(acks.length > 20, `${acks.length} were acknowledged`);
  assertEquals(log.map(({ seq }) => seq), log.map((_, i) => i + 1));
  assertEquals(new Set(log.map(({ text }) => text)).size, log.length, "nothing is stored twice");
  for (const { seq, sender, text } of acks) {
    assertEquals([log[seq - 1]?.sender, log[seq - 1]?.text], [sender, text]);
  }
  assertEquals(acks.length, log.length, "what was stored was also acknowledged");
}

async function assertToldToComeBack(streams: readonly Stream[], log: readonly Stored[]): Promise<void> {
  for (const stream of streams) {
    const { code, details, metadata } = await stream.status;
    assertEquals([code, metadata.get("chat-code")], [errors.UNAVAILABLE.grpc, ["SHUTTING_DOWN"]]);
    assertStringIncludes(details, "come back");
    const texts = stream.messages.map(({ message }) => message);
    assertEquals(texts, log.slice(0, texts.length).map(({ text }) => text));
  }
}

function assertParting(frames: readonly ServerFrame__Output[]): void {
  const parting = frames.find((frame) => frame.parting)?.parting;
  assertEquals([parting?.code, parting?.retry], ["SHUTTING_DOWN", true]);
  const delay = parting?.delayMs ?? -1;
  assert(delay >= 0 && delay <= limits.returnSpreadMs, `the delay is ${delay} ms`);
}

onLogs(
  "P1 durable: SIGTERM of ChatService answers what is in flight, and ends streams and sessions politely",
  async (log) => {
    await using server = await spawn("grpc", { env: log.env });
    const { port } = server;
    using client = grpcClient(port, backoff);
    using first = new Stream(client, { username: "reader" });
    using second = new Stream(client, { username: "reader" });
    await Promise.all([first.headers, second.headers]);
    const session = client.session();
    const frames: ServerFrame__Output[] = [];
    session.on("data", (frame: ServerFrame__Output) => frames.push(frame));
    const ended = new Promise<void>((resolve) => session.on("status", () => resolve()));
    session.on("error", () => {});
    session.write({ id: 1, follow: {} });

    const ledger = newLedger();
    const talking = Array.from({ length: 10 }, (_, i) => callUntilRefused(port, `caller${i}`, ledger));
    await first.count(100);
    await stop(server);
    await Promise.all([...talking, ended]);
    const stored = await allOf(log);
    assertStored(ledger, stored);
    assertEquals(ledger.cutOff.filter((code) => code !== errors.UNAVAILABLE.grpc), []);
    await assertToldToComeBack([first, second], stored);
    assertParting(frames);
  },
);

Deno.test("a balancer that watches the service's health is told before it stops, and new calls are sent elsewhere", async () => {
  await using server = await spawn("grpc", { env: { CHAT_LOG: "sqlite::memory:" } });
  const Health = makeClientConstructor(serviceDefinition("grpc.health.v1.Health"), "Health");
  const health = new Health(`127.0.0.1:${server.port}`, credentials.createInsecure(), backoff);
  using client = grpcClient(server.port, backoff);
  const told: { status: string; code: number }[] = [];
  const watch = health.makeServerStreamRequest(
    "/grpc.health.v1.Health/Watch",
    Health.service.Watch?.requestSerialize ?? fail,
    Health.service.Watch?.responseDeserialize ?? fail,
    { service: "chat.ChatService" },
  );
  watch.on("error", () => {});
  watch.on("data", async ({ status }: { status: string }) => {
    const code = await send(client, { username: "ann", message: status }).then(() => 0, ({ code }) => code);
    told.push({ status, code });
  });
  await eventually(() => told.length === 1);
  const ended = new Promise<number>((resolve) => watch.on("status", ({ code }) => resolve(code)));
  const began = performance.now();
  const stopped = server.kill("SIGTERM");
  await eventually(() => told.length === 2);
  assertEquals(await ended, status.OK);
  await stopped;
  const took = performance.now() - began;
  assert(took < limits.drainMs / 4, `one who watches held the drain for ${Math.round(took)} ms`);
  assertEquals(told, [{ status: "SERVING", code: 0 }, {
    status: "NOT_SERVING",
    code: errors.UNAVAILABLE.grpc,
  }]);
  health.close();
});

function fail(): never {
  throw new Error("the health service has no Watch");
}

onLogs(
  "P1 durable: SIGTERM of both servers in one process answers what is in flight at every door",
  async (log) => {
    await using server = await spawn("start", { env: log.env });
    const webPort = Number(/Chat page on \S+:(\d+)/.exec(server.output())?.[1]);
    using client = grpcClient(server.port, backoff);
    using stream = new Stream(client, { username: "reader" });
    await stream.headers;
    await using sockets = new AsyncDisposableStack();
    const framers = await Promise.all(
      Array.from({ length: 5 }, (_, i) => FrameSocket.join(webPort, `framer${i}`)),
    );
    for (const socket of framers) {
      sockets.use(socket);
      await socket.ask({ follow: {} });
    }
    const learner = sockets.use(await RawSocket.connect(`ws://127.0.0.1:${webPort}/ws/learner`));

    const ledger = newLedger();
    const talking = [
      ...Array.from({ length: 5 }, (_, i) => callUntilRefused(server.port, `caller${i}`, ledger)),
      ...framers.map((socket, i) => sayUntilParted(socket, `framer${i}`, ledger)),
    ];
    await stream.count(100);
    await stop(server);
    await Promise.all(talking);
    const stored = await allOf(log);
    assertStored(ledger, stored);
    assert(ledger.acks.some(({ sender }) => sender.startsWith("framer")));
    await assertToldToComeBack([stream], stored);
    for (const socket of framers) {
      assertParting(socket.frames);
      const texts = socket.texts;
      assertEquals(texts, stored.slice(0, texts.length).map(({ text }) => text));
    }
    const error = (learner.received as Partial<Record<string, string>>[]).findLast((told) => told.error)
      ?.error;
    assertStringIncludes(error ?? "", "come back");
  },
);
