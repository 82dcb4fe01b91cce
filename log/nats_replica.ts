/** The file of a replica: whether it still goes with its stream, and what is done with one that does not. */
import { DatabaseSync } from "node:sqlite";
import { type NatsLink, pause } from "./nats_link.ts";
import { parseRecord } from "./nats_records.ts";
import { asking, orMissing, readMessage } from "./nats_stream.ts";
import { storageError } from "./sqlite_errors.ts";
import { lockFile } from "./sqlite_lock.ts";
import { keysBeside, marksPlace, newestPlace, type Place, readPlaces } from "./sqlite_replica.ts";

/** How a stream stands to a replica: it may have lost what the replica has. */
export type Standing = "continues" | "lost";

/** Compares a stream with the newest record of a replica of the same epoch. A leader that has just begun may not have caught up: it is given time. */
export async function compare(
  link: NatsLink,
  stream: string,
  newest: Place | undefined,
  { patienceMs = link.nc.info?.cluster ? 10_000 : 0 }: { patienceMs?: number } = {},
): Promise<Standing> {
  if (!newest) return "continues";
  for (const end = performance.now() + patienceMs; performance.now() < end; await pause(250)) {
    const info = await orMissing(asking(link, () => link.jsm.streams.info(stream)));
    if (info && info.state.last_seq >= newest.sequence) break;
  }
  const message = await readMessage(link, stream, { seq: newest.sequence });
  const record = message && parseRecord(stream, message.subject, () => message.json());
  return record?.kind === "batch" && record.batch.id === newest.id ? "continues" : "lost";
}

/** What a replica's file holds. */
export interface Replica {
  readonly epoch: string;
  readonly newest: Place | undefined;
}

/** Looks into a replica's file; undefined if there is none, "damaged" if it cannot be read. Throws if it is in use. */
export function inspect(file: string): Replica | "damaged" | undefined {
  if (!exists(file)) return undefined;
  using locked = new DisposableStack();
  locked.adopt(lockFile(file), (lock) => lock.close());
  try {
    using db = new DatabaseSync(file);
    const epoch = String(db.prepare("SELECT value FROM meta WHERE key = 'epoch'").get()?.value);
    const places = readPlaces(db);
    places.delete(marksPlace);
    return { epoch, newest: newestPlace(places.values()) };
  } catch (error) {
    const known = storageError(error, `Cannot read "${file}"`);
    // A file that was begun and not finished, or never was one of ours.
    if (known.code === "DATA_LOSS" || /no such table/.test(known.message)) return "damaged";
    throw known;
  }
}

/** What belongs to a file, and is beside it. */
const ends = ["", "-wal", "-shm", keysBeside("")];

/** Puts a file out of the way, under its name and `why`, and a number if another one is there. Gives that name. */
export function setAside(file: string, why: string): string {
  let aside = `${file}.${why}`;
  for (let number = 2; ends.some((end) => exists(aside + end)); number++) aside = `${file}.${why}.${number}`;
  for (const end of ends) if (exists(file + end)) Deno.renameSync(file + end, aside + end);
  return aside;
}

function exists(file: string): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    // It is not there; another reason will be told when it is opened.
    return false;
  }
}
