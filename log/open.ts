/** Chooses the log's engine, by `CHAT_LOG` alone. */
import type { Log } from "../chat/log.ts";
import { openSqliteLog } from "./sqlite.ts";

/** Opens the log at `sqlite:<file>` or `sqlite::memory:`. Throws UNAVAILABLE or DATA_LOSS, saying what to do. */
export function openLog(url: string): Promise<Log> {
  return openSqliteLog(url.slice("sqlite:".length));
}
