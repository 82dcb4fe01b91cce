/** Chooses the engine, by `CHAT_LOG` alone: the log, and what goes with it. */
import type { Log } from "../chat/log.ts";
import type { Signals } from "../chat/signals.ts";
import type { Keys } from "../chat/tokens.ts";
import { newKeys, openKeys } from "./keys.ts";
import { LocalSignals } from "./local_signals.ts";
import type { NatsSettings } from "./nats_options.ts";
import { openSqliteLog } from "./sqlite.ts";

/** The settings that say which engine it is, and how it is reached. */
export interface EngineSettings {
  readonly chatLog: string;
  readonly chatData: string;
  readonly natsCreds?: string | undefined;
  readonly natsCert?: string | undefined;
  readonly natsKey?: string | undefined;
  readonly natsReplicas?: number | undefined;
}

/** What a chat stands on. Closing the log ends all of it. */
export interface Engine {
  readonly log: Log;
  readonly signals: Signals;
  readonly keys: Keys;
  /** How many records that other nodes have stored are not applied here yet. */
  lag(): number;
}

/** What opening takes beside the settings. */
export interface OpenOptions {
  /** Told what happens, for the operator. */
  readonly tell?: (text: string) => void;
}

/**
 * Opens the engine of `sqlite:<file>`, `sqlite::memory:` or `nats://<servers>/<stream>`. Throws UNAVAILABLE,
 * FAILED_PRECONDITION or DATA_LOSS, saying what to do.
 */
export async function openEngine(
  settings: EngineSettings,
  { tell = () => {} }: OpenOptions = {},
): Promise<Engine> {
  const { chatLog: url, chatData: folder } = settings;
  if (!url.startsWith("sqlite:")) {
    // Not loaded for those who do not use it.
    const { openNats } = await import("./nats_open.ts");
    const engine = await openNats(natsSettings(settings), { folder, tell });
    return { ...engine, lag: () => engine.log.lag };
  }
  const log = await openSqliteLog(url.slice("sqlite:".length));
  try {
    // A log that forgets needs no keys that last.
    const keys = await (url === "sqlite::memory:" ? newKeys() : openKeys(`${folder}/keys.json`));
    return { log, signals: new LocalSignals(), keys, lag: () => 0 };
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** What the settings say of NATS. */
export function natsSettings(settings: EngineSettings): NatsSettings {
  const { chatLog: url, natsCreds, natsCert, natsKey, natsReplicas } = settings;
  const files = { credentials: natsCreds, certificate: natsCert, key: natsKey };
  return { url, ...files, replicas: natsReplicas };
}

/** Opens a log alone; `folder` is where a node of NATS keeps its copy. Throws as `openEngine` does. */
export async function openLog(url: string, { folder = "data" }: { folder?: string } = {}): Promise<Log> {
  if (url.startsWith("sqlite:")) return await openSqliteLog(url.slice("sqlite:".length));
  return (await openEngine({ chatLog: url, chatData: folder })).log;
}
