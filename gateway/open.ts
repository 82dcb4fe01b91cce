/** A gateway without a port: settings → bridge → app → sockets. */
import type { Hono } from "hono";
import { limits } from "../protos/limits.ts";
import { shuttingDown } from "../protos/partings.ts";
import { before } from "../runtime/deadline.ts";
import type { Journal } from "../runtime/journal.ts";
import type { Metrics } from "../runtime/metrics.ts";
import { openFilesMost } from "../runtime/open_files.ts";
import type { Running } from "../runtime/process.ts";
import type { Settings } from "../runtime/settings.ts";
import { makeApp } from "./app.tsx";
import { loadAssets } from "./assets.ts";
import { Bridge } from "./bridge.ts";
import { reach, type ReachSettings } from "./reach.ts";
import type { Socket } from "./socket.ts";
import { noTraffic } from "./traffic.ts";
import type { Dial } from "./upstream.ts";

/** What a gateway is made of. */
export type OpenSettings = Pick<Settings, "host" | "origins"> & ReachSettings;

/** What it works with. */
export interface OpenOptions {
  readonly journal: Journal;
  readonly metrics?: Metrics | undefined;
  /** How to connect to ChatService, if not as the settings say. */
  readonly dial?: Dial | undefined;
  /** How many gateways this process has: they share its files. */
  readonly workers?: number;
}

/** A gateway that can answer requests. */
export interface OpenGateway extends Running {
  readonly fetch: Hono["fetch"];
}

/** Connects to ChatService. Throws an error that says what to do. */
export async function openGateway(
  { host, origins, ...way }: OpenSettings,
  { journal, metrics, dial, workers = 1 }: OpenOptions,
): Promise<OpenGateway> {
  const assets = await loadAssets();
  const filesMost = await openFilesMost() / workers;
  const reached = await reach(way);
  const bridge = new Bridge(reached.addresses, { journal, dial: dial ?? reached.dial });
  const sockets = new Set<Socket>();
  const traffic = noTraffic();
  if (metrics) (await import("./measure.ts")).measureGateway(metrics, { bridge, sockets, traffic });
  const draining = new AbortController();
  const { fetch } = makeApp({
    assets,
    bridge,
    journal,
    sockets,
    traffic,
    draining: draining.signal,
    origin: { host, origins },
    // The rest is for connections that are no socket yet, and for our own files.
    socketsMost: Math.min(limits.sockets, Math.floor(filesMost * 0.8)),
  });
  return {
    fetch,
    close: async () => {
      draining.abort();
      await drain(sockets);
      await bridge.close();
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
