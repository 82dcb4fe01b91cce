/**
 * Keeps what a lost connection to NATS says from ending the process. The library takes its listeners off a socket before
 * it lets go of it. Under Deno 2.9 the socket may still report a reset then, an alert, or that it was written to after its end:
 * errors that nobody listens to.
 */

let dropping = false;

/** From now on such errors are dropped. Others still end the process. */
export function dropLateErrors(): void {
  if (dropping) return;
  dropping = true;
  globalThis.addEventListener("error", (event) => {
    if (isLate(event.error)) event.preventDefault();
  });
}

/** True for what a socket says that nobody uses any more. Others than the library's are listened to. */
export function isLate(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // What a server says by TLS of our certificate, after the handshake: it closes the connection, too.
  if (error.message.startsWith("received fatal alert")) return true;
  if (!("code" in error)) return false;
  const code = String(error.code);
  const ofLibrary = error.stack?.includes("NodeTransport") ?? false;
  return ["ECONNRESET", "EPIPE"].includes(code) && "syscall" in error ||
    ["ERR_STREAM_WRITE_AFTER_END", "ERR_STREAM_DESTROYED"].includes(code) && ofLibrary;
}
