/** The gateway's port. Deno's server ends, once and for all, when the process runs out of files; this one begins anew. */
import { ChatError } from "../protos/errors.ts";
import type { Journal } from "../runtime/journal.ts";

/** A port that is listened on. */
export interface Listener {
  readonly port: number;
  /** Takes no more connections, and resolves when the open ones have ended. */
  shutdown(): Promise<void>;
}

type Handler = (request: Request, info: Deno.ServeHandlerInfo) => Response | Promise<Response>;

/** How long to wait before listening again, in milliseconds. */
const againMs = 300;

/** Listens. Throws UNAVAILABLE, saying what to do. */
export function listen(
  { host, port }: { host: string; port: number },
  { handler, journal }: { handler: Handler; journal: Journal },
): Listener {
  let stopping = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let server = serve(host, port, handler);
  const actual = server.addr.port;
  const supervise = () => {
    server.finished.catch((error) => {
      if (stopping) return;
      journal.warn(`The listener on port ${actual} ended (${reason(error)}); listening again.`);
      again();
    });
  };
  const again = () => {
    timer = setTimeout(() => {
      try {
        server = serve(host, actual, handler);
        supervise();
      } catch {
        // Still no file to be had. Those who are connected go on meanwhile.
        again();
      }
    }, againMs);
  };
  supervise();
  return {
    port: actual,
    shutdown: () => {
      stopping = true;
      clearTimeout(timer);
      return server.shutdown();
    },
  };
}

function serve(hostname: string, port: number, handler: Handler): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname, port, onListen: () => {} }, (request, info) => handler(request, info));
  } catch (error) {
    throw new ChatError(
      "UNAVAILABLE",
      `Cannot listen on "${hostname}:${port}": ${reason(error)}, choose another PORT or HOST.`,
      { cause: error },
    );
  }
}

function reason(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) return "the port is in use";
  return error instanceof Error ? error.message : String(error);
}
