/**
 * Keeps a reset of a connection to NATS from ending the process. The library takes its listeners off a socket before
 * it lets go of it, and Deno 2.9 may still report that the peer reset it: an error that nobody listens to.
 */

let kept = false;

/** From now on such errors are dropped. Others still end the process. */
export function dropLateResets(): void {
  if (kept) return;
  kept = true;
  globalThis.addEventListener("error", (event) => {
    if (isLateReset(event.error)) event.preventDefault();
  });
}

/** True for what a socket says whose peer is gone. grpc-js and node:http2 listen to theirs, so it is one of NATS. */
export function isLateReset(error: unknown): boolean {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return false;
  return ["read", "write"].includes(String(error.syscall)) &&
    ["ECONNRESET", "EPIPE"].includes(String(error.code));
}
