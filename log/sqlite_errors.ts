/** What SQLite's result codes mean to people, and under which of our codes they go. */
import { ChatError, type ErrorCode } from "../protos/errors.ts";

// https://www.sqlite.org/rescode.html: primary result codes.
const meanings: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  5: ["UNAVAILABLE", "another program has locked it, close that program or wait"],
  6: ["UNAVAILABLE", "another program has locked it, close that program or wait"],
  8: ["FAILED_PRECONDITION", "it is read-only, make the file and its folder writable"],
  10: ["UNAVAILABLE", "the disk reported a fault, check the disk and its free space"],
  11: ["DATA_LOSS", "it is damaged, restore it from a backup"],
  13: ["STORAGE_FULL", "the disk is full, free some space and try again"],
  14: [
    "FAILED_PRECONDITION",
    "it cannot be opened, check that it is a file, and that it and its folder may be read and written",
  ],
  26: ["DATA_LOSS", "it is not a SQLite database, choose another file or restore it from a backup"],
};

/** Makes an error of SQLite's one of ours; `cannot` begins the sentence. */
export function storageError(error: unknown, cannot: string): ChatError {
  if (error instanceof ChatError) return error;
  const code = resultCode(error);
  const [word, state] = meanings[code & 0xff] ??
    ["INTERNAL", `SQLite says: ${error instanceof Error ? error.message : error}`];
  return new ChatError(word, `${cannot}: ${state}.`, { cause: error });
}

/** 0 if it is not an error of SQLite's. A failing constructor gives no result code: the file cannot be opened then. */
function resultCode(error: unknown): number {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "ERR_SQLITE_ERROR") return 0;
  return "errcode" in error && typeof error.errcode === "number" ? error.errcode : 14;
}
