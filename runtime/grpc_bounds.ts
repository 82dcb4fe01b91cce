/**
 * What a call may cost while nobody answers for it: before its request is there, and after it was answered. grpc-js
 * bounds the size of one message, but neither how long a half one waits nor how long a client may leave an answer.
 */
import type { Buffer } from "node:buffer";
import { constants, type ServerHttp2Stream } from "node:http2";
import {
  type Metadata,
  type ServerDuplexStream,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServerWritableStream,
  status,
} from "@grpc/grpc-js";

/** The bounds of a server's calls. */
export interface CallBounds {
  /** A call whose one request is not there by then is ended. Streams of requests are for those who read them to watch. */
  readonly openingMs: number;
  /** A call that has ended, and whose client has not taken the answer by then, is cut. */
  readonly endingMs: number;
  /** Bytes of requests that are not there yet, in all calls together. Past it those that wait for longest are ended. */
  readonly openingBytes: number;
}

/** What a call costs beside its request, in bytes, as measured. */
const callBytes = 16_384;

/** Calls whose request is not there yet, those that wait for longest first. */
class Openings {
  readonly #held = new Map<BoundCall, number>();
  readonly #most: number;
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(call: BoundCall, bytes: number): void {
    this.#held.set(call, (this.#held.get(call) ?? 0) + bytes);
    this.#bytes += bytes;
    for (const [oldest] of this.#held) {
      if (this.#bytes <= this.#most) return;
      oldest.refuse(status.RESOURCE_EXHAUSTED, "too many calls wait for their requests, try again");
    }
  }

  remove(call: BoundCall): void {
    this.#bytes -= this.#held.get(call) ?? 0;
    this.#held.delete(call);
  }
}

type InterceptedCall = Parameters<ServerInterceptor>[1];

/** A call as a handler of streams has it. */
export type StreamCall = ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>;

/** One call: it opens, is carried out, ends. One of the two times runs, or none. */
class BoundCall {
  readonly #call: InterceptedCall;
  readonly stream: ServerHttp2Stream;
  readonly #openings: Openings;
  readonly #endingMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(call: InterceptedCall, { openings, endingMs }: { openings: Openings; endingMs: number }) {
    this.#call = call;
    // grpc-js has no way to cut one call; this is the field in which it keeps the stream.
    this.stream = (call as unknown as { stream: ServerHttp2Stream }).stream;
    this.#openings = openings;
    this.#endingMs = endingMs;
    openings.add(this, callBytes);
    this.stream.on("data", this.#read);
    this.stream.once("close", () => this.opened());
    // grpc-js listens once, and one that nobody hears would end the process.
    this.stream.on("error", () => {});
    // In Deno 2.9 the close of a stream that is not read comes only once it was read to its end. Not at once, or a
    // close of our own would send no RST_STREAM.
    this.stream.once("aborted", () => queueMicrotask(() => this.stream.destroy()));
  }

  readonly #read = (part: Buffer) => this.#openings.add(this, part.length);

  /** Ends the call unless its request is there by then. */
  openWithin(ms: number): void {
    this.#timer = setTimeout(
      () => this.refuse(status.DEADLINE_EXCEEDED, `it was not whole after ${ms / 1000} s, send it at once`),
      ms,
    );
  }

  /** What was sent so far is with the one who reads it. */
  opened(): void {
    clearTimeout(this.#timer);
    this.#openings.remove(this);
  }

  refuse(code: status, why: string): void {
    this.stream.off("data", this.#read);
    this.opened();
    this.#call.sendStatus({ code, details: `Cannot read the request: ${why}.`, metadata: null });
    this.stream.close(constants.NGHTTP2_NO_ERROR);
  }

  /** Everything is said: cuts the call if its client has not taken it in time. */
  end(): void {
    this.stream.off("data", this.#read);
    this.opened();
    if (this.stream.destroyed) return;
    this.#timer = setTimeout(() => this.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM), this.#endingMs);
  }
}

/** By the metadata that a handler has of its call. */
const calls = new WeakMap<Metadata, BoundCall>();

/** Tells that nothing more is said on a stream, also if its client does not let it be said. */
export function endCall({ metadata }: StreamCall): void {
  calls.get(metadata)?.end();
}

/** The HTTP/2 stream of a call that is held to bounds. */
export function streamOf({ metadata }: StreamCall): ServerHttp2Stream {
  const call = calls.get(metadata);
  if (call) return call.stream;
  throw new TypeError("Cannot find the stream of a call: its server has no bounds, add boundCalls to it.");
}

/** Holds all calls of a server to the bounds. */
export function boundCalls({ openingMs, endingMs, openingBytes }: CallBounds): ServerInterceptor {
  const openings = new Openings(openingBytes);
  return ({ requestStream, responseStream }, base) => {
    const call = new BoundCall(base, { openings, endingMs });
    if (!requestStream) call.openWithin(openingMs);
    return new ServerInterceptingCall(base, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, next) => {
            calls.set(metadata, call);
            next(metadata);
          },
          onReceiveMessage: (message, next) => {
            if (requestStream) call.opened();
            next(message);
          },
          onReceiveHalfClose: (next) => {
            call.opened();
            next();
          },
          onCancel: () => call.end(),
        }),
      sendMessage: (message, next) => {
        if (!responseStream) call.end();
        next(message);
      },
      sendStatus: (status, next) => {
        next(status);
        call.end();
      },
    });
  };
}
