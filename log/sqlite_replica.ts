/** What a SQLite file has beside its log when it is the replica of a stream. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Mark } from "./sqlite_writer.ts";

/** A record of a stream. */
export interface Place {
  /** Where it is in the stream. */
  readonly sequence: number;
  /** What tells it from another one that is in its place in another past; empty if it is none of ours. */
  readonly id: string;
  /** What tells the newest record that changed the room; empty if that is not known. */
  readonly counted?: string;
}

/** Where a replica's keys are kept: not in it, since whoever looks after it hands it on. */
export function keysBeside(file: string): string {
  return `${file}-keys.json`;
}

/** Where the place of the marks is kept: no room has this name. */
export const marksPlace = "";

/**
 * Makes the file a replica in an epoch, and gives the statement that keeps the place of a room's newest record. The table
 * is beside the log's own, so that the file can be served as a log of its own, too.
 */
export function prepareReplica(db: DatabaseSync, epoch: string): StatementSync {
  db.prepare(
    `CREATE TABLE IF NOT EXISTS places (
       room     TEXT    PRIMARY KEY,
       sequence INTEGER NOT NULL,
       id       TEXT    NOT NULL,
       counted  TEXT    NOT NULL DEFAULT ''
     ) STRICT, WITHOUT ROWID`,
  ).run();
  const columns = db.prepare("SELECT name FROM pragma_table_info('places')").all();
  if (!columns.some(({ name }) => name === "counted")) {
    db.prepare("ALTER TABLE places ADD COLUMN counted TEXT NOT NULL DEFAULT ''").run();
  }
  db.prepare("UPDATE meta SET value = ? WHERE key = 'epoch'").run(epoch);
  return db.prepare(
    `INSERT INTO places (room, sequence, id, counted) VALUES (?, ?, ?, ?)
     ON CONFLICT (room) DO UPDATE SET sequence = excluded.sequence, id = excluded.id, counted = excluded.counted`,
  );
}

/** The places of all rooms, and of the marks. */
export function readPlaces(db: DatabaseSync): Map<string, Place> {
  const rows = db.prepare("SELECT * FROM places").all();
  // Copies that were made before that column was are looked into, too.
  return new Map(rows.map(({ room, sequence, id, counted = "" }) => [
    String(room),
    { sequence: Number(sequence), id: String(id), counted: String(counted) },
  ]));
}

/** The newest of some places; undefined if there is none. */
export function newestPlace(places: Iterable<Place>): Place | undefined {
  return [...places].reduce<Place | undefined>(
    (newest, place) => newest && newest.sequence > place.sequence ? newest : place,
    undefined,
  );
}

/** How far everybody has read, of any log in a file. */
export function readMarks(file: string): Mark[] {
  using db = new DatabaseSync(file, { readOnly: true });
  const rows = db.prepare("SELECT reader, room, seq FROM marks").all();
  return rows.map(({ reader, room, seq }) => ({
    reader: String(reader),
    room: String(room),
    seq: Number(seq),
  }));
}
