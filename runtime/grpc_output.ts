/**
 * The way out of a stream's call, straight to its HTTP/2 stream. By way of grpc-js a message waits until the one before it
 * was sent, so that two that are written at once, such as an answer and the event that it is about, would wake both
 * processes twice.
 */
import { Buffer } from "node:buffer";
import type { ServerHttp2Stream } from "node:http2";
import { nextTick } from "node:process";
import { type StreamCall, streamOf } from "./grpc_bounds.ts";
import type { WritableCall } from "./grpc_writer.ts";

/** A flag and a length. */
const headBytes = 5;

/** Writes the messages of a call, whose initial metadata was sent. */
export class CallOutput implements WritableCall {
  readonly #call: StreamCall;
  readonly #stream: ServerHttp2Stream;

  constructor(call: StreamCall) {
    this.#call = call;
    this.#stream = streamOf(call);
  }

  get cancelled(): boolean {
    return this.#call.cancelled;
  }

  get destroyed(): boolean {
    return this.#call.destroyed || this.#stream.destroyed || this.#stream.writableEnded;
  }

  write(message: Uint8Array, done: () => void): boolean {
    const stream = this.#stream;
    if (stream.writableCorked === 0) {
      stream.cork();
      nextTick(() => stream.uncork());
    }
    // https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md: not compressed, so long, and the message.
    const framed = Buffer.allocUnsafe(headBytes + message.length);
    framed[0] = 0;
    framed.writeUInt32BE(message.length, 1);
    framed.set(message, headBytes);
    return stream.write(framed, () => done());
  }

  on(event: "close" | "cancelled" | "error", listener: () => void): void {
    this.#call.on(event, listener);
  }

  off(event: "close" | "cancelled" | "error", listener: () => void): void {
    this.#call.off(event, listener);
  }
}
