/**
 * A connection to ChatService by TLS. Trust is Deno's own, by DENO_CERT: docs/decisions/0012 tells why no list of
 * authorities may be given to node:tls.
 */
import type { Duplex } from "node:stream";
import { isIP } from "node:net";
import tls from "node:tls";
import type { Endpoint } from "./nodes.ts";

/** Who we are, if ChatService asks: PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** Connects to an endpoint, which has to show a certificate of its name. */
export function dialTls({ address, name }: Endpoint, identity?: Identity): Duplex {
  const [host, port] = parts(address);
  const [servername] = parts(name);
  const socket = tls.connect({
    host,
    port,
    ALPNProtocols: ["h2"],
    // RFC 6066, 3: an address is no name.
    ...(isIP(servername) === 0 && { servername }),
    ...identity,
  });
  socket.setNoDelay(true);
  return socket;
}

function parts(address: string): [host: string, port: number] {
  const [, host = "", port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  return [host, Number(port)];
}
