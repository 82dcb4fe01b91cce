/**
 * TLS for connections that come. By node:tls, since Deno's own listener asks no client for a certificate, but not by
 * its listener: runtime/grpc_listen.ts. docs/decisions/0012 tells what of it can be relied on.
 */
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { withoutGoaway } from "./goaway_stream.ts";

/** What a server shows, and of whom it asks the same: PEM. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  /** Only clients with a certificate of one of these come in. */
  readonly clientCa?: string | undefined;
}

/** What happens at the door. */
export interface TlsDoorOptions {
  /** Called with what is said inside a connection, once its client may come in. */
  readonly enter: (stream: Duplex) => void;
  /** How long a client may take for that, in milliseconds. */
  readonly handshakeMs?: number;
}

/** Gives what takes a connection. One whose client may not come in is closed. */
export function tlsDoor(
  { cert, key, clientCa }: ServerTls,
  { enter, handshakeMs = 10_000 }: TlsDoorOptions,
): (connection: Duplex) => void {
  const asks = clientCa !== undefined;
  const server = tls.createServer({
    cert,
    key,
    ALPNProtocols: ["h2"],
    handshakeTimeout: handshakeMs,
    ...(asks && { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  });
  server.on("secureConnection", (socket) => {
    // One that does not say that it speaks HTTP/2 is taken by node:tls all the same.
    if (socket.alpnProtocol !== "h2" || (asks && !socket.authorized)) socket.destroy();
    else enter(withoutGoaway(socket));
  });
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return (connection) => void server.emit("connection", connection);
}
