/** How each server is spoken to over WebSocket: how one joins a room, says something, and stays. */
import { concat, encode } from "./bytes.ts";
import { opcodes } from "./frame_reader.ts";

/** One who joins. */
export interface Joiner {
  /** Its place among all, from 0. */
  readonly index: number;
  readonly room: string;
  /** What proves who it is, where that is needed. */
  readonly token: string;
  /** How many earlier messages it asks for, where that can be asked for. */
  readonly replay: number;
}

/** A part of joining: what is sent, and how the answer to it begins or what it holds. */
export interface Step {
  readonly send?: Uint8Array;
  readonly until: string;
}

/** A server's way of speaking. */
export interface Dialect {
  /** Text or binary. */
  readonly opcode: number;
  /** The path that is asked for, and header lines that are sent besides those of every handshake. */
  request(who: Joiner): { readonly path: string; readonly headers?: readonly string[] };
  /** What happens between the upgrade and being in the room. */
  join(who: Joiner): readonly Step[];
  /** The message that says a text. `#######` stands for the message's number. */
  say(who: Joiner, text: string): Uint8Array;
  /** What an answer to be given at once, such as to a ping, looks like; undefined if none is due. */
  reply?(bytes: Uint8Array, from: number, to: number): Uint8Array | undefined;
  /** Everybody in a room is given what is said there. */
  readonly delivers: boolean;
  /** Every message is answered by its id. */
  readonly acknowledges: boolean;
}

const delivering = { delivers: true, acknowledges: false } as const;

/** Servers that give every text as it is to all who asked for the same path. */
const plain: Dialect = {
  ...delivering,
  opcode: opcodes.text,
  request: ({ room }) => ({ path: `/${room}` }),
  join: () => [],
  say: ({ index }, text) => json({ username: `user ${index}`, message: text }),
};

const heartbeat = encode(`[{"heartbeat":{}}]`);

function isHeartbeat(bytes: Uint8Array): boolean {
  return bytes.length === heartbeat.length && bytes.every((byte, i) => byte === heartbeat[i]);
}

/** `/ws`: the frames of Session as JSON. A page that has followed says that it is there. */
const ours: Dialect = {
  opcode: opcodes.text,
  request: ({ token }) => ({ path: "/ws", headers: [`Authorization: Bearer ${token}`] }),
  join: ({ room, replay }) => [{
    send: json([
      { id: 1, open: {} },
      {
        id: 2,
        follow: {
          room,
          ...(replay > 0 ? { replay: "REPLAY_LAST_N", count: replay } : { replay: "REPLAY_NONE" }),
        },
      },
      { id: 3, presence: { room } },
    ]),
    until: `"followed":`,
  }],
  say: ({ index, room }, text) =>
    encode(`{"id":1#######,"send":${JSON.stringify({ room, clientId: `${index}-#######`, text })}}`),
  reply: (bytes, from, to) => isHeartbeat(bytes.subarray(from, to)) ? heartbeat : undefined,
  delivers: true,
  acknowledges: true,
};

/** The same door, for those who only write. */
const writers: Dialect = {
  ...ours,
  join: () => [{ send: json([{ id: 1, open: {} }]), until: `"opened":` }],
  delivers: false,
};

/** The tutorial's `/ws/{username}`. There is one room. */
const tutorial: Dialect = {
  ...delivering,
  opcode: opcodes.text,
  request: ({ index }) => ({ path: `/ws/user${index}` }),
  join: () => [],
  say: (_, text) => json({ message: text }),
};

/** Engine.IO 4 and Socket.IO 5, WebSocket only. */
const socketio: Dialect = {
  ...delivering,
  opcode: opcodes.text,
  request: () => ({ path: "/socket.io/?EIO=4&transport=websocket" }),
  join: ({ room }) => [
    { until: `0{` },
    { send: encode("40"), until: "40{" },
    { send: encode(`420${JSON.stringify(["join", room])}`), until: "430" },
  ],
  say: ({ index, room }, text) =>
    encode(`42${JSON.stringify(["say", room, { username: `user ${index}`, message: text }])}`),
  reply: (bytes, from, to) => to - from === 1 && bytes[from] === 0x32 ? encode("3") : undefined,
};

/** MQTT 3.1.1, at most once. */
const mqtt: Dialect = {
  ...delivering,
  opcode: opcodes.binary,
  request: () => ({ path: "/mqtt", headers: ["Sec-WebSocket-Protocol: mqtt"] }),
  join: ({ index, room }) => [
    {
      // Clean session, no keep-alive.
      send: packet(0x10, concat([field("MQTT"), Uint8Array.of(4, 2, 0, 0), field(`bench-${index}`)])),
      until: "\x20",
    },
    { send: packet(0x82, concat([Uint8Array.of(0, 1), field(room), Uint8Array.of(0)])), until: "\x90" },
  ],
  say: ({ index, room }, text) =>
    packet(0x30, concat([field(room), json({ username: `user ${index}`, message: text })])),
};

/** NATS's text protocol. */
const nats: Dialect = {
  ...delivering,
  opcode: opcodes.binary,
  request: () => ({ path: "/" }),
  join: ({ room }) => [
    { until: "INFO " },
    {
      send: encode(
        `CONNECT {"verbose":false,"pedantic":false,"lang":"bench","version":"1"}\r\nSUB ${room} 1\r\nPING\r\n`,
      ),
      until: "PONG",
    },
  ],
  say: ({ index, room }, text) => {
    const payload = json({ username: `user ${index}`, message: text });
    return concat([encode(`PUB ${room} ${payload.length}\r\n`), payload, encode("\r\n")]);
  },
  reply: (bytes, from, to) =>
    to - from === 6 && bytes[from] === 0x50 && bytes[from + 1] === 0x49 ? encode("PONG\r\n") : undefined,
};

/** All of them, by name. */
export const dialects = { plain, ours, writers, tutorial, socketio, mqtt, nats } as const;

/** The name of a dialect. */
export type DialectName = keyof typeof dialects;

function json(value: unknown): Uint8Array<ArrayBuffer> {
  return encode(JSON.stringify(value));
}

/** A string as MQTT has it. */
function field(text: string): Uint8Array {
  const bytes = encode(text);
  return concat([Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}

function packet(type: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const length: number[] = [];
  for (let left = body.length; left > 0 || length.length === 0; left >>= 7) {
    length.push(left & 0x7f | (left > 0x7f ? 0x80 : 0));
  }
  return concat([Uint8Array.of(type, ...length), body]);
}
