/**
 * The one writer of a SQLite log. `Writer` does the work and is synchronous; this module is also the entry of
 * the thread that runs it, so that a commit's fsync never holds up the thread that serves.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { ErrorCode } from "../protos/errors.ts";
import type { RoomEvent } from "../protos/events.ts";
import { prepareApply } from "./sqlite_apply.ts";
import { storageError } from "./sqlite_errors.ts";
import { marksPlace, type Place, prepareReplica } from "./sqlite_replica.ts";
import { checkOwner, migrate } from "./sqlite_schema.ts";

/** One append of a group. */
export interface Append {
  readonly room: string;
  readonly head: number;
  readonly events: readonly RoomEvent[];
  /** For a replica: what it comes from. */
  readonly place?: Place;
}

/** How far a reader has read. */
export interface Mark {
  readonly reader: string;
  readonly room: string;
  readonly seq: number;
  /** As for an append. */
  readonly place?: Place;
}

/** What became of an append, and where in the log its last event is: those before it are right before it. */
export type Written =
  | { readonly kind: "appended"; readonly position: number }
  | { readonly kind: "conflict"; readonly head: number };

/** What one transaction writes. */
export interface Group {
  readonly appends: readonly Append[];
  readonly marks: readonly Mark[];
}

/** To the thread. */
export type ToWriter =
  | { readonly kind: "open"; readonly file: string; readonly replicaOf?: string }
  | { readonly kind: "commit"; readonly group: Group }
  | { readonly kind: "close" };

/** From the thread, one for each. */
export type FromWriter =
  | { readonly kind: "done"; readonly results: readonly Written[] }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string };

/** Writes groups of appends. */
export class Writer {
  readonly db: DatabaseSync;
  readonly #file: string;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #apply: (room: string, event: RoomEvent) => number;
  readonly #head: StatementSync;
  readonly #move: StatementSync;
  readonly #meet: StatementSync;
  readonly #mark: StatementSync;
  readonly #place: StatementSync | undefined;

  /**
   * Opens or makes the file. With the epoch that it is a `replicaOf`, no commit waits for the disk: what a crash
   * takes from it is in the stream. Throws a ChatError that says what to do.
   */
  constructor(file: string, { replicaOf }: { replicaOf?: string } = {}) {
    this.#file = file;
    try {
      this.db = new DatabaseSync(file);
      // Another program may hold the file for a moment, such as a backup.
      this.db.exec("PRAGMA busy_timeout = 2000");
      checkOwner(this.db, file);
      // Prepared, because node:sqlite gives a result code for statements only, not for `exec`.
      this.db.prepare("PRAGMA journal_mode = WAL").get();
      this.db.prepare(`PRAGMA synchronous = ${replicaOf === undefined ? "FULL" : "NORMAL"}`).run();
      // What a deletion takes out of a row is overwritten in the file, not only unlinked.
      this.db.prepare("PRAGMA secure_delete = ON").get();
      migrate(this.db);
      this.#place = replicaOf === undefined ? undefined : prepareReplica(this.db, replicaOf);
      // A server that was killed may have left commits that were written and not synced. A repeat of their messages
      // is answered from them, so they are synced first: a checkpoint begins with that.
      this.db.prepare("PRAGMA wal_checkpoint(PASSIVE)").get();
      this.#begin = this.db.prepare("BEGIN IMMEDIATE");
      this.#commit = this.db.prepare("COMMIT");
      this.#apply = prepareApply(this.db);
      this.#head = this.db.prepare("SELECT head FROM rooms WHERE room = ?");
      this.#move = this.db.prepare("UPDATE rooms SET head = ?, active = ? WHERE room = ? AND head = ?");
      this.#meet = this.db.prepare("INSERT INTO rooms (room, head, active) VALUES (?, ?, ?)");
      this.#mark = this.db.prepare(
        `INSERT INTO marks (reader, room, seq, at) VALUES (?, ?, ?, datetime('now'))
         ON CONFLICT (reader, room) DO UPDATE SET seq = max(seq, excluded.seq), at = excluded.at`,
      );
      // Marks of guests whose tokens have expired.
      this.db.prepare("DELETE FROM marks WHERE at < datetime('now', '-40 days')").run();
      // A file that can only be read would be noticed at the first message otherwise: BEGIN IMMEDIATE lets it pass.
      this.#begin.run();
      this.db.prepare("INSERT INTO meta VALUES ('probe', '')").run();
      this.db.prepare("ROLLBACK").run();
    } catch (error) {
      throw storageError(error, `Cannot open "${file}"`);
    }
  }

  /** One transaction, one fsync, for all. A conflict leaves out that append alone; a fault leaves out all. */
  commit({ appends, marks }: Group): Written[] {
    try {
      this.#begin.run();
      const results = appends.map((append) => this.#append(append));
      for (const { reader, room, seq, place } of marks) {
        this.#mark.run(reader, room, seq);
        if (place) this.#place?.run(marksPlace, place.sequence, place.id, "");
      }
      this.#commit.run();
      return results;
    } catch (error) {
      if (this.db.isTransaction) this.db.exec("ROLLBACK");
      throw storageError(error, `Cannot write to "${this.#file}"`);
    }
  }

  /** Moves what is in the WAL into the file, and closes it. */
  close(): void {
    this.db.close();
  }

  #append({ room, head, events, place }: Append): Written {
    const last = events.at(-1);
    const isNext = last && this.#move.run(last.seq, last.timestamp, room, head).changes === 1;
    if (!isNext) {
      const actual = Number(this.#head.get(room)?.head ?? 0);
      if (actual !== head) return { kind: "conflict", head: actual };
      if (last) this.#meet.run(room, last.seq, last.timestamp);
    }
    let position = 0;
    for (const event of events) position = this.#apply(room, event);
    if (place) this.#place?.run(room, place.sequence, place.id, place.counted ?? "");
    return { kind: "appended", position };
  }
}

/** The thread's loop: one message in, one answer out. */
function serveThread(
  thread: { onmessage: unknown; postMessage(answer: FromWriter): void; close(): void },
): void {
  let writer: Writer | undefined;
  thread.onmessage = ({ data }: MessageEvent<ToWriter>) => {
    try {
      let results: Written[] = [];
      if (data.kind === "open") writer = new Writer(data.file, data);
      else if (data.kind === "commit") results = writer?.commit(data.group) ?? [];
      else writer?.close();
      thread.postMessage({ kind: "done", results });
    } catch (error) {
      const { code, message } = storageError(error, "Cannot write to the log");
      thread.postMessage({ kind: "failed", code, message });
    }
    if (data.kind === "close") thread.close();
  };
}

if ("DedicatedWorkerGlobalScope" in globalThis) {
  serveThread(globalThis as unknown as Parameters<typeof serveThread>[0]);
}
