/** A client's stream without the GOAWAY frames of either side: runtime/grpc_goaway.ts. */
import type { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { goawayFilter } from "./grpc_goaway.ts";

/** The stream, filtered. Each is closed with the other one. */
export function withoutGoaway(inner: Duplex): Duplex {
  const [incoming, outgoing] = [goawayFilter("client"), goawayFilter("server")];
  const stream = new Duplex({
    allowHalfOpen: false,
    read: () => void inner.resume(),
    write: (bytes: Buffer, _encoding, done) => {
      const kept = outgoing(bytes);
      if (kept.length === 0) done();
      else inner.write(kept, done);
    },
    final: (done) => void inner.end(done),
    destroy: (error, done) => {
      inner.destroy();
      done(error);
    },
  });
  // The connection is gone either way, and whoever uses it is told by its close.
  stream.on("error", () => {});
  inner.on("data", (bytes: Buffer) => {
    const kept = incoming(bytes);
    if (kept.length > 0 && !stream.push(kept)) inner.pause();
  });
  inner.on("end", () => stream.push(null));
  inner.on("error", () => stream.destroy());
  inner.on("close", () => stream.destroy());
  return stream;
}
