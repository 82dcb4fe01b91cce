/** The server's side of RFC 6455, cut anywhere by the network: whole messages are given where they lie, uncopied. */

import { concat } from "./bytes.ts";

/** What a message holds. */
export const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Whoever hears the messages. `bytes` is good only until the function returns. */
export interface Hears {
  heard(opcode: number, bytes: Uint8Array, from: number, to: number): void;
}

const none = new Uint8Array(0);

/** The frames of one socket. */
export class FrameReader {
  #rest: Uint8Array = none;
  /** The parts of a message that came in several frames. */
  #parts: Uint8Array[] = [];
  #opcode = 0;

  /** Puts what was left over at the front of a buffer; gives how many bytes that is. Read more behind it. */
  restore(into: Uint8Array): number {
    const { length } = this.#rest;
    if (length > 0) into.set(this.#rest);
    return length;
  }

  /** Gives the whole messages among the first `end` bytes, and keeps the rest. */
  take(bytes: Uint8Array, end: number, hears: Hears): void {
    let at = 0;
    while (end - at >= 2) {
      const first = bytes[at] as number;
      let length = (bytes[at + 1] as number) & 0x7f;
      let from = at + 2;
      if (length === 126) {
        if (end - at < 4) break;
        length = (bytes[from] as number) << 8 | (bytes[from + 1] as number);
        from += 2;
      } else if (length === 127) {
        if (end - at < 10) break;
        length = new DataView(bytes.buffer, bytes.byteOffset + from + 4).getUint32(0);
        from += 8;
      }
      const to = from + length;
      if (to > end) break;
      this.#frame(first, bytes, { from, to }, hears);
      at = to;
    }
    this.#rest = at === end ? none : bytes.slice(at, end);
  }

  #frame(first: number, bytes: Uint8Array, { from, to }: { from: number; to: number }, hears: Hears): void {
    const [isLast, opcode] = [(first & 0x80) !== 0, first & 0x0f];
    // Control frames may come between the parts of a message.
    if (opcode >= 8 || (isLast && opcode !== 0)) return hears.heard(opcode, bytes, from, to);
    if (opcode !== 0) this.#opcode = opcode;
    this.#parts.push(bytes.slice(from, to));
    if (!isLast) return;
    const whole = concat(this.#parts);
    this.#parts = [];
    hears.heard(this.#opcode, whole, 0, whole.length);
  }
}

/** A frame of a client: masked, as it must be, with a mask that changes nothing. */
export function clientFrame(opcode: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const frame = new Uint8Array(2 + extended + 4 + length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127);
  const view = new DataView(frame.buffer);
  if (extended === 2) view.setUint16(2, length);
  if (extended === 8) view.setUint32(6, length);
  frame.set(payload, 2 + extended + 4);
  return frame;
}
