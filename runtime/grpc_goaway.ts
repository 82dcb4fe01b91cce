/**
 * Deno 2.9.6 dies, natively, of a GOAWAY on a connection that has carried many calls (denoland/deno#36788, and
 * without the idling that it names): any client that closes politely could end the server. So those frames are left
 * out of what clients send; the end of the connection says the same.
 */
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";

// RFC 9113, 3.4 and 4.1: the client's preface, then frames of a nine-byte header (length, type, …) and a payload.
const prefaceBytes = 24;
const headerBytes = 9;
const goaway = 7;

/** How long a connection that was given up may take to send its last bytes. */
const lingerMs = 3_000;

/** The socket, without the GOAWAY frames that come in on it. */
export function withoutGoaway(socket: Socket): Duplex {
  const strip = goawayFilter();
  const clean = new Duplex({
    read: () => void socket.resume(),
    write: (bytes, _encoding, done) => void socket.write(bytes, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      // What was answered last may still be on its way; a peer that does not take it is not waited for.
      socket.destroySoon();
      const timer = setTimeout(() => socket.destroy(), lingerMs);
      socket.once("close", () => clearTimeout(timer));
      if (socket.closed) clearTimeout(timer);
      done(error);
    },
  });
  socket.on("data", (bytes: Buffer) => {
    const kept = strip(bytes);
    if (kept.length > 0 && !clean.push(kept)) socket.pause();
  });
  socket.on("end", () => clean.push(null));
  socket.on("error", () => clean.destroy());
  socket.on("close", () => clean.destroy());
  // The connection is gone either way, and whoever uses it is told by its close.
  clean.on("error", () => {});
  return clean;
}

/** Takes a connection's bytes as they come, and gives them without the GOAWAY frames among them. */
export function goawayFilter(): (bytes: Buffer) => Buffer {
  let pass = prefaceBytes;
  let skip = 0;
  let header = Buffer.alloc(0);
  return (bytes) => {
    const kept: Buffer[] = [];
    let at = 0;
    const take = (most: number) => bytes.subarray(at, at += Math.min(most, bytes.length - at));
    while (at < bytes.length) {
      if (pass > 0) {
        const part = take(pass);
        pass -= part.length;
        kept.push(part);
      } else if (skip > 0) {
        skip -= take(skip).length;
      } else {
        header = Buffer.concat([header, take(headerBytes - header.length)]);
        if (header.length < headerBytes) continue;
        const payload = header.readUIntBE(0, 3);
        if (header[3] === goaway) skip = payload;
        else {
          kept.push(header);
          pass = payload;
        }
        header = Buffer.alloc(0);
      }
    }
    return kept.length === 1 && kept[0] ? kept[0] : Buffer.concat(kept);
  };
}
