/**
 * The page's edge: text from the socket becomes known frames here, and nowhere else. Fields at their
 * proto3 default may be missing on the wire; here they are always present.
 */
import { parseEvent, type Principal, type RoomEvent } from "../protos/events.ts";
import type { Followed__Output } from "../protos/gen/chat/Followed.ts";
import type { Link__Output } from "../protos/gen/chat/Link.ts";
import type { Names__Output } from "../protos/gen/chat/Names.ts";
import type { Parting__Output } from "../protos/gen/chat/Parting.ts";
import type { Refused__Output } from "../protos/gen/chat/Refused.ts";
import type { Room__Output } from "../protos/gen/chat/Room.ts";
import type { Roster__Output } from "../protos/gen/chat/Roster.ts";
import type { Sent__Output } from "../protos/gen/chat/Sent.ts";

/** An event of a kind that a newer server has: it has its place in the room, and this page cannot show it. */
export interface UnknownEvent {
  readonly seq: number;
  readonly unknown: true;
}

/** Consecutive events of one room. */
export interface Batch {
  readonly room: string;
  readonly epoch: string;
  readonly first: number;
  readonly events: readonly (RoomEvent | UnknownEvent)[];
}

interface Bodies {
  opened: Principal;
  followed: Followed__Output;
  sent: Sent__Output;
  page: Batch;
  refused: Refused__Output;
  done: Record<never, never>;
  room: Room__Output;
  rooms: readonly Room__Output[];
  names: Names__Output;
  roster: Roster__Output;
  batch: Batch;
  link: Link__Output;
  parting: Parting__Output;
  heartbeat: Record<never, never>;
}

/** One frame from the server; `id` is the command that it answers, or 0. */
export type Frame = { [Is in keyof Bodies]: { is: Is; id: number; body: Bodies[Is] } }[keyof Bodies];

type Fields = Readonly<Record<string, unknown>>;

const readers: { readonly [Is in keyof Bodies]: (from: Fields) => Bodies[Is] } = {
  opened: ({ principal }) => readPrincipal(principal),
  followed,
  sent,
  page: batch,
  refused,
  done: () => ({}),
  room,
  rooms: ({ rooms }) => list(rooms).map((value) => room(fields(value))),
  names: ({ names, count }) => ({ names: list(names).map(string), count: number(count) }),
  roster,
  batch,
  link: ({ up, message }) => ({ up: up === true, message: string(message) }),
  parting: (from) => ({ ...refused(from), delayMs: number(from.delayMs) }),
  heartbeat: () => ({}),
};

/** Reads one WebSocket message. What this page does not know, a newer server's frame, is left out. */
export function readFrames(data: unknown): Frame[] {
  const value = parse(data);
  const all = Array.isArray(value) ? value : [value];
  return all.map(readFrame).filter((frame) => frame !== undefined);
}

/** A person, as JSON tells it. */
export function readPrincipal(from: unknown): Principal {
  const { id, name, key } = fields(from);
  return { id: string(id), name: string(name), key: string(key) };
}

function readFrame(value: unknown): Frame | undefined {
  const frame = fields(value);
  for (const is of Object.keys(readers) as (keyof Bodies)[]) {
    if (frame[is]) return { is, id: number(frame.id), body: readers[is](fields(frame[is])) } as Frame;
  }
  return undefined;
}

function followed(from: Fields): Followed__Output {
  return {
    room: string(from.room),
    epoch: string(from.epoch),
    head: number(from.head),
    after: number(from.after),
    recovered: from.recovered === true,
  };
}

function sent(from: Fields): Sent__Output {
  return {
    seq: number(from.seq),
    epoch: string(from.epoch),
    timestamp: string(from.timestamp),
    duplicate: from.duplicate === true,
  };
}

function refused(from: Fields): Refused__Output {
  return { code: string(from.code), message: string(from.message), retry: from.retry === true };
}

function room(from: Fields): Room__Output {
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

function roster(from: Fields): Roster__Output {
  return {
    room: string(from.room),
    count: number(from.count),
    names: list(from.names).map(string),
    typing: list(from.typing).map(string),
  };
}

function batch(from: Fields): Batch {
  return {
    room: string(from.room),
    epoch: string(from.epoch),
    first: number(from.first),
    events: list(from.events).map(event),
  };
}

function event(value: unknown): RoomEvent | UnknownEvent {
  return parseEvent(value) ?? { seq: number(fields(value).seq), unknown: true };
}

function parse(data: unknown): unknown {
  if (typeof data !== "string") return undefined;
  try {
    return JSON.parse(data);
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
  return typeof read === "number" && Number.isFinite(read) ? read : 0;
}
