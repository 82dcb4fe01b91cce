/** What a gRPC server sends on one stream, cut anywhere by the network. */
import { concat } from "./bytes.ts";
import { flags, frame, headerBytes, initialWindowSize, types } from "./http2_frames.ts";

/** Whoever hears it. */
export interface HearsHttp2 {
  /** A gRPC message. `bytes` is good only until the function returns. */
  message(bytes: Uint8Array): void;
  /** A frame that is to be sent back. */
  ack(frame: Uint8Array<ArrayBuffer>): void;
  /** So many bytes more may be sent. */
  window(on: "stream" | "connection", more: number): void;
  initialWindow(size: number): void;
  ended(why: string): void;
}

const none = new Uint8Array(0);

/** The frames of one connection. */
export class Http2Reader {
  #rest: Uint8Array = none;
  #message: Uint8Array = none;

  /** As in FrameReader. */
  restore(into: Uint8Array): number {
    const { length } = this.#rest;
    if (length > 0) into.set(this.#rest);
    return length;
  }

  /** As in FrameReader. */
  take(bytes: Uint8Array, end: number, hears: HearsHttp2): void {
    let at = 0;
    while (end - at >= headerBytes) {
      const length = (bytes[at] as number) << 16 | (bytes[at + 1] as number) << 8 | (bytes[at + 2] as number);
      const to = at + headerBytes + length;
      if (to > end) break;
      this.#frame(bytes.subarray(at, to), hears);
      at = to;
    }
    this.#rest = at === end ? none : bytes.slice(at, end);
  }

  #frame(bytes: Uint8Array, hears: HearsHttp2): void {
    const [type, flag] = [bytes[3], bytes[4] ?? 0];
    const payload = bytes.subarray(headerBytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset + headerBytes, payload.length);
    const isAck = (flag & flags.ACK) !== 0;
    if (type === types.DATA) this.#data(payload, hears);
    else if (type === types.SETTINGS && !isAck) {
      for (let at = 0; at + 6 <= payload.length; at += 6) {
        if (view.getUint16(at) === initialWindowSize) hears.initialWindow(view.getUint32(at + 2));
      }
      hears.ack(frame(types.SETTINGS, { flags: flags.ACK, payload: none }));
    } else if (type === types.PING && !isAck) {
      hears.ack(frame(types.PING, { flags: flags.ACK, payload }));
    } else if (type === types.WINDOW_UPDATE) {
      hears.window(((bytes[8] ?? 0) & 1) !== 0 ? "stream" : "connection", view.getUint32(0));
    } else if (type === types.HEADERS && (flag & flags.END_STREAM) !== 0) hears.ended("the call was ended");
    else if (type === types.RST_STREAM) hears.ended("the stream was reset");
    else if (type === types.GOAWAY) hears.ended("the server goes away");
  }

  /** gRPC's messages: a byte, their length, themselves; cut anywhere by the frames. */
  #data(payload: Uint8Array, hears: HearsHttp2): void {
    const bytes = this.#message.length === 0 ? payload : concat([this.#message, payload]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    while (bytes.length - at >= 5) {
      const to = at + 5 + view.getUint32(at + 1);
      if (to > bytes.length) break;
      hears.message(bytes.subarray(at + 5, to));
      at = to;
    }
    this.#message = at === bytes.length ? none : bytes.slice(at);
  }
}
