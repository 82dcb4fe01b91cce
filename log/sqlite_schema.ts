/** The SQLite file's shape, and how older files become newer ones. */
import type { DatabaseSync } from "node:sqlite";
import { ChatError } from "../protos/errors.ts";

/** Each step takes a file from version i to i + 1. A step that has been released is never changed. */
const migrations: readonly string[] = [
  `
  CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- The log: one row an event. "body" is the event's own part, as JSON.
  CREATE TABLE events (
    position  INTEGER PRIMARY KEY AUTOINCREMENT,
    room      TEXT    NOT NULL,
    seq       INTEGER NOT NULL CHECK (seq > 0),
    timestamp TEXT    NOT NULL,
    sender    TEXT    NOT NULL,
    client_id TEXT    NOT NULL,
    body      TEXT    NOT NULL
  ) STRICT;

  CREATE UNIQUE INDEX events_order ON events (room, seq);
  CREATE UNIQUE INDEX events_once  ON events (room, sender, client_id) WHERE client_id <> '';
  `,
  `
  -- Who did it, for good; what kind of event it is; the message that it changes.
  ALTER TABLE events ADD COLUMN author TEXT NOT NULL DEFAULT '';
  ALTER TABLE events ADD COLUMN kind   TEXT NOT NULL DEFAULT 'message';
  ALTER TABLE events ADD COLUMN target INTEGER;

  -- Whose client_id it is: see speakerOf in protos/events.ts.
  ALTER TABLE events ADD COLUMN speaker TEXT NOT NULL GENERATED ALWAYS
    AS (CASE author WHEN '' THEN 'name:' || sender ELSE author END) VIRTUAL;
  DROP INDEX events_once;
  CREATE UNIQUE INDEX events_once ON events (room, speaker, client_id) WHERE client_id <> '';

  -- A deletion empties the edits of its message, too.
  CREATE INDEX events_edits ON events (room, target) WHERE kind = 'edited';

  -- Each room with an event, summed up.
  CREATE TABLE rooms (
    room     TEXT    PRIMARY KEY,
    head     INTEGER NOT NULL,
    active   TEXT    NOT NULL,
    settings INTEGER NOT NULL DEFAULT 0,
    topic    TEXT    NOT NULL DEFAULT '',
    archived INTEGER NOT NULL DEFAULT 0,
    creator  TEXT    NOT NULL DEFAULT '',
    author   TEXT    NOT NULL DEFAULT '',
    created  TEXT    NOT NULL DEFAULT ''
  ) STRICT, WITHOUT ROWID;
  INSERT INTO rooms (room, head, active) SELECT room, max(seq), max(timestamp) FROM events GROUP BY room;

  -- The reactions that are on messages now, with the event that put each there.
  CREATE TABLE reactions (
    room   TEXT    NOT NULL,
    target INTEGER NOT NULL,
    emoji  TEXT    NOT NULL,
    author TEXT    NOT NULL,
    seq    INTEGER NOT NULL,
    PRIMARY KEY (room, target, emoji, author)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX reactions_own ON reactions (room, target, author);

  -- How far each reader has read.
  CREATE TABLE marks (
    reader TEXT    NOT NULL,
    room   TEXT    NOT NULL,
    seq    INTEGER NOT NULL,
    at     TEXT    NOT NULL,
    PRIMARY KEY (reader, room)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** "SWBD", which tells our files from other programs'. https://www.sqlite.org/pragma.html#pragma_application_id */
const applicationId = 0x53574244;

/** Refuses, before anything is changed, a file of another program or of a newer version. Throws FAILED_PRECONDITION. */
export function checkOwner(db: DatabaseSync, file: string): void {
  const version = versionOf(db);
  const tables = Number(db.prepare("SELECT count(*) AS tables FROM sqlite_schema").get()?.tables);
  const owner = Number(db.prepare("PRAGMA application_id").get()?.application_id);
  if (owner !== applicationId && (tables > 0 || version > 0) && version <= migrations.length) {
    throw new ChatError(
      "FAILED_PRECONDITION",
      `Cannot open "${file}": it is another program's database, choose another file.`,
    );
  }
  if (version > migrations.length) {
    throw new ChatError(
      "FAILED_PRECONDITION",
      `Cannot open "${file}": it has version ${version} and this program knows versions up to ${migrations.length}, ` +
        `use a newer Switchboard or another file.`,
    );
  }
}

/** Brings the file to the newest version. */
export function migrate(db: DatabaseSync): void {
  const version = versionOf(db);
  for (const [i, step] of migrations.entries()) {
    if (i < version) continue;
    db.prepare("BEGIN IMMEDIATE").run();
    db.exec(step);
    if (i === 0) db.prepare("INSERT INTO meta VALUES ('epoch', ?)").run(newEpoch());
    db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${i + 1}`);
    db.prepare("COMMIT").run();
  }
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version ?? 0);
}

/** Short, since every frame carries it; 48 random bits tell one life of a log from another. */
function newEpoch(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 12);
}
