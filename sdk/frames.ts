/**
 * The library's edge: what comes off a wire becomes known frames here, and nowhere else. Fields at their proto3
 * default may be missing on the wire; here they are always present.
 */
import { type ErrorCode, isErrorCode } from "../protos/errors.ts";
import { parseEvent, type Principal, type RoomBatch, type RoomEvent } from "../protos/events.ts";
import type { Followed__Output as Followed } from "../protos/gen/chat/Followed.ts";
import type { Link__Output as Link } from "../protos/gen/chat/Link.ts";
import type { Names__Output as Names } from "../protos/gen/chat/Names.ts";
import type { Room__Output as Room } from "../protos/gen/chat/Room.ts";
import type { Roster__Output as Roster } from "../protos/gen/chat/Roster.ts";
import type { Sent__Output as Sent } from "../protos/gen/chat/Sent.ts";

/** Something that came in the place of an event, with a seq, but of a kind that this library is too old to know. */
export interface UnknownEvent {
  readonly seq: number;
  readonly unknown: true;
}

/** A batch as it came: not yet checked against the reader's place. */
export type WireBatch = Omit<RoomBatch, "events"> & {
  readonly events: readonly (RoomEvent | UnknownEvent)[];
};

/** A command was not carried out, or the session is about to end. */
export interface Refused {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retry: boolean;
}

/** What a frame holds, by its kind. */
export interface Bodies {
  opened: { readonly person: number; readonly principal: Principal };
  followed: Followed;
  sent: Sent;
  page: WireBatch;
  refused: Refused;
  done: Record<never, never>;
  room: Room;
  rooms: { readonly rooms: readonly Room[] };
  names: Names;
  roster: Roster;
  batch: WireBatch;
  link: Link;
  parting: Refused & { readonly delayMs: number };
  closed: { readonly person: number; readonly code: ErrorCode; readonly message: string };
  heartbeat: Record<never, never>;
}

/** One frame from the server; `id` is the command that it answers, or 0. */
export type Frame = {
  [Is in keyof Bodies]: { readonly is: Is; readonly id: number; readonly body: Bodies[Is] };
}[
  keyof Bodies
];

type Fields = Readonly<Record<string, unknown>>;

const readers: { readonly [Is in keyof Bodies]: (from: Fields) => Bodies[Is] } = {
  opened: (from) => ({ person: number(from.person), principal: principal(fields(from.principal)) }),
  followed: (from) => ({
    room: string(from.room),
    epoch: string(from.epoch),
    head: number(from.head),
    after: number(from.after),
    recovered: from.recovered === true,
  }),
  sent: (from) => ({
    seq: number(from.seq),
    epoch: string(from.epoch),
    timestamp: string(from.timestamp),
    duplicate: from.duplicate === true,
  }),
  page: batch,
  refused,
  done: () => ({}),
  room,
  rooms: (from) => ({ rooms: list(from.rooms).map((one) => room(fields(one))) }),
  names: (from) => ({ names: list(from.names).map(string), count: number(from.count) }),
  roster: (from) => ({
    room: string(from.room),
    count: number(from.count),
    names: list(from.names).map(string),
    typing: list(from.typing).map(string),
  }),
  batch,
  link: (from) => ({ up: from.up === true, message: string(from.message) }),
  parting: (from) => ({ ...refused(from), delayMs: number(from.delayMs) }),
  closed: (from) => ({ person: number(from.person), ...named(from) }),
  heartbeat: () => ({}),
};

const kinds = Object.keys(readers) as (keyof Bodies)[];

/** Reads one frame. Undefined for what is none, or is a newer server's: any frame is still a sign of life. */
export function readFrame(value: unknown): Frame | undefined {
  const frame = fields(value);
  const is = kinds.find((kind) => frame[kind] !== undefined && frame[kind] !== null);
  if (!is) return undefined;
  return { is, id: number(frame.id), body: readers[is](fields(frame[is])) } as Frame;
}

/** Reads one WebSocket message: a frame, or an array of them. */
export function readFrames(text: unknown): Frame[] {
  const value = parse(text);
  return (Array.isArray(value) ? value : [value]).map(readFrame).filter((frame) => frame !== undefined);
}

function principal(from: Fields): Principal {
  return { id: string(from.id), name: string(from.name), key: string(from.key) };
}

function refused(from: Fields): Refused {
  return { ...named(from), retry: from.retry === true };
}

function named(from: Fields): { code: ErrorCode; message: string } {
  const code = string(from.code);
  // A newer server's code is a fault that this library cannot name.
  return { code: isErrorCode(code) ? code : "INTERNAL", message: string(from.message) };
}

function batch(from: Fields): WireBatch {
  return {
    room: string(from.room),
    epoch: string(from.epoch),
    first: number(from.first),
    events: list(from.events).map((one) =>
      parseEvent(one) ?? { seq: number(fields(one).seq), unknown: true }
    ),
  };
}

function room(from: Fields): Room {
  return {
    room: string(from.room),
    topic: string(from.topic),
    archived: from.archived === true,
    epoch: string(from.epoch),
    head: number(from.head),
    read: number(from.read),
    creator: string(from.creator),
    created: string(from.created),
    active: string(from.active),
    author: string(from.author),
  };
}

function parse(text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? value as Fields : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function string(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Proto3 JSON allows a 64-bit number to come as a string. */
function number(value: unknown): number {
  const read = typeof value === "string" ? Number(value) : value;
  return typeof read === "number" && Number.isSafeInteger(read) ? read : 0;
}
