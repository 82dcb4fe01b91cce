/**
 * The log in one SQLite file: one writer in its own thread, reads from this one. Appends that arrive while a
 * commit is under way share the next, so that a fsync serves as many messages as are waiting for it.
 *
 * Durability: WAL with synchronous=FULL, so a commit has been synced before its append resolves.
 */
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Reactions } from "../chat/decide.ts";
import type { Appended, Log, LogRecord, RoomRecord, Seen } from "../chat/log.ts";
import { ChatError, toChatError } from "../protos/errors.ts";
import { type RoomEvent, sizeOf } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { storageError } from "./sqlite_errors.ts";
import { lockFile } from "./sqlite_lock.ts";
import { Recent } from "./sqlite_recent.ts";
import { parseRoomRow, parseRow, prepareSelects } from "./sqlite_rows.ts";
import { type GroupWriter, inPlace, startWriterThread } from "./sqlite_thread.ts";
import { type Append, type Group, type Mark, Writer } from "./sqlite_writer.ts";

interface Waiting {
  readonly append: Append;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: ChatError) => void;
}

interface WaitingMark {
  readonly mark: Mark;
  readonly resolve: () => void;
  readonly reject: (error: ChatError) => void;
}

/** One transaction takes at most this many events: longer ones hold up the next group for too long. */
const groupMost = 256;

/** Opens or makes the file, or `:memory:`. Throws a ChatError that says what to do. */
export async function openSqliteLog(file: string): Promise<Log> {
  if (file === ":memory:") {
    const writer = new Writer(file);
    return new SqliteLog(file, { db: writer.db, writer: inPlace(writer), unlock: () => {} });
  }
  return new SqliteLog(file, await openFile(file));
}

/** What a log works on. */
export interface SqliteParts {
  /** To read. */
  readonly db: DatabaseSync;
  readonly writer: GroupWriter;
  readonly unlock: () => void;
}

/** Opens or makes the file, for this process alone. Throws a ChatError that says what to do. */
export async function openFile(file: string, options: { replicaOf?: string } = {}): Promise<SqliteParts> {
  await makeFolder(file);
  const lock = lockFile(file);
  try {
    const writer = await startWriterThread(file, options);
    return { db: new DatabaseSync(file, { readOnly: true }), writer, unlock: () => lock.close() };
  } catch (error) {
    lock.close();
    throw storageError(error, `Cannot open "${file}"`);
  }
}

/** A log on a file, or on memory. */
export class SqliteLog implements Log {
  readonly epoch: string;
  readonly #file: string;
  readonly #db: DatabaseSync;
  readonly #writer: GroupWriter;
  readonly #unlock: () => void;
  readonly #select: ReturnType<typeof prepareSelects>;
  readonly #recent = new Recent();
  #waiting: Waiting[] = [];
  #marks: WaitingMark[] = [];
  #commits: Promise<void> | undefined;
  #change = Promise.withResolvers<void>();
  #open = true;

  constructor(file: string, { db, writer, unlock }: SqliteParts) {
    this.#file = file;
    this.#db = db;
    this.#writer = writer;
    this.#unlock = unlock;
    this.epoch = String(db.prepare("SELECT value FROM meta WHERE key = 'epoch'").get()?.value);
    this.#select = prepareSelects(db);
  }

