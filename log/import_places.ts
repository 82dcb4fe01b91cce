/** Where an import comes from and where it goes: the log of an engine, with what else belongs to it. */
import { DatabaseSync } from "node:sqlite";
import type { Log } from "../chat/log.ts";
import type { Keys } from "../chat/tokens.ts";
import { ChatError } from "../protos/errors.ts";
import { keysOfFile } from "./import_keys.ts";
import { keepKeys } from "./keys.ts";
import { openNats } from "./nats_open.ts";
import { parseNatsUrl } from "./nats_options.ts";
import { prepareNats } from "./nats_prepare.ts";
import { type EngineSettings, natsSettings } from "./open.ts";
import { openSqliteLog } from "./sqlite.ts";
import { readMarks } from "./sqlite_replica.ts";
import type { Mark } from "./sqlite_writer.ts";

/** A log, as the settings name it. */
export type Place = EngineSettings;

/** A log that is read from. */
export interface Source extends AsyncDisposable {
  readonly log: Log;
  readonly keys: Keys | undefined;
  readonly marks: readonly Mark[];
}

/** What a target is to take over. */
export interface Identity {
  readonly epoch: string;
  readonly keys: Keys | undefined;
}

type Tell = { readonly tell: (text: string) => void };

/** Opens what is there; of NATS it makes a copy, as a node does. Throws NOT_FOUND, and what opening throws. */
export async function openSource(place: Place, { tell }: Tell): Promise<Source> {
  const { chatLog, chatData: folder } = place;
  if (!chatLog.startsWith("sqlite:")) {
    const { log, keys } = await openNats(natsSettings(place), { folder, tell });
    return { log, keys, marks: readMarks(log.file), [Symbol.asyncDispose]: () => log.close() };
  }
  const file = fileOf(chatLog);
  if (!await exists(file)) {
    throw new ChatError("NOT_FOUND", `Cannot import from "${file}": there is no such file, check its name.`);
  }
  const log = await openSqliteLog(file);
  const keys = await keysOfFile(place);
  return { log, keys, marks: readMarks(file), [Symbol.asyncDispose]: () => log.close() };
}

/** Opens or makes what is written to, as the same life of the log. Throws FAILED_PRECONDITION if it holds another one. */
export async function openTarget(
  place: Place,
  { epoch, keys, tell }: Identity & Tell,
): Promise<{ log: Log } & AsyncDisposable> {
  const { chatLog, chatData: folder } = place;
  if (!chatLog.startsWith("sqlite:")) {
    const { shown } = parseNatsUrl(chatLog);
    if (!await prepareNats(natsSettings(place), { epoch, keys })) throw another(shown);
    const { log, keys: known } = await openNats(natsSettings(place), { folder, tell });
    if (keys && JSON.stringify(keys) !== JSON.stringify(known)) tell(keepsKeys(shown));
    return { log, [Symbol.asyncDispose]: () => log.close() };
  }
  const file = fileOf(chatLog);
  const known = await openSqliteLog(file);
  const isEmpty = known.position() === 0;
  await known.close();
  if (known.epoch !== epoch && !isEmpty) throw another(file);
  if (known.epoch !== epoch) setEpoch(file, epoch);
  if (keys && !await keepKeys(`${folder}/keys.json`, keys)) {
    tell(keepsKeys(`${folder}/keys.json`));
  }
  const log = await openSqliteLog(file);
  return { log, [Symbol.asyncDispose]: () => log.close() };
}

function setEpoch(file: string, epoch: string): void {
  using db = new DatabaseSync(file);
  db.prepare("UPDATE meta SET value = ? WHERE key = 'epoch'").run(epoch);
}

function fileOf(url: string): string {
  return url.slice("sqlite:".length);
}

async function exists(file: string): Promise<boolean> {
  return await Deno.stat(file).then(({ isFile }) => isFile, () => false);
}

function keepsKeys(where: string): string {
  return `The keys in "${where}" stay as they are: whoever has a token of the other log signs in again.`;
}

function another(what: string): ChatError {
  return new ChatError(
    "FAILED_PRECONDITION",
    `Cannot import into "${what}": it holds another history, choose an empty log.`,
  );
}
