/** What goes through a WebSocket, as far as it is a text, and why it was closed. */
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";

/** How long it is: characters of a text, bytes of what is binary. */
export function sizeOfData(data: unknown): number {
  if (typeof data === "string") return data.length;
  return data instanceof Blob ? data.size : limits.frameBytes;
}

/** The text, or why there is none. */
export function parseData(data: unknown): string | ChatError {
  if (typeof data !== "string") {
    return new ChatError("INVALID_ARGUMENT", "Cannot read the message: it is binary, send JSON as text.");
  }
  // UTF-16 units: never more than the bytes, so nothing that fits is refused before it is counted.
  if (data.length <= limits.frameBytes) return data;
  return new ChatError(
    "INVALID_ARGUMENT",
    `Cannot read the message: it has ${data.length} characters and at most ${limits.frameBytes} are allowed, send less at a time.`,
  );
}

/** A close reason: at most 123 bytes (RFC 6455, 5.5.1). */
export function closeReason(reason: string): string {
  let short = reason.slice(0, 120);
  while (new TextEncoder().encode(short).length > 120) short = short.slice(0, -1);
  return short.toWellFormed();
}
