/** A connection as the stream that an HTTP/2 server takes. */
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { before } from "./deadline.ts";
import { goawayFilter } from "./grpc_goaway.ts";

const readBytes = 65_536;

/** A connection that is quiet waits with a small buffer: there may be thousands. */
const quietBytes = 4_096;

/** A part smaller than this is copied out of the buffer that it was read into, which is then used again. */
const copyBytes = 8_192;

/** A connection on which nothing came for so long is none of a gRPC client: it would speak first. */
const silentMs = 10_000;

/** How long a connection that was given up may take to send its last bytes. */
const lingerMs = 3_000;

/** What bytes go through on their way. */
type Filter = (bytes: Buffer) => Buffer;

/** The connection, without GOAWAY frames in either direction. It is closed with the stream. */
export function connectionStream(conn: Deno.TcpConn): Duplex {
  return streamOf(conn, { incoming: goawayFilter("client"), outgoing: goawayFilter("server") });
}

/** The connection's bytes as they are. It is closed with the stream. */
export function bareStream(conn: Deno.TcpConn): Duplex {
  const asItIs = (bytes: Buffer) => bytes;
  return streamOf(conn, { incoming: asItIs, outgoing: asItIs });
}

function streamOf(
  conn: Deno.TcpConn,
  { incoming, outgoing }: { incoming: Filter; outgoing: Filter },
): Duplex {
  let writing = Promise.resolve();
  let wanted = Promise.withResolvers<void>();
  const write = (bytes: Buffer, done: (error?: Error | null) => void) => {
    writing = writeAll(conn, outgoing(bytes)).then(() => done(), (error) => done(error));
  };
  const stream = new Duplex({
    allowHalfOpen: false,
    read: () => wanted.resolve(),
    write: (bytes: Buffer, _encoding, done) => write(bytes, done),
    writev: (parts, done) => write(Buffer.concat(parts.map(({ chunk }) => chunk)), done),
    final: (done) => void conn.closeWrite().then(() => done(), () => done()),
    destroy: async (error, done) => {
      wanted.resolve();
      // What was answered last may still be on its way; a peer that does not take it is not waited for.
      await before(lingerMs, writing);
      conn.close();
      done(error);
    },
  });
  // The connection is gone either way, and whoever uses it is told by its close.
  stream.on("error", () => {});
  const silent = setTimeout(() => stream.destroy(), silentMs);
  stream.once("close", () => clearTimeout(silent));
  const pump = async () => {
    let buffer = Buffer.allocUnsafe(quietBytes);
    while (!stream.destroyed) {
      const n = await conn.read(buffer);
      clearTimeout(silent);
      if (n === null) return endSoon(stream);
      const read = buffer.subarray(0, n);
      const kept = incoming(n >= copyBytes ? read : Buffer.from(read));
      const size = n === buffer.length ? readBytes : n < quietBytes ? quietBytes : buffer.length;
      if (n >= copyBytes || size !== buffer.length) buffer = Buffer.allocUnsafe(size);
      if (kept.length === 0) continue;
      wanted = Promise.withResolvers();
      if (!stream.push(kept)) await wanted.promise;
    }
  };
  pump().catch(() => stream.destroy());
  return stream;
}

/** The client says no more; what it is still answered has a moment. */
function endSoon(stream: Duplex): void {
  stream.push(null);
  const timer = setTimeout(() => stream.destroy(), lingerMs);
  stream.once("close", () => clearTimeout(timer));
}

async function writeAll(conn: Deno.TcpConn, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await conn.write(bytes.subarray(done));
}
