/**
 * gRPC over HTTP/2, as far as a gateway speaks it: one long stream both ways, and calls with one answer. grpc-js hands
 * each message through a dozen objects, and to the network in a write of its own; here all that is written in one turn
 * of the event loop goes together, and what comes is read where it lies.
 */
import { Buffer } from "node:buffer";
import http2 from "node:http2";
import type { Duplex } from "node:stream";
import { Pace } from "./pace.ts";

/** A method, as proto-loader describes it. */
export interface Method<Q, R> {
  readonly path: string;
  requestSerialize(value: Q): Buffer;
  responseDeserialize(bytes: Buffer): R;
}

/** How a call ended: `grpc-status`, its words, and the code of protos/errors.ts, if it came from ChatService. */
export interface Status {
  readonly status: number;
  readonly message: string;
  readonly code: string;
}

/** What happens on a stream. */
export interface StreamEvents<R> {
  /** The server serves it: its initial metadata. */
  opened(metadata: http2.IncomingHttpHeaders): void;
  heard(message: R): void;
  /** Once. */
  ended(status: Status): void;
}

/** A stream both ways. */
export interface GrpcStream<Q> {
  write(message: Q): void;
  cancel(): void;
}

/** One connection. It is never made again: whoever needs it opens another one. */
export class GrpcClient {
  readonly #session: http2.ClientHttp2Session;

  /** Connects; `address` is host:port. With `dial` by that, and it is for what is in it to be safe. */
  constructor(address: string, dial?: () => Duplex) {
    this.#session = http2.connect(`${dial ? "https" : "http"}://${address}`, {
      settings: { enablePush: false, initialWindowSize },
      ...(dial && { createConnection: dial }),
    });
    // Each stream is told of it.
    this.#session.on("error", () => {});
    this.#session.on("connect", () => this.#session.setLocalWindowSize(initialWindowSize));
  }

  /** Begins a stream. */
  stream<Q, R>(method: Method<Q, R>, events: StreamEvents<R>): GrpcStream<Q> {
    let waiting: Buffer[] = [];
    const pace = new Pace(() => {
      const bytes = Buffer.concat(waiting);
      waiting = [];
      if (stream.writable) stream.write(bytes);
    });
    const stream = open(this.#session, method, events);
    stream.on("close", () => pace.stop());
    return {
      write: (message) => {
        pace.waits();
        waiting.push(framed(method.requestSerialize(message)));
      },
      cancel: () => stream.close(http2.constants.NGHTTP2_CANCEL),
    };
  }

  /** Makes a call with one answer. Resolves with it, or with how it was refused. Takes `ms` at most. */
  call<Q, R>(
    method: Method<Q, R>,
    { request, ms }: { request: Q; ms: number },
  ): Promise<{ readonly value: R } | Status> {
    if (this.#session.closed || this.#session.destroyed) return Promise.resolve(lost);
    return new Promise((resolve) => {
      let value: R | undefined;
      const stream = open(this.#session, method, {
        opened: () => {},
        heard: (message) => value = message,
        ended: (status) => {
          clearTimeout(late);
          resolve(value !== undefined && status.status === 0 ? { value } : status);
        },
      });
      const late = setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), ms);
      stream.end(framed(method.requestSerialize(request)));
    });
  }

  close(): void {
    this.#session.destroy();
  }
}

/** So much may come unasked: some batches. */
const initialWindowSize = 4 * 1_048_576;

/** No message has so many: batches are bounded by count and bytes of text. */
const messageBytes = 16 * 1_048_576;

/** UNAVAILABLE, and not from a server. */
const lost: Status = { status: 14, message: "the connection was lost", code: "" };

function open<Q, R>(
  session: http2.ClientHttp2Session,
  { path, responseDeserialize }: Method<Q, R>,
  { opened, heard, ended }: StreamEvents<R>,
): http2.ClientHttp2Stream {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
  });
  let status = lost;
  const take = (headers: http2.IncomingHttpHeaders) => {
    if (headers["grpc-status"] !== undefined) status = statusOf(headers);
  };
  const messages = new Messages();
  stream.on("response", (headers) => {
    take(headers);
    if (headers[":status"] === 200 && headers["grpc-status"] === undefined) opened(headers);
  });
  stream.on("trailers", take);
  stream.on("data", (chunk: Buffer) => {
    try {
      for (const bytes of messages.take(chunk)) heard(responseDeserialize(bytes));
    } catch (error) {
      // What is at the other end speaks something else, or a fault of ours would end the process.
      stream.destroy(error as Error);
    }
  });
  // Our half of it, too.
  stream.on("end", () => stream.close());
  // Of a connection that was refused, such as one by TLS, the cause says why.
  stream.on("error", ({ message, cause }) => {
    status = { ...lost, message: cause instanceof Error ? cause.message : message };
  });
  stream.on("close", () => ended(status));
  return stream;
}

/** The messages among the bytes of a stream, each with five bytes before it: whether it is compressed, and its length. */
class Messages {
  #parts: Buffer[] = [];
  #size = 0;
  /** How many bytes there must be before it is worth looking. */
  #needed = headBytes;

  /** Takes what came; gives the messages that are whole. */
  take(chunk: Buffer): Buffer[] {
    this.#parts.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#needed) return [];
    const bytes = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts);
    const found: Buffer[] = [];
    let at = 0;
    for (;;) {
      const left = bytes.length - at;
      this.#needed = headBytes + (left < headBytes ? 0 : bytes.readUInt32BE(at + 1));
      if (this.#needed > messageBytes) throw new RangeError(`a message of ${this.#needed} bytes came`);
      if (left < this.#needed) break;
      found.push(bytes.subarray(at + headBytes, at + this.#needed));
      at += this.#needed;
    }
    this.#parts = at === bytes.length ? [] : [bytes.subarray(at)];
    this.#size = bytes.length - at;
    return found;
  }
}

function statusOf(headers: http2.IncomingHttpHeaders): Status {
  const text = (name: string) => String(headers[name] ?? "");
  return {
    status: Number(text("grpc-status")),
    message: decode(text("grpc-message")),
    code: text("chat-code"),
  };
}

/** Percent-encoded UTF-8, as the specification has it; what is not is taken as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const headBytes = 5;

/** A message as it is on a stream: not compressed. */
function framed(body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes + body.length);
  bytes.writeUInt8(0, 0);
  bytes.writeUInt32BE(body.length, 1);
  bytes.set(body, headBytes);
  return bytes;
}
