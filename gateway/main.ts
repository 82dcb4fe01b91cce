/** The gateway's composition root: settings → bridge → app → sockets. `deno task web` runs it alone. */
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
import { listen } from "./listener.ts";
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
  const filesMost = await openFilesMost();
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
    // The rest is for connections that are no socket yet, and for our own files.
    socketsMost: Math.min(limits.sockets, Math.floor(filesMost * 0.8)),
  });
  const listener = await Promise.try(() => listen({ host, port }, { handler: app.fetch, journal })).catch(
    async (error) => {
      await bridge.close();
      throw error;
    },
  );
  return {
    port: listener.port,
    url: `http://${nameFor(host)}:${listener.port}`,
    close: async () => {
      draining.abort();
      await drain(sockets);
      await bridge.close();
      // Waits for stalled peers without end, so it is not waited for.
      await before(500, listener.shutdown());
    },
  };
}

/** Under what name a browser on this machine reaches an address that is listened on. */
function nameFor(host: string): string {
  if (["0.0.0.0", "::", "127.0.0.1"].includes(host)) return "localhost";
  return host.includes(":") ? `[${host}]` : host;
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

if (import.meta.main) {
  await runProcess("web", async (settings) => {
    const gateway = await startGateway(settings, { journal: terminal });
    terminal.say(`Chat page on ${gateway.url}`);
    return gateway;
  }, { journal: terminal, drainMs: limits.drainMs });
}
