/** The gateway's composition root: settings → bridge → app → sockets. `deno task web` runs it alone. */
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import { shuttingDown } from "../protos/partings.ts";
import { before } from "../runtime/deadline.ts";
import { type Journal, terminal } from "../runtime/journal.ts";
import { openFilesMost } from "../runtime/open_files.ts";
import { type Running, runProcess } from "../runtime/process.ts";
import type { Settings } from "../runtime/settings.ts";
import { makeApp } from "./app.tsx";
import { loadAssets } from "./assets.ts";
import { Bridge } from "./bridge.ts";
import type { Socket } from "./socket.ts";

/** What starting a gateway needs. */
export type GatewaySettings = Pick<Settings, "host" | "port" | "chatAddress" | "origins">;

/** A gateway that takes connections. */
export interface Gateway extends Running {
  /** The port that it got. */
  readonly port: number;
  /** Where a browser on this machine finds the page. */
  readonly url: string;
}

/** Connects to ChatService and serves the page. Throws a ChatError that says what to do. */
export async function startGateway(
  { host, port, chatAddress, origins }: GatewaySettings,
  { journal }: { journal: Journal },
): Promise<Gateway> {
  const assets = await loadAssets();
  const bridge = new Bridge(chatAddress, { journal });
  const sockets = new Set<Socket>();
  const draining = new AbortController();
  const app = makeApp({
    assets,
    bridge,
    journal,
    sockets,
    draining: draining.signal,
    origin: { host, origins },
    socketsMost: Math.min(limits.sockets, Math.floor(await openFilesMost() * 0.9)),
  });
  const server = await listen({ host, port }, app.fetch).catch(async (error) => {
    await bridge.close();
    throw error;
  });
  const actual = server.addr.port;
  return {
    port: actual,
    url: `http://${
      ["0.0.0.0", "::", "127.0.0.1"].includes(host) ? "localhost" : host.includes(":") ? `[${host}]` : host
    }:${actual}`,
    close: async () => {
      draining.abort();
      await drain(sockets);
      await bridge.close();
      // Waits for stalled peers without end, so it is not waited for.
      await before(500, server.shutdown());
    },
  };
}

/** How long peers may take to confirm a close. A stalled one never does. */
const closeMs = 1_000;

/** Tells every socket to come back, lets what was sent be answered, and closes them. */
async function drain(sockets: Set<Socket>): Promise<void> {
  const stopping = shuttingDown();
  const all = [...sockets];
  const closing = all.map(async (socket) => {
    socket.part(stopping, Math.round(Math.random() * limits.returnSpreadMs));
    // Each in the moment it is idle: what it took after that would be stored, and not be answered.
    await before(limits.drainMs / 2, socket.idle());
    socket.close(stopping);
  });
  await Promise.all(closing);
  // The server's own shutdown would close with 1001 what has not been closed by then.
  await before(closeMs, Promise.all(all.map(({ closed }) => closed)));
}

async function listen(
  { host, port }: { host: string; port: number },
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<Deno.HttpServer<Deno.NetAddr>> {
  try {
    return await Promise.resolve(
      Deno.serve({ hostname: host, port, onListen: () => {} }, (request) => fetch(request)),
    );
  } catch (error) {
    const why = error instanceof Deno.errors.AddrInUse
      ? "the port is in use"
      : error instanceof Error
      ? error.message
      : String(error);
    throw new ChatError(
      "UNAVAILABLE",
      `Cannot listen on "${host}:${port}": ${why}, choose another PORT or HOST.`,
      { cause: error },
    );
  }
}

if (import.meta.main) {
  await runProcess("web", async (settings) => {
    const gateway = await startGateway(settings, { journal: terminal });
    terminal.say(`Chat page on ${gateway.url}`);
    return gateway;
  }, { journal: terminal, drainMs: limits.drainMs });
}
