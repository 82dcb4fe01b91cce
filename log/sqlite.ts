/**
 * The log in one SQLite file: one writer in its own thread, reads from this one. Appends that arrive while a
 * commit is under way share the next, so that a fsync serves as many messages as are waiting for it.
 *
 * Durability: WAL with synchronous=FULL, so a commit has been synced before its append resolves.
 */
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Appended, Log, LogRecord } from "../chat/log.ts";
import { ChatError, toChatError } from "../protos/errors.ts";
import { type RoomEvent, sizeOf } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { storageError } from "./sqlite_errors.ts";
import { lockFile } from "./sqlite_lock.ts";
import { type GroupWriter, startWriterThread } from "./sqlite_thread.ts";
import { type Append, Writer } from "./sqlite_writer.ts";

interface Waiting {
  readonly append: Append;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: ChatError) => void;
}

/** One transaction takes at most this many events: longer ones hold up the next group for too long. */
const groupMost = 256;

const columns = "position, room, seq, timestamp, sender, client_id, body";

/** Opens or makes the file, or `:memory:`. Throws a ChatError that says what to do. */
export async function openSqliteLog(file: string): Promise<Log> {
  if (file === ":memory:") {
    const { db, writer } = inPlace(new Writer(file));
    return new SqliteLog(file, { db, writer, unlock: () => {} });
  }
  await makeFolder(file);
  const lock = lockFile(file);
  try {
    const writer = await startWriterThread(file);
    return new SqliteLog(file, {
      db: new DatabaseSync(file, { readOnly: true }),
      writer,
      unlock: () => lock.close(),
    });
  } catch (error) {
    lock.close();
    throw storageError(error, `Cannot open "${file}"`);
  }
}

class SqliteLog implements Log {
  readonly epoch: string;
  readonly #file: string;
  readonly #db: DatabaseSync;
  readonly #writer: GroupWriter;
  readonly #unlock: () => void;
  readonly #select: Record<"position" | "head" | "tail" | "read" | "find", StatementSync>;
  #waiting: Waiting[] = [];
  #commits: Promise<void> | undefined;
  #change = Promise.withResolvers<void>();
  #open = true;

