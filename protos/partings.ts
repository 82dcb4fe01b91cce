/** Why a server of ours ends a session by itself: the same words at every door. */
import { ChatError } from "./errors.ts";
import { limits } from "./limits.ts";

/** The reader has taken nothing for too long. */
export function tooSlow(): ChatError {
  const seconds = limits.slowReaderMs / 1000;
  return new ChatError(
    "TOO_SLOW",
    `Cannot go on: this reader took nothing for ${seconds} s, resume from your cursor.`,
  );
}

/** The other side has said nothing for too long. */
export function silent(): ChatError {
  const seconds = limits.silenceMs / 1000;
  return new ChatError(
    "SILENT",
    `Cannot go on: nothing was heard for ${seconds} s, come back and send a heartbeat at least every ${
      limits.heartbeatMs / 1000
    } s.`,
  );
}

/** The server stops. */
export function shuttingDown(): ChatError {
  return new ChatError("SHUTTING_DOWN", "Cannot go on: the server is stopping, come back and resume.");
}
