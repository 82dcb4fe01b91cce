/** All engines of chat/log.ts, for its contract. */
import type { Log, LogRecord } from "../chat/log.ts";
import { openLog } from "../log/open.ts";
import type { EventBody, RoomEvent } from "../protos/events.ts";
import { tempFolder } from "./harness.ts";

/** An engine, as the contract sees it: opening twice gives the same log if it lasts. */
export interface Engine {
  readonly name: string;
  readonly lasts: boolean;
  use(test: (open: () => Promise<Log>) => Promise<void>): Promise<void>;
}

/** Each engine. */
export const engines: readonly Engine[] = [
  {
    name: "SQLite file",
    lasts: true,
    use: async (test) => {
      await using folder = await tempFolder();
      await test(() => openLog(`sqlite:${folder.file("chat.db")}`));
    },
  },
  { name: "SQLite in memory", lasts: false, use: (test) => test(() => openLog("sqlite::memory:")) },
];

/** A test of a promise on each engine, or on those that last. */
export function onEngines(
  promise: string,
  test: (open: () => Promise<Log>) => Promise<void>,
  { lasts }: { lasts?: boolean } = {},
): void {
  for (const engine of engines) {
    if (lasts !== undefined && engine.lasts !== lasts) continue;
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
