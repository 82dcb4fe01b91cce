/** The file of a replica: whether it still goes with its stream, and what is done with one that does not. */
import { DatabaseSync } from "node:sqlite";
import type { RoomEvent } from "../protos/events.ts";
import { type NatsLink, pause } from "./nats_link.ts";
import { parseRecord } from "./nats_records.ts";
import { asking, orMissing, readMessage } from "./nats_stream.ts";
import { storageError } from "./sqlite_errors.ts";
import { lockFile } from "./sqlite_lock.ts";
import { marksPlace, readPlaces } from "./sqlite_replica.ts";

/** A replica, as far as it is compared with the stream. */
export interface Copy {
  /** The place of its newest record. */
  readonly after: number;
  /** True if it has this event. */
  has(room: string, event: RoomEvent): boolean;
}

/** How a stream stands to a replica: it may have lost what the replica has. */
export type Standing = "continues" | "lost";

/** Compares a stream with a replica of the same epoch. A leader that has just begun may not have caught up: it is given time. */
export async function compare(
  link: NatsLink,
  stream: string,
  copy: Copy,
  { patienceMs = link.nc.info?.cluster ? 10_000 : 0 }: { patienceMs?: number } = {},
): Promise<Standing> {
  if (copy.after === 0) return "continues";
  for (const end = performance.now() + patienceMs; performance.now() < end; await pause(250)) {
    const info = await orMissing(asking(link, () => link.jsm.streams.info(stream)));
    if (info && info.state.last_seq >= copy.after) break;
  }
  const message = await readMessage(link, stream, { seq: copy.after });
  const record = message && parseRecord(stream, message.subject, () => message.json());
  if (record?.kind !== "batch") return "lost";
  const { room, events } = record.batch;
  return events.every((event) => copy.has(room, event)) ? "continues" : "lost";
}

/** True for the same event, whatever was done to its text since. */
export function isSameEvent(
  one: Partial<Record<keyof RoomEvent, unknown>> | undefined,
  other: RoomEvent,
): boolean {
  const keys = ["seq", "timestamp", "sender", "author", "clientId"] as const;
  return one !== undefined && keys.every((key) => one[key] === other[key]);
}

/** The file of a replica, opened to look at it. */
export interface Inspected extends Disposable {
  readonly epoch: string;
  readonly copy: Copy;
}

/** What a replica's file holds; undefined if there is none, "damaged" if it cannot be read. Throws if it is in use. */
export function inspect(file: string): Inspected | "damaged" | undefined {
  if (!exists(file)) return undefined;
  using opening = new DisposableStack();
  opening.adopt(lockFile(file), (lock) => lock.close());
  try {
    const db = opening.adopt(new DatabaseSync(file), (db) => db.close());
    const epoch = String(db.prepare("SELECT value FROM meta WHERE key = 'epoch'").get()?.value);
    const places = readPlaces(db);
    places.delete(marksPlace);
    const select = db.prepare(
      `SELECT seq, timestamp, sender, author, client_id AS "clientId" FROM events WHERE room = ? AND seq = ?`,
    );
    const has = (room: string, event: RoomEvent) => isSameEvent(select.get(room, event.seq), event);
    const open = opening.move();
    return {
      epoch,
      copy: { after: Math.max(0, ...places.values()), has },
      [Symbol.dispose]: () => open.dispose(),
    };
  } catch (error) {
    const known = storageError(error, `Cannot read "${file}"`);
    // A file that was begun and not finished, or never was one of ours.
    if (known.code === "DATA_LOSS" || /no such table/.test(known.message)) return "damaged";
    throw known;
  }
}

/** Puts a file out of the way, under its name and `why`. Gives that name. */
export function setAside(file: string, why: string): string {
  for (const end of ["", "-wal", "-shm"]) {
    if (exists(file + end)) Deno.renameSync(file + end, `${file}.${why}${end}`);
  }
  return `${file}.${why}`;
}

function exists(file: string): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    // It is not there; another reason will be told when it is opened.
    return false;
  }
}
