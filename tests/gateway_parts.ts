/** A gateway whose inside tests can look at. */
import { makeApp } from "../gateway/app.tsx";
import { loadAssets } from "../gateway/assets.ts";
import { Bridge } from "../gateway/bridge.ts";
import { listen } from "../gateway/listener.ts";
import type { Socket } from "../gateway/socket.ts";
import { limits } from "../protos/limits.ts";
import { shuttingDown } from "../protos/partings.ts";
import { before } from "../runtime/deadline.ts";
import { type Journal, silent } from "../runtime/journal.ts";
import { signIn } from "./doors.ts";
import { bundle } from "./harness.ts";

/** A gateway in parts, on a free port. */
export interface Parts extends AsyncDisposable {
  readonly port: number;
  readonly app: ReturnType<typeof makeApp>;
  readonly bridge: Bridge;
  readonly sockets: ReadonlySet<Socket>;
}

/** Serves as gateway/main.ts does, with rooms that are forgotten sooner if so asked. */
export async function serveParts(
  chatPort: number,
  { roomIdleMs, socketsMost = 10_000, journal = silent }: {
    roomIdleMs?: number;
    socketsMost?: number;
    journal?: Journal;
  } = {},
): Promise<Parts> {
  await bundle();
  const bridge = new Bridge(`127.0.0.1:${chatPort}`, {
    journal,
    ...(roomIdleMs !== undefined && { roomIdleMs }),
  });
  const sockets = new Set<Socket>();
  const app = makeApp({
    assets: await loadAssets(),
    bridge,
    journal,
    sockets,
    socketsMost,
    origin: { host: "127.0.0.1", origins: [] },
    draining: new AbortController().signal,
  });
  const listener = listen({ host: "127.0.0.1", port: 0 }, { handler: app.fetch, journal });
  return {
    port: listener.port,
    app,
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

/** The answer to an upgrade, with its body if it is not let through. The socket of one that is ends here. */
export async function upgradeStatus(
  port: number,
  headers: Record<string, string> = {},
  path = "/ws",
): Promise<string> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = [
    `GET ${path} HTTP/1.1`,
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  await conn.write(new TextEncoder().encode(lines.join("\r\n") + "\r\n\r\n"));
  const buffer = new Uint8Array(4_096);
  return new TextDecoder().decode(buffer.subarray(0, await conn.read(buffer) ?? 0));
}

/** Tokens for so many sockets, of as few guests as may have them. */
export async function tokensFor(port: number, sockets: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let i = 0; tokens.length < sockets; i++) {
    const { token } = await signIn(port, `guest ${i}`);
    tokens.push(
      ...Array.from({ length: Math.min(limits.socketsPerGuest, sockets - tokens.length) }, () => token),
    );
  }
  return tokens;
}
