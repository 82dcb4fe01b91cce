/** Keeps a second Switchboard away from a file that one serves already: two tails of one log would part. */
import { ChatError } from "../protos/errors.ts";

/**
 * Holds `<file>.lock`, beside the real file if this is a link to one, until it is closed or the process ends in
 * whatever way. Throws UNAVAILABLE.
 */
export function lockFile(file: string): { close(): void } {
  const lock = openLock(realPath(file));
  if (lock.tryLockSync(true)) return { close: () => unlock(lock) };
  lock.close();
  throw new ChatError(
    "UNAVAILABLE",
    `Cannot open "${file}": another Switchboard serves it already, stop that one or choose another file.`,
  );
}

/** To close it is not enough: a child that another thread is just starting has the file open, too, for a moment. */
function unlock(lock: Deno.FsFile): void {
  lock.unlockSync();
  lock.close();
}

function realPath(file: string): string {
  try {
    return Deno.realPathSync(file);
  } catch {
    // A new file, or one that is no link; what is wrong with it will be told when it is opened.
    return file;
  }
}

function openLock(file: string): Deno.FsFile {
  try {
    return Deno.openSync(`${file}.lock`, { create: true, write: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ChatError(
      "FAILED_PRECONDITION",
      `Cannot open "${file}": its folder cannot be written (${why}), make it writable or choose another file.`,
      { cause: error },
    );
  }
}
