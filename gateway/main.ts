/** The gateway with a port of its own. `deno task web` runs it alone; serve.ts is for `deno serve`. */
import { limits } from "../protos/limits.ts";
import { before } from "../runtime/deadline.ts";
import { terminal } from "../runtime/journal.ts";
import { type Running, runProcess } from "../runtime/process.ts";
import type { Settings } from "../runtime/settings.ts";
import { listen } from "./listener.ts";
import { openGateway, type OpenOptions, type OpenSettings } from "./open.ts";

/** What starting a gateway needs. */
export type GatewaySettings = Pick<Settings, "port"> & OpenSettings;

/** A gateway that takes connections. */
export interface Gateway extends Running {
  /** The port that it got. */
  readonly port: number;
  /** Where a browser on this machine finds the page. */
  readonly url: string;
}

/** Connects to ChatService and serves the page. Throws an error that says what to do. */
export async function startGateway(
  { port, ...settings }: GatewaySettings,
  options: OpenOptions,
): Promise<Gateway> {
  const { host } = settings;
  const gateway = await openGateway(settings, options);
  const handler = gateway.fetch;
  const listener = await Promise.try(() => listen({ host, port }, { handler, journal: options.journal }))
    .catch(
      async (error) => {
        await gateway.close();
        throw error;
      },
    );
  return {
    port: listener.port,
    url: urlOf(host, listener.port),
    close: async () => {
      await gateway.close();
      // Waits for stalled peers without end, so it is not waited for.
      await before(500, listener.shutdown());
    },
  };
}

/** Under what address a browser on this machine reaches one that is listened on. */
export function urlOf(host: string, port: number): string {
  const isLocal = ["0.0.0.0", "::", "127.0.0.1"].includes(host);
  return `http://${isLocal ? "localhost" : host.includes(":") ? `[${host}]` : host}:${port}`;
}

if (import.meta.main) {
  await runProcess("web", async (settings, metrics) => {
    const gateway = await startGateway(settings, { journal: terminal, metrics });
    terminal.say(`Chat page on ${gateway.url}`);
    return gateway;
  }, { journal: terminal, drainMs: limits.drainMs });
}
