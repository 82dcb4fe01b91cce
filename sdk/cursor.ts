/** Where a reader's place in a room is kept. */
import { readFile, rename, writeFile } from "node:fs/promises";

/** A reader's place in a room: it has dealt with everything up to and including `seq`. */
export interface Cursor {
  /** The life of the room that `seq` counts in. */
  readonly epoch: string;
  /** 0 for none. */
  readonly seq: number;
}

/** Keeps the cursor of one reader in one room. What it throws is thrown to the reader. */
export interface CursorStore {
  /** The cursor that was saved last, or undefined before the first time. */
  load(): Promise<Cursor | undefined>;
  /** Keeps a cursor. The reader is given nothing more before this resolves. */
  save(cursor: Cursor): Promise<void>;
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

/**
 * Keeps the cursor in a file of its own, which is replaced whole: a crash leaves the old one or the new one. Throws
 * a TypeError for a file that is there and holds no cursor, and what the file system throws.
 */
export function fileCursor(path: string): CursorStore {
  return {
    load: async () => {
      const text = await readFile(path, "utf8").catch(ignoreMissing);
      if (text === undefined) return undefined;
      const cursor = parse(text);
      if (cursor) return cursor;
      throw new TypeError(
        `Cannot load the cursor from "${path}": it holds something else, take the file away.`,
      );
    },
    save: async ({ epoch, seq }) => {
      await writeFile(`${path}.new`, JSON.stringify({ epoch, seq }));
      await rename(`${path}.new`, path);
    },
  };
}

function parse(text: string): Cursor | undefined {
  try {
    const { epoch, seq } = JSON.parse(text);
    return typeof epoch === "string" && Number.isSafeInteger(seq) && seq >= 0 ? { epoch, seq } : undefined;
  } catch {
    return undefined;
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
