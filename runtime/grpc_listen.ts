/** Opening and closing a gRPC server's port. */
import { type Server, ServerCredentials } from "@grpc/grpc-js";
import { type Duplex, duplexPair } from "node:stream";
import { before, sleep } from "./deadline.ts";
import { withoutGoaway } from "./goaway_stream.ts";
import { bareStream, connectionStream } from "./grpc_connection.ts";
import { type ServerTls, tlsDoor } from "./tls_door.ts";

type ConnectionInjector = ReturnType<Server["createConnectionInjector"]>;

/** What lets a server's connections in. */
interface Door {
  readonly listener: Deno.TcpListener;
  readonly injector: ConnectionInjector;
  readonly enter: (conn: Deno.TcpConn) => Duplex;
  readonly open: Set<Duplex>;
  readonly most: number;
  readonly closing: AbortController;
}

const doors = new WeakMap<Server, Door>();

/** How long to wait before connections are taken again when the process has no file left for them, in milliseconds. */
const againMs = 300;

/** How long those who are connected may still call, and be told by an answer that the server stops. */
const lastCallsMs = 200;

/**
 * Listens, with TLS if it is given, and tells the port; 0 asks for a free one. Past `most` connections further ones
 * are closed at once. Rejects with the reason in words. Not by way of node:net, whose server in Deno 2.9 takes no more
 * connections, without a word, once it had no file for one.
 */
export function listen(
  server: Server,
  { host, port, most = Infinity, tls }: {
    host: string;
    port: number;
    most?: number;
    tls?: ServerTls | undefined;
  },
): Promise<number> {
  return Promise.try(() => {
    const listener = tryListen(host, port);
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    const enter = tls ? enterByTls(injector, tls) : enterPlainly(injector);
    const door = { listener, injector, enter, open: new Set<Duplex>(), closing: new AbortController(), most };
    doors.set(server, door);
    takeConnections(door);
    return listener.addr.port;
  });
}

/** Connects from within the process, which needs neither a port nor TLS. */
export function connectInside(server: Server): Duplex {
  const [ours, theirs] = duplexPair();
  const stream = withoutGoaway(theirs);
  const { open, injector } = doorOf(server);
  hold(stream, open);
  injector.injectConnection(stream);
  return ours;
}

function hold(stream: Duplex, open: Set<Duplex>): void {
  open.add(stream);
  stream.on("close", () => open.delete(stream));
}

function doorOf(server: Server): Door {
  const door = doors.get(server);
  if (door) return door;
  throw new TypeError("Cannot connect to a server: it does not listen, call listen first.");
}

async function takeConnections({ listener, enter, open, closing, most }: Door): Promise<void> {
  const { signal } = closing;
  while (!signal.aborted) {
    try {
      const conn = await listener.accept();
      if (open.size >= most) {
        conn.close();
        continue;
      }
      conn.setNoDelay(true);
      hold(enter(conn), open);
    } catch {
      // No file left, or the client is gone already. Those who are connected go on meanwhile.
      await sleep(againMs, { signal });
    }
  }
}

function enterPlainly(injector: ConnectionInjector): Door["enter"] {
  return (conn) => {
    const stream = connectionStream(conn);
    injector.injectConnection(stream);
    return stream;
  };
}

function enterByTls(injector: ConnectionInjector, tls: ServerTls): Door["enter"] {
  const handshake = tlsDoor(tls, { enter: (stream) => injector.injectConnection(stream) });
  return (conn) => {
    const stream = bareStream(conn);
    handshake(stream);
    return stream;
  };
}

function tryListen(hostname: string, port: number): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port });
  } catch (error) {
    throw new Error(inWords(error), { cause: error });
  }
}

function inWords(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) return "the port is in use";
  if (error instanceof Deno.errors.AddrNotAvailable) return "this machine has no such address";
  if (error instanceof Deno.errors.PermissionDenied) return "it is not allowed";
  return error instanceof Error ? error.message : String(error);
}

/** Ends politely, or after `ms` by force: clients may hold on to their connections. */
export async function shutdown(server: Server, ms: number): Promise<void> {
  const door = doors.get(server);
  if (door) {
    door.closing.abort();
    door.listener.close();
    // Whoever is closed has sent its last answer.
    const closing = [...door.open].map((stream) =>
      new Promise<void>((resolve) => stream.once("close", resolve))
    );
    const closed = Promise.all(closing);
    // The end of a connection alone would be INTERNAL to a client that is about to call: no GOAWAY warns it.
    await before(lastCallsMs, closed);
    // Ends its sessions, each once its calls are answered, for all its name.
    door.injector.destroy();
    await before(ms, closed);
  }
  server.forceShutdown();
  for (const stream of door?.open ?? []) stream.destroy();
}
