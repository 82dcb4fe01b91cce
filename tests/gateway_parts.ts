/** A gateway whose inside tests can look at. */
import { makeApp } from "../gateway/app.tsx";
import { loadAssets } from "../gateway/assets.ts";
import { Bridge } from "../gateway/bridge.ts";
import { listen } from "../gateway/listener.ts";
import type { Socket } from "../gateway/socket.ts";
import { shuttingDown } from "../protos/partings.ts";
import { before } from "../runtime/deadline.ts";
import { silent } from "../runtime/journal.ts";
import { bundle } from "./harness.ts";

/** A gateway in parts, on a free port. */
export interface Parts extends AsyncDisposable {
  readonly port: number;
  readonly bridge: Bridge;
  readonly sockets: ReadonlySet<Socket>;
}

/** Serves as gateway/main.ts does, with rooms that are forgotten sooner if so asked. */
export async function serveParts(
  chatPort: number,
  { roomIdleMs }: { roomIdleMs?: number } = {},
): Promise<Parts> {
  await bundle();
  const bridge = new Bridge(`127.0.0.1:${chatPort}`, {
    journal: silent,
    ...(roomIdleMs !== undefined && { roomIdleMs }),
  });
  const sockets = new Set<Socket>();
  const app = makeApp({
    assets: await loadAssets(),
    bridge,
    journal: silent,
    sockets,
    socketsMost: 10_000,
    origin: { host: "127.0.0.1", origins: [] },
    draining: new AbortController().signal,
  });
  const listener = listen({ host: "127.0.0.1", port: 0 }, { handler: app.fetch, journal: silent });
  return {
    port: listener.port,
    bridge,
    sockets,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.close(shuttingDown());
      await before(1_000, Promise.all([...sockets].map(({ closed }) => closed)));
      await bridge.close();
      await before(500, listener.shutdown());
    },
  };
}
