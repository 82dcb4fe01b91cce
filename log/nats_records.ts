/** What is in the stream: a message for each append, which holds all of its events, so that they come all or none. */
import { parseEvent, type RoomEvent } from "../protos/events.ts";

/** The events of one append. */
export interface Batch {
  /** Of the append: how the one who made it finds it in the stream. */
  readonly id: string;
  readonly room: string;
  /** The id of the room's batch that it was decided after; empty if that is not told. */
  readonly after: string;
  /** None if the message is not one of ours: it changes nothing, but it is the room's newest. */
  readonly events: readonly RoomEvent[];
}

/** What a message of the stream is. */
export type StreamRecord =
  | { readonly kind: "batch"; readonly batch: Batch }
  /** From here on seqs count in this life of the log. */
  | { readonly kind: "epoch"; readonly epoch: string }
  /** It has nothing to do with a room. */
  | { readonly kind: "other" }
  /** One of ours that this version cannot read. */
  | { readonly kind: "unknown" };

/** The subjects of a stream. */
export function subjectsOf(stream: string) {
  return {
    rooms: `${stream}.room.*`,
    room: (room: string) => `${stream}.room.${toToken(room)}`,
    epoch: `${stream}.epoch`,
    keys: `${stream}.keys`,
    marks: `${stream}.mark.*.*`,
    mark: (reader: string, room: string) => `${stream}.mark.${toToken(reader)}.${toToken(room)}`,
    /** Of core NATS: no stream takes these. */
    signals: `${stream}.signals`,
    turns: `${stream}.turns`,
  };
}

/** A name as one part of a subject, where ".", "*", ">", blanks and control characters mean something. */
export function toToken(name: string): string {
  return encodeURIComponent(name).replace(
    /[.*!~'()]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The name in a part of a subject; undefined if it is none of ours. */
export function fromToken(token: string): string | undefined {
  try {
    return decodeURIComponent(token);
  } catch {
    // A "%" that is no escape.
    return undefined;
  }
}

/** The message of an append. */
export function encodeBatch({ id, after, events }: Omit<Batch, "room">): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ id, ...(after && { after }), events }));
}

/** Reads a message of a stream. */
export function parseRecord(stream: string, subject: string, json: () => unknown): StreamRecord {
  const [kind, token = ""] = subject.slice(stream.length + 1).split(".");
  const record = fields(json);
  if (kind === "epoch" && typeof record?.epoch === "string") return { kind, epoch: record.epoch };
  const room = fromToken(token);
  if (kind !== "room" || !room) return { kind: "other" };
  if (!Array.isArray(record?.events)) {
    return { kind: "batch", batch: { id: "", room, after: "", events: [] } };
  }
  const events = record.events.map(parseEvent).filter((event) => event !== undefined);
  if (events.length < record.events.length) return { kind: "unknown" };
  return { kind: "batch", batch: { id: String(record.id), room, after: String(record.after ?? ""), events } };
}

function fields(json: () => unknown): Record<string, unknown> | undefined {
  try {
    const value = json();
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : undefined;
  } catch {
    // Not JSON: no message of ours.
    return undefined;
  }
}
