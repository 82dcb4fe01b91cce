/** The frames of RFC 9113 that a client with one stream sends. */
import { concat, encode } from "./bytes.ts";

/** Types of frames. */
export const types = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
} as const;

/** Flags of frames: END_STREAM and ACK are the same bit. */
export const flags = { END_STREAM: 1, ACK: 1, END_HEADERS: 4 } as const;

/** What is before a frame's payload. */
export const headerBytes = 9;

/** The setting INITIAL_WINDOW_SIZE. */
export const initialWindowSize = 4;

const windowMost = 0x7fff_ffff;

/** One frame. */
export function frame(
  type: number,
  { flags = 0, stream = 0, payload }: { flags?: number; stream?: number; payload: Uint8Array },
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(headerBytes + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length << 8 | type);
  bytes[4] = flags;
  view.setUint32(5, stream);
  bytes.set(payload, headerBytes);
  return bytes;
}

/** All that a client sends first: a window that is never used up, and the call of a method on stream 1. */
export function opening(path: string, authority: string): Uint8Array<ArrayBuffer> {
  const headers = {
    ":method": "POST",
    ":scheme": "http",
    ":path": path,
    ":authority": authority,
    "content-type": "application/grpc",
    "te": "trailers",
  };
  return concat([
    encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    frame(types.SETTINGS, { payload: concat([Uint8Array.of(0, initialWindowSize), uint32(windowMost)]) }),
    frame(types.WINDOW_UPDATE, { payload: uint32(windowMost - 65_535) }),
    frame(types.HEADERS, {
      flags: flags.END_HEADERS,
      stream: 1,
      payload: concat(Object.entries(headers).map(literal)),
    }),
  ]);
}

/** A header as RFC 7541 has it in its plainest form: 6.2.2, no index, no Huffman code. */
function literal([name, value]: [string, string]): Uint8Array {
  return concat([Uint8Array.of(0, name.length), encode(name), Uint8Array.of(value.length), encode(value)]);
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
