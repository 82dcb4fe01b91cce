/** A disk that fills up, a file that somebody else holds, and a file that is damaged: while ChatService runs. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import type { ServiceError } from "@grpc/grpc-js";
import { errors } from "../protos/errors.ts";
import type { ChatMessage } from "../protos/gen/chat/ChatMessage.ts";
import { pause } from "./crowd.ts";
import { grpcClient, send, Stream } from "./doors.ts";
import { eventually, spawn, type Spawned, tempFolder } from "./harness.ts";
import { withMounts } from "./mounts.ts";
import { readLog } from "./stored.ts";

type Client = ReturnType<typeof grpcClient>;

/** A message whose first word is its client_id. */
function said(message: string): ChatMessage {
  return { username: "ann", message, clientId: message.split(" ")[0] ?? "" };
}

/** Sends what must not be stored, and gives why it was not. */
async function refused(client: Client, message: string): Promise<ServiceError> {
  return await assertRejects(() => send(client, said(message))) as ServiceError;
}

/** All that a new reader is given of a room with so many messages. */
async function readAll(client: Client, count: number): Promise<string[]> {
  using stream = new Stream(client, { username: "reader", replay: "REPLAY_LAST_N", count: 10_000 });
  assertEquals((await stream.headers).get("chat-head"), [String(count)]);
  return (await stream.count(count)).map(({ message }) => message);
}

Deno.test("P1 durable: on a full disk sends fail and say so, reading goes on, and with space again sends work", async () => {
  await using folder = await tempFolder();
  const disk = folder.file("disk");
  await Deno.mkdir(disk);
  const fill = `mount -t tmpfs -o size=1m tmpfs "$0" && head -c 400000 /dev/zero > "$0/ballast"`;
  const wrap = await withMounts(fill, disk);
  if (!wrap) return;
  await using server = await spawn("grpc", { env: { CHAT_LOG: `sqlite:${disk}/chat.db` }, wrap });
  const inside = `/proc/${server.pid}/root${disk}`;
  using client = grpcClient(server.port);
  using live = new Stream(client, { username: "reader" });
  await live.headers;

  const acked: string[] = [];
  const say = async (message: string) => {
    const { duplicate } = await send(client, said(message));
    assertEquals(duplicate, false);
    acked.push(message);
  };
  const big = (i: number) => `${i} ${"x".repeat(8_000)}`;
  const full = await assertRejects(async () => {
    for (let i = 0; i < 200; i++) await say(big(i));
  }) as ServiceError;
  assertEquals(
    [full.code, full.metadata.get("chat-code")],
    [errors.STORAGE_FULL.grpc, ["STORAGE_FULL"]],
    full.details,
  );
  assert(acked.length > 5, `${acked.length} fitted`);
  assertStringIncludes(full.details, "the disk is full, free some space");
  assertEquals((await refused(client, big(acked.length))).metadata.get("chat-code"), ["STORAGE_FULL"]);
  assertEquals(await readAll(client, acked.length), acked);

  await Deno.remove(`${inside}/ballast`);
  await say(big(acked.length));
  await say("thank you");
  assertEquals(await readAll(client, acked.length), acked);
  assertEquals((await live.count(acked.length)).map(({ message }) => message), acked);
  for (const name of ["chat.db", "chat.db-wal"]) await Deno.copyFile(`${inside}/${name}`, folder.file(name));
  assertEquals(readLog(folder.file("chat.db")).map(({ text }) => text), acked);
});

Deno.test("P1 durable: while another program holds the file sends fail for now, reading goes on, then sends work", async () => {
  await using folder = await tempFolder();
  const file = folder.file("chat.db");
  await using server = await spawn("grpc", { env: { CHAT_LOG: `sqlite:${file}` } });
  using client = grpcClient(server.port);
  await send(client, { username: "ann", message: "before" });
  using other = new DatabaseSync(file);
  other.exec("BEGIN EXCLUSIVE");
  const began = Date.now();
  const sending = refused(client, "meanwhile");
  await pause(500);
  const asked = Date.now();
  assertEquals(await readAll(client, 1), ["before"]);
  assert(Date.now() - asked < 1_000, "who reads need not wait for who writes");
  const { code, metadata, details } = await sending;
  assertEquals([code, metadata.get("chat-retry")], [errors.UNAVAILABLE.grpc, ["true"]]);
  assertStringIncludes(details, "another program has locked it");
  const waited = Date.now() - began;
  assert(waited > 1_500 && waited < 6_000, `it waited ${waited} ms for the other program`);
  other.exec("ROLLBACK");
  assertEquals(
    (await send(client, said("meanwhile"))).duplicate,
    false,
  );
  assertEquals(await readAll(client, 2), ["before", "meanwhile"]);
});

const long = 4_000;

