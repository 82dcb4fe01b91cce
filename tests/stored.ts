/** What a SQLite log holds, read beside its server: the judge of what was promised. */
import { DatabaseSync } from "node:sqlite";

/** A message of the lobby. */
export interface Stored {
  seq: number;
  sender: string;
  clientId: string;
  text: string;
  timestamp: string;
}

/** What the file holds, in the order it was written. */
export function readLog(file: string): Stored[] {
  using db = new DatabaseSync(file, { readOnly: true });
  const select = `SELECT seq, sender, client_id AS clientId, body ->> '$.message.text' AS text, timestamp
    FROM events WHERE room = 'lobby' ORDER BY position`;
  return db.prepare(select).all().map((row) => ({ ...row }) as unknown as Stored);
}
