/**
 * The one writer of a SQLite log. `Writer` does the work and is synchronous; this module is also the entry of
 * the thread that runs it, so that a commit's fsync never holds up the thread that serves.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Appended } from "../chat/log.ts";
import type { ErrorCode } from "../protos/errors.ts";
import type { RoomEvent } from "../protos/events.ts";
import { storageError } from "./sqlite_errors.ts";
import { checkOwner, migrate } from "./sqlite_schema.ts";

/** One append of a group. */
export interface Append {
  readonly room: string;
  readonly head: number;
  readonly events: readonly RoomEvent[];
}

/** To the thread. */
export type ToWriter =
  | { readonly kind: "open"; readonly file: string }
  | { readonly kind: "commit"; readonly appends: readonly Append[] }
  | { readonly kind: "close" };

/** From the thread, one for each. */
export type FromWriter =
  | { readonly kind: "done"; readonly results: readonly Appended[] }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string };

/** Writes groups of appends. */
export class Writer {
  readonly db: DatabaseSync;
  readonly #file: string;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #insert: StatementSync;
  readonly #head: StatementSync;

  /** Opens or makes the file. Throws a ChatError that says what to do. */
  constructor(file: string) {
    this.#file = file;
    try {
      this.db = new DatabaseSync(file);
      // Another program may hold the file for a moment, such as a backup.
      this.db.exec("PRAGMA busy_timeout = 2000");
      checkOwner(this.db, file);
      // Prepared, because node:sqlite gives a result code for statements only, not for `exec`.
      this.db.prepare("PRAGMA journal_mode = WAL").get();
      this.db.prepare("PRAGMA synchronous = FULL").run();
      migrate(this.db);
      // A server that was killed may have left commits that were written and not synced. A repeat of their messages
      // is answered from them, so they are synced first: a checkpoint begins with that.
      this.db.prepare("PRAGMA wal_checkpoint(PASSIVE)").get();
      this.#begin = this.db.prepare("BEGIN IMMEDIATE");
      this.#commit = this.db.prepare("COMMIT");
      this.#insert = this.db.prepare(
        "INSERT INTO events (room, seq, timestamp, sender, client_id, body) VALUES (?, ?, ?, ?, ?, ?)",
      );
      this.#head = this.db.prepare("SELECT coalesce(max(seq), 0) AS head FROM events WHERE room = ?");
      // A file that can only be read would be noticed at the first message otherwise: BEGIN IMMEDIATE lets it pass.
      this.#begin.run();
      this.db.prepare("INSERT INTO meta VALUES ('probe', '')").run();
      this.db.prepare("ROLLBACK").run();
    } catch (error) {
      throw storageError(error, `Cannot open "${file}"`);
    }
  }

  /** One transaction, one fsync, for all. A conflict leaves out that append alone; a fault leaves out all. */
  commit(appends: readonly Append[]): Appended[] {
    try {
      this.#begin.run();
      const results = appends.map((append) => this.#append(append));
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

  #append({ room, head, events }: Append): Appended {
    const actual = Number(this.#head.get(room)?.head);
    if (actual !== head) return { kind: "conflict", head: actual };
    for (const { seq, timestamp, sender, clientId, message } of events) {
      this.#insert.run(room, seq, timestamp, sender, clientId, JSON.stringify({ message }));
    }
    return { kind: "appended" };
  }
}

/** The thread's loop: one message in, one answer out. */
function serveThread(
  thread: { onmessage: unknown; postMessage(answer: FromWriter): void; close(): void },
): void {
  let writer: Writer | undefined;
  thread.onmessage = ({ data }: MessageEvent<ToWriter>) => {
    try {
      let results: Appended[] = [];
      if (data.kind === "open") writer = new Writer(data.file);
      else if (data.kind === "commit") results = writer?.commit(data.appends) ?? [];
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
