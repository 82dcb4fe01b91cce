/** All engines of chat/log.ts, for its contract. */
import type { Log, LogRecord } from "../chat/log.ts";
import { openLog } from "../log/open.ts";
import type { EventBody, RoomEvent } from "../protos/events.ts";
import { onLogs } from "./logs.ts";

/** A test of the contract on each engine, or on those that last: opening twice gives the same log there. */
export function onEngines(
  promise: string,
  test: (open: () => Promise<Log>) => Promise<void>,
  { lasts }: { lasts?: boolean } = {},
): void {
  if (lasts !== false) onLogs(promise, (log) => test(log.open));
  if (lasts !== true) {
    Deno.test(`${promise} (SQLite in memory)`, () => test(() => openLog("sqlite::memory:")));
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
