/** Frames that are nearly right: seeded, and made of what real clients send. */
import { Buffer } from "node:buffer";
import { serviceDefinition } from "../../../protos/descriptors.ts";
import type { ClientFrame } from "../../../protos/gen/chat/ClientFrame.ts";
import { between, type Dice, pick } from "../dice.ts";

const seeds: readonly ClientFrame[] = [
  { id: 1, open: { username: "fuzz" } },
  { id: 2, open: { token: "eyJhbGciOiJFZERTQSJ9.e30.AAAA" } },
  { id: 3, follow: { room: "lobby", replay: "REPLAY_RESUME", after: { epoch: "e", seq: 7 }, person: 1 } },
  { id: 4, follow: { room: "", replay: "REPLAY_LAST_N", count: 100, since: "2026-01-31T12:00:00Z" } },
  { id: 5, send: { person: 1, room: "lobby", clientId: "fuzz-1", text: "hello", replyTo: 1 } },
  { id: 6, edit: { person: 1, room: "lobby", clientId: "fuzz-2", target: 1, text: "hello again" } },
  { id: 7, delete: { person: 1, room: "lobby", clientId: "fuzz-3", target: 1 } },
  { id: 8, react: { person: 1, room: "lobby", clientId: "fuzz-4", target: 1, emoji: "👍", remove: false } },
  { id: 9, read: { room: "lobby", after: 1, count: 10, before: 5, person: 1 } },
  { id: 10, mark: { person: 1, room: "lobby", seq: 1 } },
  { id: 11, typing: { person: 1, room: "lobby", stopped: true } },
  { id: 12, presence: { person: 1, room: "lobby", gone: false } },
  { id: 13, who: { room: "lobby", after: "a", count: 10, person: 1 } },
  { id: 14, createRoom: { person: 1, room: "fuzz-room", topic: "t", clientId: "fuzz-5" } },
  { id: 15, changeRoom: { person: 1, room: "fuzz-room", clientId: "fuzz-6", topic: "u" } },
  { id: 16, changeRoom: { person: 1, room: "lobby", clientId: "fuzz-7", archived: true } },
  { id: 17, listRooms: { person: 1, after: "a", count: 10, archived: true } },
  { id: 18, describeRoom: { person: 1, room: "lobby" } },
  { id: 19, unfollow: { room: "lobby" } },
  { id: 20, close: { person: 1 } },
  { heartbeat: {} },
];

/** Values that are hard on whoever takes them for granted. */
const nasty: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  -(2 ** 63),
  "18446744073709551616",
  "",
  "\0",
  "\uD800",
  "\u202E",
  "__proto__",
  "constructor",
  "x".repeat(20_000),
  [],
  [[[[[[[[]]]]]]]],
  {},
  { __proto__: null, toString: 1 },
  { seq: { seq: {} } },
  "REPLAY_NONE",
  99,
];

/** A WebSocket message: one or several frames, changed somewhere, or no JSON any more. */
export function fuzzJson(random: Dice): { text: string; frames: number } {
  const frames = Array.from(
    { length: between(random, [1, 16]) },
    () => changeValue(random, pick(random, seeds)),
  );
  const whole = frames.length === 1 && random() < 0.5 ? frames[0] : frames;
  const text = JSON.stringify(whole) ?? "null";
  return { text: random() < 0.25 ? changeText(random, text) : text, frames: frames.length };
}

/** A frame's bytes, changed somewhere. */
export function fuzzProtobuf(random: Dice): Buffer {
  const serialize = serviceDefinition("chat.ChatService").Session?.requestSerialize as (
    frame: object,
  ) => Buffer;
  const frame = pick(random, seeds);
  const bytes = Buffer.from(serialize(random() < 0.3 ? changeNumbers(random, frame) : frame));
  for (let i = between(random, [0, 2]); i > 0 && bytes.length > 0; i--) {
    bytes[between(random, [0, bytes.length - 1])] = between(random, [0, 255]);
  }
  if (random() < 0.2) return bytes.subarray(0, between(random, [0, bytes.length]));
  if (random() < 0.1) return Buffer.concat([bytes, Buffer.from(serialize(pick(random, seeds)))]);
  if (random() < 0.02) {
    return Buffer.concat([bytes, Buffer.alloc(between(random, [1, 5_000]), between(random, [0, 255]))]);
  }
  return bytes;
}

function changeValue(random: Dice, value: unknown): unknown {
  if (random() < 0.15) return pick(random, nasty);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, part]): [string, unknown] => {
    const other = random() < 0.05 ? pick(random, ["id", "open", "__proto__", "person", key + "x", ""]) : key;
    return [other, changeValue(random, part)];
  });
  if (random() < 0.1) entries.push([pick(random, ["send", "room", "x", "id", "after"]), pick(random, nasty)]);
  return Object.fromEntries(entries);
}

function changeNumbers(random: Dice, frame: object): object {
  const text = JSON.stringify(frame).replace(/:\d+/g, () => `:${between(random, [0, 2 ** 31])}`);
  return JSON.parse(text);
}

function changeText(random: Dice, text: string): string {
  const at = between(random, [0, text.length]);
  const inserts = ['"', "{", "[", "]", "\\u0000", "\\uD800", ",", "1e999", "\u2028", "[".repeat(3_000)];
  if (random() < 0.3) return text.slice(0, at);
  return text.slice(0, at) + pick(random, inserts) + text.slice(at + between(random, [0, 3]));
}
