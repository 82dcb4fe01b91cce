/** All engines of chat/log.ts, for its contract. */
import type { Log, LogRecord } from "../chat/log.ts";
import { openLog } from "../log/open.ts";
import type { EventBody, RoomEvent } from "../protos/events.ts";
import { tempFolder } from "./harness.ts";
import { hasNats, type NatsServer, spawnNats } from "./nats_server.ts";

/** An engine, as the contract sees it: opening twice gives the same log if it lasts. */
export interface Engine {
  readonly name: string;
  readonly lasts: boolean;
  use(test: (open: () => Promise<Log>) => Promise<void>): Promise<void>;
}

const nats: Engine = {
  name: "NATS",
  lasts: true,
  use: async (test) => {
    await using folder = await tempFolder();
    await server().ready();
    const url = server().url(`T${++streams}`);
    await test(() => openLog(url, { folder: folder.path }));
  },
};

/** Each engine that can be tried here. */
export function engines(): Engine[] {
  const file: Engine = {
    name: "SQLite file",
    lasts: true,
    use: async (test) => {
      await using folder = await tempFolder();
      await test(() => openLog(`sqlite:${folder.file("chat.db")}`));
    },
  };
  const memory: Engine = {
    name: "SQLite in memory",
    lasts: false,
    use: (test) => test(() => openLog("sqlite::memory:")),
  };
  return [file, memory, ...hasNats() ? [nats] : []];
}

let streams = 0;
let spawned: NatsServer | undefined;

/** One server for all tests of this file, each on a stream of its own. It is there before the first of them. */
function server(): NatsServer {
  if (spawned) return spawned;
  const server = spawned = spawnNats();
  globalThis.addEventListener("unload", () => server.end());
  return server;
}

/** A test of a promise on each engine, or on those that last. */
export function onEngines(
  promise: string,
  test: (open: () => Promise<Log>) => Promise<void>,
  { lasts }: { lasts?: boolean } = {},
): void {
  for (const engine of engines()) {
    if (lasts !== undefined && engine.lasts !== lasts) continue;
    if (engine === nats) server();
    Deno.test(`${promise} (${engine.name})`, () => engine.use(test));
  }
}

/** An event of Ann's: a message, or what `body` says. */
export function event(
  seq: number,
  body: EventBody = { message: { text: `m${seq}` } },
  more: Partial<Pick<RoomEvent, "sender" | "author" | "clientId" | "timestamp">> = {},
): RoomEvent {
  const by = { timestamp: "2026-01-31T12:00:00.000Z", sender: "ann", author: "guest:a", clientId: "" };
  return { seq, ...by, ...more, ...body };
}

/** The first records that a tail gives. */
export async function take(
  records: AsyncIterable<readonly LogRecord[]>,
  count: number,
): Promise<LogRecord[]> {
  const taken: LogRecord[] = [];
  if (count === 0) return taken;
  for await (const batch of records) {
    taken.push(...batch);
    if (taken.length >= count) break;
  }
  return taken;
}
