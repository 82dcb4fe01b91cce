/** Where a reader's place in a room is kept. */
import { open, readFile, rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import process from "node:process";
import { ChatError } from "../protos/errors.ts";

/** A reader's place in a room: it has dealt with everything up to and including `seq`. */
export interface Cursor {
  /** The life of the room that `seq` counts in; no other room has it. */
  readonly epoch: string;
  /** 0 for none. */
  readonly seq: number;
  /** While the reader is given history that it asked for: the last event of it. */
  readonly newsAfter?: number;
}

/** Keeps the cursor of one reader in one room. What it throws is thrown to the reader. */
export interface CursorStore {
  /** The cursor that was saved last, or undefined before the first time. */
  load(): Promise<Cursor | undefined>;
  /** Keeps a cursor, whole. The reader is given nothing more before this resolves. */
  save(cursor: Cursor): Promise<void>;
  /** Called before `load`, and disposed of when the reader ends. Throws if another reader keeps its place here. */
  claim?(): Disposable;
}

/** Keeps the cursor for as long as the process lives. */
export function memoryCursor(cursor?: Cursor): CursorStore {
  return {
    load: () => Promise.resolve(cursor),
    save: (newest) => {
      cursor = newest;
      return Promise.resolve();
    },
  };
}

/** Files that readers of this process keep their place in. */
const claimed = new Set<string>();
let saves = 0;

/**
 * Keeps the cursor in a file of its own, which is replaced whole: a crash, or a power cut, leaves the old one or the
 * new one. Throws FAILED_PRECONDITION if two loops of this process use the file at once, a TypeError for a file that is
 * there and holds no cursor, and what the file system throws.
 */
export function fileCursor(path: string): CursorStore {
  const file = resolve(path);
  return {
    load: async () => {
      const text = await readFile(file, "utf8").catch(ignoreMissing);
      return text === undefined ? undefined : parse(text, path);
    },
    save: async ({ epoch, seq, newsAfter }) => {
      const newest = `${file}.${process.pid}-${++saves}.new`;
      try {
        await write(newest, JSON.stringify({ epoch, seq, newsAfter }));
        await rename(newest, file);
      } catch (error) {
        await rm(newest, { force: true });
        throw error;
      }
    },
    claim: () => {
      if (claimed.has(file)) {
        throw new ChatError(
          "FAILED_PRECONDITION",
          `Cannot keep the cursor in "${path}": another loop keeps its own there, give each a file of its own.`,
        );
      }
      claimed.add(file);
      return { [Symbol.dispose]: () => void claimed.delete(file) };
    },
  };
}

/** Resolves when it is on the disk: a file that took the old one's place before that may be empty after a power cut. */
async function write(path: string, text: string): Promise<void> {
  await using file = await open(path, "w");
  await file.writeFile(text);
  await file.datasync();
}

function parse(text: string, path: string): Cursor {
  const cursor = cursorIn(text);
  if (cursor) return cursor;
  const holds = text.trim() === "" ? "the file is empty" : "the file is damaged, or not a cursor's";
  throw new TypeError(
    `Cannot load the cursor from "${path}": ${holds}, put its backup back, ` +
      `or take it away to begin as for the first time and say with "replay" what to be given then.`,
  );
}

function cursorIn(text: string): Cursor | undefined {
  try {
    const { epoch, seq, newsAfter = 0 } = JSON.parse(text);
    if (typeof epoch !== "string" || !isSeq(seq) || !isSeq(newsAfter)) return undefined;
    return newsAfter > seq ? { epoch, seq, newsAfter } : { epoch, seq };
  } catch {
    return undefined;
  }
}

function isSeq(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