/** A database with many messages, whose server has ended. */
async function longLog(): Promise<Awaited<ReturnType<typeof tempFolder>>> {
  const folder = await tempFolder();
  await using server = await spawn("grpc", { env: { CHAT_LOG: `sqlite:${folder.file("chat.db")}` } });
  using client = grpcClient(server.port);
  for (let i = 1; i <= long; i += 200) {
    await Promise.all(
      Array.from({ length: 200 }, (_, k) => send(client, { username: `speaker ${k}`, message: nth(i + k) })),
    );
  }
  // Not SIGTERM: Deno 2.9.6 dies of a GOAWAY on a connection that had calls side by side.
  await server.kill("SIGKILL");
  using db = new DatabaseSync(folder.file("chat.db"));
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  return folder;
}

function nth(i: number): string {
  return `${i} ${"m".repeat(200)}`;
}

function isPrefix(texts: readonly string[]): boolean {
  return texts.every((text, i) => text === nth(i + 1));
}

/** Overwrites a part of the file, given in thousandths of it, with noise. */
async function damage(path: string, { from, to }: { from: number; to: number }): Promise<void> {
  using file = await Deno.open(path, { write: true });
  const { size } = await file.stat();
  const at = Math.floor(size * from / 1_000 / 4_096) * 4_096;
  await file.seek(at, Deno.SeekMode.Start);
  await file.write(new Uint8Array(Math.floor(size * (to - from) / 1_000)).fill(0xab));
}

/** Milliseconds of CPU that a process has used. */
async function cpuOf({ pid }: Spawned): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Reads the whole log until it ends with an error: all that came must be right. */
async function readUntilDamage(client: Client): Promise<{ code: number; details: string; count: number }> {
  using stream = new Stream(client, { username: "reader", replay: "REPLAY_LAST_N", count: 10_000 });
  const { code, details } = await stream.status;
  const texts = stream.messages.map(({ message }) => message);
  assert(isPrefix(texts), "what was given is right, and in order");
  return { code, details, count: texts.length };
}

Deno.test("P3 complete: damage in old history ends a reader of it with DATA_LOSS, never with a hole; others go on", async () => {
  await using folder = await longLog();
  const file = folder.file("chat.db");
  await damage(file, { from: 200, to: 220 });
  await using server = await spawn("grpc", { env: { CHAT_LOG: `sqlite:${file}` } });
  using client = grpcClient(server.port);
  const { code, details, count } = await readUntilDamage(client);
  assertEquals(code, errors.DATA_LOSS.grpc, details);
  assertStringIncludes(details, "it is damaged, restore it from a backup");
  assert(count < long, `${count} came before the damage`);
  using recent = new Stream(client, { username: "reader" });
  assertEquals((await recent.count(100)).at(-1)?.message, nth(long));
  const before = await cpuOf(server);
  await pause(1_000);
  assert(await cpuOf(server) - before < 300, "it does not spin");
});

for (
  const [where, range] of Object.entries({
    start: { from: 0, to: 5 },
    "newest part": { from: 900, to: 1_000 },
  })
) {
  Deno.test(`ChatService does not start on a file whose ${where} is damaged, and says so`, async () => {
    await using folder = await longLog();
    await damage(folder.file("chat.db"), range);
    const { message } = await assertRejects(async () => {
      await using _ = await spawn("grpc", { env: { CHAT_LOG: `sqlite:${folder.file("chat.db")}` } });
    }) as Error;
    const told =
      /^"grpc" ended with 1: Cannot (open|read) "[^"\n]+": it is (damaged|not a SQLite database), [^\n]+\.\n$/;
    assert(told.test(message), message);
  });
}

Deno.test("P3 complete: a file that was cut short is told, at the start or to its reader, never a hole", async () => {
  await using folder = await longLog();
  const file = folder.file("chat.db");
  await Deno.truncate(file, Math.floor((await Deno.stat(file)).size / 2 / 4_096) * 4_096);
  const started = await spawn("grpc", { env: { CHAT_LOG: `sqlite:${file}` } }).catch((error: Error) => error);
  if (started instanceof Error) {
    assertStringIncludes(started.message, "ended with 1: Cannot ");
    assertStringIncludes(started.message, "it is damaged, restore it from a backup.");
    return;
  }
  await using server = started;
  using client = grpcClient(server.port);
  assertEquals((await readUntilDamage(client)).code, errors.DATA_LOSS.grpc);
});

Deno.test("P3 complete: messages that somebody took out of the file are told as lost, never passed over", async () => {
  await using folder = await longLog();
  const file = folder.file("chat.db");
  {
    using other = new DatabaseSync(file);
    other.exec("DELETE FROM events WHERE seq BETWEEN 700 AND 702");
  }
  await using server = await spawn("grpc", { env: { CHAT_LOG: `sqlite:${file}` } });
  using client = grpcClient(server.port);
  using stream = new Stream(client, { username: "reader", replay: "REPLAY_LAST_N", count: 10_000 });
  await eventually(async () => stream.messages.length >= 3_990 || await isSettled(stream.status));
  const texts = stream.messages.map(({ message }) => message);
  assert(isPrefix(texts), "what was given is right, and in order");
  assertEquals((await stream.status).code, errors.DATA_LOSS.grpc);
});

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol();
  return await Promise.race([promise, Promise.resolve(pending)]) !== pending;
}
