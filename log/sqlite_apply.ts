/** What an event means to the tables, within the transaction that stores it. */
import type { DatabaseSync } from "node:sqlite";
import { type EventBody, kindOf, revise, type RoomEvent, targetOf } from "../protos/events.ts";
import { parseRow, selectEvent } from "./sqlite_rows.ts";

/** Gives the function that stores an event, applies it to what is summed up from events, and gives its position. */
export function prepareApply(db: DatabaseSync): (room: string, event: RoomEvent) => number {
  const insert = db.prepare(
    `INSERT INTO events (room, seq, timestamp, sender, client_id, body, author, kind, target)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const settle = db.prepare("UPDATE rooms SET settings = ?, topic = ?, archived = ? WHERE room = ?");
  const found = db.prepare("UPDATE rooms SET creator = ?, author = ?, created = ? WHERE room = ?");
  const said = db.prepare(`${selectEvent} WHERE room = ? AND seq = ?`);
  const edits = db.prepare("SELECT seq FROM events WHERE room = ? AND kind = 'edited' AND target = ?");
  const rewrite = db.prepare("UPDATE events SET body = ? WHERE room = ? AND seq = ?");
  const react = db.prepare(
    "INSERT OR IGNORE INTO reactions (room, target, emoji, author, seq) VALUES (?, ?, ?, ?, ?)",
  );
  const unreact = db.prepare(
    "DELETE FROM reactions WHERE room = ? AND target = ? AND emoji = ? AND author = ?",
  );
  const forget = db.prepare("DELETE FROM reactions WHERE room = ? AND target = ?");

  const reviseTarget = (room: string, target: number, event: RoomEvent) => {
    // An edit changes its message alone: to look at all the edits before it would take longer with each.
    const edited = event.deleted ? edits.all(room, target).map(({ seq }) => Number(seq)) : [];
    for (const seq of [target, ...edited]) {
      const row = said.get(room, seq);
      const earlier = row && parseRow(row)?.event;
      if (!earlier || earlier.seq === event.seq) continue;
      const revised = revise(earlier, event);
      if (revised !== earlier) rewrite.run(encodeBody(revised), room, earlier.seq);
    }
  };

  return (room, event) => {
    const { seq, timestamp, sender, clientId, author, settings, reacted, unreacted } = event;
    const target = targetOf(event);
    const values = [
      room,
      seq,
      timestamp,
      sender,
      clientId,
      encodeBody(event),
      author,
      kindOf(event),
    ] as const;
    const position = Number(insert.run(...values, target ?? null).lastInsertRowid);
    if (settings) settle.run(seq, settings.topic ?? "", settings.archived ? 1 : 0, room);
    if (settings && seq === 1) found.run(sender, author, timestamp, room);
    if (reacted) react.run(room, reacted.target, reacted.emoji, author, seq);
    if (unreacted) unreact.run(room, unreacted.target, unreacted.emoji, author);
    if (target !== undefined && (event.edited || event.deleted)) reviseTarget(room, target, event);
    if (event.deleted) forget.run(room, event.deleted.target);
    return position;
  };
}

/** The event's own part, as JSON. */
function encodeBody({ message, edited, deleted, reacted, unreacted, settings }: EventBody): string {
  return JSON.stringify({ message, edited, deleted, reacted, unreacted, settings });
}