  constructor(
    file: string,
    { db, writer, unlock }: { db: DatabaseSync; writer: GroupWriter; unlock: () => void },
  ) {
    this.#file = file;
    this.#db = db;
    this.#writer = writer;
    this.#unlock = unlock;
    this.epoch = String(db.prepare("SELECT value FROM meta WHERE key = 'epoch'").get()?.value);
    this.#select = {
      position: db.prepare("SELECT coalesce(max(position), 0) AS position FROM events"),
      head: db.prepare("SELECT coalesce(max(seq), 0) AS head FROM events WHERE room = ?"),
      tail: db.prepare(`SELECT ${columns} FROM events WHERE position > ? ORDER BY position LIMIT ?`),
      read: db.prepare(`SELECT ${columns} FROM events WHERE room = ? AND seq > ? ORDER BY seq LIMIT ?`),
      find: db.prepare(
        `SELECT ${columns} FROM events WHERE room = ? AND sender = ? AND client_id = ? AND client_id <> ''`,
      ),
    };
  }

  append(room: string, head: number, events: readonly RoomEvent[]): Promise<Appended> {
    if (!this.#open) {
      return Promise.reject(
        new ChatError("SHUTTING_DOWN", "Cannot send the message: the server is stopping, try again."),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ append: { room, head, events }, resolve, reject });
      this.#commits ??= this.#commitAll();
    });
  }

  async *tail(after: number, { signal }: { signal: AbortSignal }): AsyncGenerator<readonly LogRecord[]> {
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake, { once: true });
    try {
      while (this.#open && !signal.aborted) {
        const change = this.#change.promise;
        const records = this.#read(this.#select.tail, after, limits.batchEvents);
        const last = records.at(-1);
        if (last) {
          after = last.position;
          yield records;
        } else await change;
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
  }

  position(): number {
    return Number(this.#guard(() => this.#select.position.get()?.position));
  }

  head(room: string): number {
    return Number(this.#guard(() => this.#select.head.get(room)?.head));
  }

  read(room: string, after: number, count: number): RoomEvent[] {
    const events = this.#read(this.#select.read, room, after, count).map(({ event }) => event);
    const hole = events.findIndex(({ seq }, i) => seq !== after + 1 + i);
    if (hole === 0 || (events.length === 0 && after < this.head(room))) throw this.#damaged();
    return hole < 0 ? events : events.slice(0, hole);
  }

  find(room: string, sender: string, clientId: string): RoomEvent | undefined {
    return this.#read(this.#select.find, room, sender, clientId)[0]?.event;
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#wake();
    await this.#commits;
    if (this.#db.isOpen) this.#db.close();
    await this.#writer.close();
    this.#unlock();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      try {
        const results = await this.#writer.commit(group.map(({ append }) => append));
        this.#wake();
        for (const [i, { resolve }] of group.entries()) resolve(results[i] as Appended);
      } catch (error) {
        for (const { reject } of group) reject(toChatError(error));
      }
    }
    this.#commits = undefined;
  }

  #takeGroup(): Waiting[] {
    let events = 0;
    const end = this.#waiting.findIndex(({ append }) => (events += append.events.length) > groupMost);
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : Math.max(1, end));
  }

  /** The rows as records, up to about a batch in bytes. */
  #read(statement: StatementSync, ...values: (string | number)[]): LogRecord[] {
    return this.#guard(() => {
      const records: LogRecord[] = [];
      let bytes = 0;
      for (const row of statement.iterate(...values)) {
        const record = parseRow(row) ?? raise(this.#damaged());
        records.push(record);
        if ((bytes += sizeOf(record.event)) >= limits.batchBytes) break;
      }
      return records;
    });
  }

  #damaged(): ChatError {
    return new ChatError(
      "DATA_LOSS",
      `Cannot read "${this.#file}": it is damaged, restore it from a backup.`,
    );
  }

  #guard<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw storageError(error, `Cannot read "${this.#file}"`);
    }
  }

  #wake(): void {
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers<void>();
    resolve();
  }
}

/** The row as a record; undefined if what it holds cannot have been written by us. */
function parseRow(row: Record<string, unknown>): LogRecord | undefined {
  const { position, room, seq, timestamp, sender, client_id: clientId, body } = row;
  const message = parseMessage(body);
  if (typeof position !== "number" || typeof seq !== "number" || !message) return undefined;
  if (typeof room !== "string" || typeof sender !== "string") return undefined;
  if (typeof timestamp !== "string" || typeof clientId !== "string") return undefined;
  return { position, room, event: { seq, timestamp, sender, clientId, message } };
}

function parseMessage(body: unknown): RoomEvent["message"] | undefined {
  try {
    const text: unknown = JSON.parse(String(body)).message.text;
    return typeof text === "string" ? { text } : undefined;
  } catch {
    // Not JSON, or of another shape: the caller says so.
    return undefined;
  }
}

function raise(error: Error): never {
  throw error;
}

/** In memory there is one connection and no fsync, so nothing to keep off this thread. */
function inPlace(writer: Writer): { db: DatabaseSync; writer: GroupWriter } {
  return {
    db: writer.db,
    writer: {
      commit: (appends) => Promise.try(() => writer.commit(appends)),
      close: () => Promise.resolve(),
    },
  };
}

async function makeFolder(file: string): Promise<void> {
  try {
    await Deno.mkdir(dirname(file), { recursive: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ChatError(
      "FAILED_PRECONDITION",
      `Cannot open "${file}": its folder cannot be made (${why}), make it or choose another file.`,
      { cause: error },
    );
  }
}