  append(room: string, head: number, events: readonly RoomEvent[]): Promise<Appended> {
    return this.#queue((resolve, reject) =>
      this.#waiting.push({ append: { room, head, events }, resolve, reject })
    );
  }

  mark(reader: string, room: string, seq: number): Promise<void> {
    return this.#queue((resolve, reject) =>
      this.#marks.push({ mark: { reader, room, seq }, resolve, reject })
    );
  }

  marked(reader: string, room: string): number {
    return Number(this.#guard(() => this.#select.marked.get(reader, room)?.seq ?? 0));
  }

  async *tail(after: number, { signal }: { signal: AbortSignal }): AsyncGenerator<readonly LogRecord[]> {
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake, { once: true });
    try {
      while (this.#open && !signal.aborted) {
        const change = this.#change.promise;
        const records = this.#recent.after(after) ??
          this.#read(this.#select.tail, after, limits.batchEvents);
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

  /** It is tried, whatever the disk says. */
  refusal(): ChatError | undefined {
    return undefined;
  }

  /** There is no other node. */
  catchUp(_seen?: Seen): Promise<void> {
    return Promise.resolve();
  }

  position(): number {
    return Number(this.#guard(() => this.#select.position.get()?.position));
  }

  head(room: string): number {
    return Number(this.#guard(() => this.#select.head.get(room)?.head ?? 0));
  }

  room(name: string): RoomRecord | undefined {
    return this.#recent.room(name, () => {
      const row = this.#guard(() => this.#select.room.get(name));
      return row && parseRoomRow(row);
    });
  }

  rooms(after: string, count: number, { archived }: { archived: boolean }): RoomRecord[] {
    const rows = this.#guard(() => this.#select.rooms.all(after, archived ? 1 : 0, count));
    return rows.map(parseRoomRow);
  }

  countRooms(): number {
    return Number(this.#guard(() => this.#select.countRooms.get()?.rooms));
  }

  reaction(room: string, target: number, emoji: string, author: string): number | undefined {
    const seq = this.#guard(() => this.#select.reaction.get(room, target, emoji, author)?.seq);
    return seq === undefined ? undefined : Number(seq);
  }

  edits(room: string, target: number): number {
    return Number(this.#guard(() => this.#select.edits.get(room, target)?.edits));
  }

  reactions(room: string, target: number, emoji: string, author: string): Reactions {
    return this.#guard(() => ({
      kinds: Number(this.#select.kinds.get(room, target)?.kinds),
      own: Number(this.#select.own.get(room, target, author)?.own),
      same: Number(this.#select.same.get(room, target, emoji)?.same),
    }));
  }

  read(room: string, after: number, count: number): RoomEvent[] {
    const events = this.#read(this.#select.read, room, after, count).map(({ event }) => event);
    const hole = events.findIndex(({ seq }, i) => seq !== after + 1 + i);
    if (hole === 0 || (events.length === 0 && after < this.head(room))) throw this.#damaged();
    return hole < 0 ? events : events.slice(0, hole);
  }

  find(room: string, speaker: string, clientId: string): RoomEvent | undefined {
    const row = this.#guard(() => this.#select.find.get(room, speaker, clientId));
    return row && (parseRow(row) ?? raise(this.#damaged())).event;
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

  /** A replica, which is told what to write, calls this in place of `append` and `mark`: one group after the other. */
  protected async commit(group: Group): Promise<readonly Appended[]> {
    const results = await this.#writer.commit(group);
    this.#recent.committed(group, results);
    this.#wake();
    return results.map((result) => result.kind === "appended" ? { kind: "appended" } : result);
  }

  #queue<T>(push: (resolve: (value: T) => void, reject: (error: ChatError) => void) => void): Promise<T> {
    if (!this.#open) {
      return Promise.reject(
        new ChatError("SHUTTING_DOWN", "Cannot send the message: the server is stopping, try again."),
      );
    }
    return new Promise((resolve, reject) => {
      push(resolve, reject);
      this.#commits ??= this.#commitAll();
    });
  }

  async #commitAll(): Promise<void> {
    // Not before all that is decided on in the same turn is in the first group.
    await undefined;
    while (this.#waiting.length + this.#marks.length > 0) {
      const group = this.#takeGroup();
      const marks = this.#marks.splice(0, groupMost);
      try {
        const results = await this.commit({
          appends: group.map(({ append }) => append),
          marks: marks.map(({ mark }) => mark),
        });
        for (const [i, { resolve }] of group.entries()) resolve(results[i] as Appended);
        for (const { resolve } of marks) resolve();
      } catch (error) {
        for (const { reject } of [...group, ...marks]) reject(toChatError(error));
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

function raise(error: Error): never {
  throw error;
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
