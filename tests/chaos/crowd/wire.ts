/** Cheap wires for many readers: frames in and out, and a way to stop taking what comes. */
import { connect as connectTcp, type Socket } from "node:net";
import type { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { ServerFrame__Output as ServerFrame } from "../../../protos/gen/chat/ServerFrame.ts";
import { grpcClient } from "../../doors.ts";

/** A wire. `onEnd` comes once. */
export interface CrowdWire {
  send(frame: object): void;
  /** Takes nothing more: what comes fills the buffers between here and the server. */
  pause(): void;
  resume(): void;
  /** Ends it without a word. */
  destroy(): void;
}

/** What a wire tells. */
export interface CrowdEvents {
  onReady(): void;
  onFrame(frame: ServerFrame): void;
  onEnd(): void;
}

/** Session over gRPC, on a connection of its own. */
export function grpcWire(port: number, events: CrowdEvents): CrowdWire {
  const client = grpcClient(port, { "grpc.enable_http_proxy": 0, "grpc.initial_reconnect_backoff_ms": 1 });
  const call = client.session();
  call.on("metadata", () => events.onReady());
  call.on("data", (frame: ServerFrame) => events.onFrame(frame));
  call.on("error", () => {});
  call.on("status", () => {
    client[Symbol.dispose]();
    events.onEnd();
  });
  return {
    send: (frame) => void call.write(frame),
    pause: () => void call.pause(),
    resume: () => void call.resume(),
    destroy: () => call.cancel(),
  };
}

/** `/ws` on a bare TCP connection: Deno's own WebSocket cannot be told to stop reading. */
export function wsWire(port: number, token: string, events: CrowdEvents): CrowdWire {
  const socket = connectTcp({ host: "127.0.0.1", port });
  const parser = new Parser();
  let open = false;
  socket.on("connect", () => socket.write(handshake(token)));
  socket.on("data", (bytes: Buffer) => {
    for (const { opcode, payload } of parser.take(bytes)) {
      if (opcode === "head") {
        open = payload.includes(" 101 ");
        if (open) events.onReady();
        else socket.destroy();
      } else if (opcode === 1) {
        for (const frame of [JSON.parse(payload)].flat()) events.onFrame(frame);
      } else if (opcode === 8) socket.destroy();
      else if (opcode === 9) sendFrame(socket, 10, payload);
    }
  });
  socket.on("error", () => {});
  socket.on("close", () => events.onEnd());
  return {
    send: (frame) => void (open && sendFrame(socket, 1, JSON.stringify(frame))),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    destroy: () => void socket.destroy(),
  };
}

function handshake(token: string): string {
  const lines = [
    "GET /ws HTTP/1.1",
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    `Authorization: Bearer ${token}`,
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** A client's frames are masked (RFC 6455, 5.3); a mask of zeros changes nothing. */
function sendFrame(socket: Socket, opcode: number, text: string): void {
  const payload = new TextEncoder().encode(text);
  const { length } = payload;
  const size = length < 126 ? [length] : length < 65_536 ? [126, length >> 8, length & 255] : undefined;
  if (!size) throw new RangeError(`Cannot send ${length} bytes: a crowd's frames are small.`);
  size[0] = (size[0] ?? 0) | 0x80;
  socket.write(new Uint8Array([0x80 | opcode, ...size, 0, 0, 0, 0, ...payload]));
}

interface Parsed {
  readonly opcode: number | "head";
  readonly payload: string;
}

/** Cuts what a server sends into the head of its answer and the frames behind it. */
class Parser {
  #rest: Uint8Array = new Uint8Array(0);
  #inHead = true;

  *take(bytes: Uint8Array): Generator<Parsed> {
    const all = this.#rest.length === 0 ? bytes : concat(this.#rest, bytes);
    let at = 0;
    if (this.#inHead) {
      const end = new TextDecoder("latin1").decode(all).indexOf("\r\n\r\n");
      if (end < 0) return void (this.#rest = all);
      this.#inHead = false;
      at = end + 4;
      yield { opcode: "head", payload: new TextDecoder().decode(all.subarray(0, end)) };
    }
    for (let frame = cutFrame(all, at); frame; frame = cutFrame(all, at)) {
      at = frame.end;
      yield { opcode: frame.opcode, payload: new TextDecoder().decode(all.subarray(frame.start, frame.end)) };
    }
    this.#rest = all.slice(at);
  }
}

function cutFrame(all: Uint8Array, at: number): { opcode: number; start: number; end: number } | undefined {
  const view = new DataView(all.buffer, all.byteOffset);
  if (all.length < at + 2) return undefined;
  const short = (all[at + 1] ?? 0) & 0x7f;
  const header = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (all.length < at + header) return undefined;
  const length = short < 126
    ? short
    : short === 126
    ? view.getUint16(at + 2)
    : Number(view.getBigUint64(at + 2));
  const start = at + header;
  return all.length < start + length
    ? undefined
    : { opcode: (all[at] ?? 0) & 15, start, end: start + length };
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
