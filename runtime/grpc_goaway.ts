/**
 * Deno 2.9.6 dies, natively, of a GOAWAY on a connection that has carried many calls (denoland/deno#36788, and
 * without the idling that it names): any client that closes politely could end the server, and a server that
 * stops politely its clients. So those frames are left out, both ways; the end of the connection says the same.
 */
import { Buffer } from "node:buffer";

// RFC 9113, 3.4 and 4.1: the client's preface, then frames of a nine-byte header (length, type, …) and a payload.
const prefaceBytes = 24;
const headerBytes = 9;
const goaway = 7;

/** Takes the bytes of one direction as they come, and gives them without the GOAWAY frames among them. */
export function goawayFilter(from: "client" | "server"): (bytes: Buffer) => Buffer {
  let pass = from === "client" ? prefaceBytes : 0;
  let skip = 0;
  let header = Buffer.alloc(0);
  /** Passes over whole frames that may go as they are. Gives where they end. */
  const passOver = (bytes: Buffer) => {
    let at = pass + skip + header.length === 0 ? 0 : bytes.length + 1;
    while (at + headerBytes <= bytes.length && bytes[at + 3] !== goaway) {
      at += headerBytes + bytes.readUIntBE(at, 3);
    }
    return at;
  };
  return (bytes) => {
    // As nearly everything that comes: then nothing is copied.
    if (passOver(bytes) === bytes.length) return bytes;
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
