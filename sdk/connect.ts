import { isIP } from "node:net";
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import { checkName, checkToken } from "./check.ts";
import { Client } from "./client.ts";
import type { Connection } from "./connection.ts";
import type { Timing } from "./line.ts";
import { Session } from "./session.ts";
import type { Transport } from "./transport.ts";
import { grpcTransport, type Identity } from "./transport_grpc.ts";
import { wsTransport } from "./transport_ws.ts";

/** Who to be, and how. */
export interface ConnectOptions {
  /** Signs in as a guest of this name. With `token`, as the same guest as before. */
  readonly name?: string;
  /** What `client.token` gave before, if the guest shall be the same. Alone it is enough. */
  readonly token?: string;
  /** The certificate for a ChatService that asks for one (`grpcs:`). */
  readonly identity?: Identity;
  /** Gives up connecting. Later it does nothing: `close` ends a client. */
  readonly signal?: AbortSignal;
  /** How many commands that change a room are under way at a time; 16 by default. */
  readonly depth?: number;
  /** Told each time the connection is made, lost, or given up. */
  readonly onConnection?: (connection: Connection) => void;
  /** Other times than the usual ones, in milliseconds. */
  readonly timing?: Partial<Timing>;
  /** Other dice than Math.random, for tests: 0 up to 1. */
  readonly random?: () => number;
}

/** The usual times. */
const usual: Timing = {
  firstMs: 200,
  mostMs: 5_000,
  heartbeatMs: limits.heartbeatMs,
  silenceMs: limits.silenceMs,
  openingMs: limits.openingMs,
};

/**
 * Connects to a chat server: `grpc://host:port` (or `grpcs:`) is ChatService, `ws://host:port` (or `wss:`) a gateway.
 * With `grpcs:` or `wss:` the server has to show a certificate that Deno trusts; `DENO_CERT` names a file of more
 * authorities. Resolves when the person is let in. A server that cannot be reached is tried until `signal` aborts, as after a lost connection.
 *
 * Throws a TypeError for another address, the signal's reason, or a {@linkcode ChatError}: NAME_TAKEN,
 * INVALID_ARGUMENT (a name that breaks a rule), UNAUTHENTICATED (a token that is not good any more).
 */
export async function connect(address: string, options: ConnectOptions): Promise<Client> {
  return await connectOver(transportTo(address, options), options);
}

/** Connects over another wire than the usual ones. As `connect` in all else. */
export async function connectOver(transport: Transport, options: ConnectOptions): Promise<Client> {
  const { name = "", token = "", signal, depth = 16, onConnection = () => {}, random = Math.random } =
    options;
  if (name === "" && token === "") {
    throw new ChatError("UNAUTHENTICATED", "Cannot connect: nobody is named, give a name or a token.");
  }
  checkName(name);
  checkToken(token);
  signal?.throwIfAborted();
  const timing = { ...usual, ...options.timing };
  const session = new Session(transport, { name, token }, { timing, depth, onConnection, random });
  const abort = () => void session.close();
  signal?.addEventListener("abort", abort);
  try {
    await session.opened;
  } catch (error) {
    await session.close();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
  return new Client(session);
}

function transportTo(address: string, { identity }: ConnectOptions): Transport {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === "grpcs:" && url.host !== "") {
    if (isIP(url.hostname.replace(/^\[|\]$/g, "")) === 0) {
      return grpcTransport(url.host, { secure: { identity } });
    }
    throw new TypeError(
      `Cannot connect to "${address}": by TLS a server is known by its name, use the one in its certificate.`,
    );
  }
  if (url?.protocol === "grpc:" && url.host !== "") return grpcTransport(url.host);
  if (url?.protocol === "ws:" || url?.protocol === "wss:") return wsTransport(`${url.protocol}//${url.host}`);
  throw new TypeError(
    `Cannot connect to "${address}": use an address like grpc://localhost:50051 or ws://localhost:8000.`,
  );
}
