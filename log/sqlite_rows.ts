/** The log's queries on the SQLite file, and their rows as what the port gives. */
import type { DatabaseSync } from "node:sqlite";
import type { LogRecord, RoomRecord } from "../chat/log.ts";
import { parseBody } from "../protos/events.ts";

/** Begins a query for events. */
export const selectEvent =
  "SELECT position, room, seq, timestamp, sender, author, client_id, body FROM events";

const selectRoom =
  "SELECT room, head, active, settings, topic, archived, creator, author, created FROM rooms";

/** The queries of the port, each prepared once. */
export function prepareSelects(db: DatabaseSync) {
  return {
    position: db.prepare("SELECT coalesce(max(position), 0) AS position FROM events"),
    head: db.prepare("SELECT head FROM rooms WHERE room = ?"),
    tail: db.prepare(`${selectEvent} WHERE position > ? ORDER BY position LIMIT ?`),
    read: db.prepare(`${selectEvent} WHERE room = ? AND seq > ? ORDER BY seq LIMIT ?`),
    find: db.prepare(`${selectEvent} WHERE room = ? AND speaker = ? AND client_id = ? AND client_id <> ''`),
    room: db.prepare(`${selectRoom} WHERE room = ?`),
    rooms: db.prepare(`${selectRoom} WHERE room > ?1 AND (archived = 0 OR ?2) ORDER BY room LIMIT ?3`),
    countRooms: db.prepare("SELECT count(*) AS rooms FROM rooms"),
    reaction: db.prepare(
      "SELECT seq FROM reactions WHERE room = ? AND target = ? AND emoji = ? AND author = ?",
    ),
    edits: db.prepare(
      "SELECT count(*) AS edits FROM events WHERE room = ? AND kind = 'edited' AND target = ?",
    ),
    same: db.prepare(
      `SELECT count(*) AS same FROM
         (SELECT 1 FROM reactions WHERE room = ? AND target = ? AND emoji = ? LIMIT 1000)`,
    ),
    // From one kind to the next: the reactions of thousands of people to one message are not walked over.
    kinds: db.prepare(
      `WITH RECURSIVE kinds (emoji) AS (
         SELECT min(emoji) FROM reactions WHERE room = ?1 AND target = ?2
         UNION ALL
         SELECT (SELECT min(r.emoji) FROM reactions r
                 WHERE r.room = ?1 AND r.target = ?2 AND r.emoji > kinds.emoji)
         FROM kinds WHERE emoji IS NOT NULL)
       SELECT count(emoji) AS kinds FROM kinds`,
    ),
    own: db.prepare("SELECT count(*) AS own FROM reactions WHERE room = ? AND target = ? AND author = ?"),
    marked: db.prepare("SELECT seq FROM marks WHERE reader = ? AND room = ?"),
  };
}

/** The row as a record; undefined if what it holds cannot have been written by us. */
export function parseRow(row: Record<string, unknown>): LogRecord | undefined {
  const { position, room, seq, timestamp, sender, author, client_id: clientId, body } = row;
  const parsed = parseJsonBody(body);
  if (typeof position !== "number" || typeof seq !== "number" || !parsed) return undefined;
  if (typeof room !== "string" || typeof sender !== "string" || typeof author !== "string") return undefined;
  if (typeof timestamp !== "string" || typeof clientId !== "string") return undefined;
  return { position, room, event: { seq, timestamp, sender, author, clientId, ...parsed } };
}

/** The row as a room. STRICT tables hold what their columns say. */
export function parseRoomRow(row: Record<string, unknown>): RoomRecord {
  return {
    room: String(row.room),
    head: Number(row.head),
    active: String(row.active),
    settings: Number(row.settings),
    topic: String(row.topic),
    archived: row.archived === 1,
    creator: String(row.creator),
    author: String(row.author),
    created: String(row.created),
  };
}

function parseJsonBody(body: unknown): ReturnType<typeof parseBody> {
  try {
    return parseBody(JSON.parse(String(body)));
  } catch {
    // Not JSON: the caller says so.
    return undefined;
  }
}
