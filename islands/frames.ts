/**
 * The page's edge: text from the socket becomes known frames here, and nowhere else. Fields at their
 * proto3 default may be missing on the wire; here they are always present.
 */
import type { Batch__Output } from "../protos/gen/chat/Batch.ts";
import type { Event__Output } from "../protos/gen/chat/Event.ts";
import type { Followed__Output } from "../protos/gen/chat/Followed.ts";
import type { Link__Output } from "../protos/gen/chat/Link.ts";
import type { Opened__Output } from "../protos/gen/chat/Opened.ts";
import type { Parting__Output } from "../protos/gen/chat/Parting.ts";
import type { Refused__Output } from "../protos/gen/chat/Refused.ts";
import type { Sent__Output } from "../protos/gen/chat/Sent.ts";

interface Bodies {
  opened: Opened__Output;
  followed: Followed__Output;
  sent: Sent__Output;
  refused: Refused__Output;
  batch: Batch__Output;
  link: Link__Output;
  parting: Parting__Output;
  heartbeat: Record<never, never>;
}

/** One frame from the server; `id` is the command that it answers, or 0. */
export type Frame = { [Is in keyof Bodies]: { is: Is; id: number; body: Bodies[Is] } }[keyof Bodies];

type Fields = Record<string, unknown>;

/** Reads one WebSocket message. What this page does not know, a newer server's frame, is left out. */
export function readFrames(data: unknown): Frame[] {
  const value = parse(data);
  const list = Array.isArray(value) ? value : [value];
  return list.map(readFrame).filter((frame) => frame !== undefined);
}

function readFrame(value: unknown): Frame | undefined {
  const frame = fields(value);
  const id = number(frame.id);
  if (frame.opened) return { is: "opened", id, body: opened(fields(frame.opened)) };
  if (frame.followed) return { is: "followed", id, body: followed(fields(frame.followed)) };
  if (frame.sent) return { is: "sent", id, body: sent(fields(frame.sent)) };
  if (frame.refused) return { is: "refused", id, body: refused(fields(frame.refused)) };
  if (frame.batch) return { is: "batch", id, body: batch(fields(frame.batch)) };
  if (frame.link) return { is: "link", id, body: link(fields(frame.link)) };
  if (frame.parting) return { is: "parting", id, body: parting(fields(frame.parting)) };
  if (frame.heartbeat) return { is: "heartbeat", id, body: {} };
  return undefined;
}

function opened(from: Fields): Opened__Output {
  return { person: number(from.person), username: string(from.username) };
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

function batch(from: Fields): Batch__Output {
  const events = Array.isArray(from.events) ? from.events.map((value) => event(fields(value))) : [];
  return { room: string(from.room), epoch: string(from.epoch), first: number(from.first), events };
}

function event(from: Fields): Event__Output {
  const about = {
    seq: number(from.seq),
    timestamp: string(from.timestamp),
    sender: string(from.sender),
    clientId: string(from.clientId),
  };
  return from.message ? { ...about, message: { text: string(fields(from.message).text) } } : about;
}

function link(from: Fields): Link__Output {
  return { up: from.up === true, message: string(from.message) };
}

function parting(from: Fields): Parting__Output {
  return { ...refused(from), delayMs: number(from.delayMs) };
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

function string(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Proto3 JSON allows a 64-bit number to come as a string. */
function number(value: unknown): number {
  const read = typeof value === "string" ? Number(value) : value;
  return typeof read === "number" && Number.isFinite(read) ? read : 0;
}
