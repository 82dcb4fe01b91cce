/** What a SQLite file has beside its log when it is the replica of a stream. */
import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Where the place of the marks is kept: no room has this name. */
export const marksPlace = "";

/**
 * Makes the file a replica in an epoch, and gives the statement that keeps the place in the stream of the newest record
 * of a room. A table beside the log's own, so that the file can be served as a log of its own, too.
 */
export function prepareReplica(db: DatabaseSync, epoch: string): StatementSync {
  db.prepare(
    "CREATE TABLE IF NOT EXISTS places (room TEXT PRIMARY KEY, sequence INTEGER NOT NULL) STRICT, WITHOUT ROWID",
  ).run();
  db.prepare("UPDATE meta SET value = ? WHERE key = 'epoch'").run(epoch);
  return db.prepare(
    "INSERT INTO places VALUES (?, ?) ON CONFLICT (room) DO UPDATE SET sequence = excluded.sequence",
  );
}

/** The places of all rooms, and of the marks. */
export function readPlaces(db: DatabaseSync): Map<string, number> {
  const rows = db.prepare("SELECT room, sequence FROM places").all();
  return new Map(rows.map(({ room, sequence }) => [String(room), Number(sequence)]));
}
