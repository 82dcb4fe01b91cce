/** A log for each test, on each engine that lasts: where it is, and what can happen to it. */
import type { Log } from "../chat/log.ts";
import { openNatsKeys } from "../log/nats_keys.ts";
import { connectNats } from "../log/nats_link.ts";
import { parseNatsUrl } from "../log/nats_options.ts";
import { marksStream, openStreams } from "../log/nats_stream.ts";
import { openLog } from "../log/open.ts";
import { tempFolder } from "./harness.ts";
import { hasNats, type NatsServer, spawnNats } from "./nats_server.ts";

/** A log that nobody else uses. It is empty at first, and gone with its scope. */
export interface TestLog {
  /** Where it is, as the settings say it. */
  readonly chatLog: string;
  readonly chatData: string;
  /** The same, for a process. */
  readonly env: { readonly CHAT_LOG: string; readonly CHAT_DATA: string };
  /** What ChatService reads from: the log itself, or its copy of what is in NATS. */
  readonly file: string;
  /** Opens it without a ChatService. */
  open(): Promise<Log>;

  // While nobody has it open:

  /** Puts an empty log with the same keys in its place. */
  replace(): Promise<void>;
  /** Keeps a copy of what it holds, and puts that in its place. */
  backup(): Promise<void>;
  restore(): Promise<void>;
}

/** Makes a log. */
type Make = () => Promise<TestLog & AsyncDisposable>;

/** The engines that last, and can be tried here. */
function lastingEngines(): [name: string, make: Make][] {
  if (!hasNats()) return [["SQLite file", makeSqlite]];
  // It is there before the first test, which would otherwise be told that it leaves a process behind.
  server();
  return [["SQLite file", makeSqlite], ["NATS", makeNats]];
}

/** A test of a promise that holds whatever the log is: once on each engine that lasts. */
export function onLogs(
  promise: string,
  test: (log: TestLog) => Promise<void>,
  sanitizers: Pick<Deno.TestDefinition, "sanitizeOps" | "sanitizeResources"> = {},
): void {
  for (const [name, make] of lastingEngines()) {
    const fn = async () => {
      await using log = await make();
      await test(log);
    };
    Deno.test({ name: `${promise} (${name})`, fn, ...sanitizers });
  }
}

async function makeSqlite(): Promise<TestLog & AsyncDisposable> {
  const folder = await tempFolder();
  const file = folder.file("chat.db");
  const replace = async () => {
    for (const end of ["", "-wal", "-shm"]) await Deno.remove(file + end).catch(() => {});
  };
  return {
    ...settings(`sqlite:${file}`, folder.path),
    file,
    replace,
    backup: () => Deno.copyFile(file, folder.file("backup.db")),
    restore: () => Deno.rename(folder.file("backup.db"), file),
    [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
  };
}

let streams = 0;

async function makeNats(): Promise<TestLog & AsyncDisposable> {
  const folder = await tempFolder();
  const nats = server();
  await nats.ready();
  const stream = `T${++streams}`;
  const chatLog = nats.url(stream);
  const whileDown = async (act: () => Promise<void>) => {
    await nats.kill();
    await act();
    await nats.start();
  };
  return {
    ...settings(chatLog, folder.path),
    file: folder.file(`${stream}.replica.db`),
    replace: () => replaceStreams(chatLog),
    backup: () => whileDown(nats.backup),
    restore: () => whileDown(nats.restore),
    [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
  };
}

function settings(chatLog: string, chatData: string): Pick<TestLog, "chatLog" | "chatData" | "env" | "open"> {
  const env = { CHAT_LOG: chatLog, CHAT_DATA: chatData };
  return { chatLog, chatData, env, open: () => openLog(chatLog, { folder: chatData }) };
}

async function replaceStreams(url: string): Promise<void> {
  const address = parseNatsUrl(url);
  const link = await connectNats(address);
  await openStreams(link, address.stream);
  const keys = await openNatsKeys(link, address.stream);
  for (const name of [address.stream, marksStream(address.stream)]) await link.jsm.streams.delete(name);
  await openStreams(link, address.stream);
  await openNatsKeys(link, address.stream, keys);
  await link.close();
}

let spawned: NatsServer | undefined;

/** One server for all tests of a file, each on a stream of its own. */
function server(): NatsServer {
  if (spawned) return spawned;
  const server = spawned = spawnNats();
  globalThis.addEventListener("unload", () => server.end());
  return server;
}
