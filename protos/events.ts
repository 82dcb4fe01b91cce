/** The shapes that both doors, the log and the page share, as strict types over the generated ones. */

/** What an event is about: `body` of `Event` in chat.proto. Fields at their proto3 default are left out. */
interface Bodies {
  message: Message;
  edited: { readonly target: number; readonly text: string; readonly mentions?: string[] };
  deleted: { readonly target: number };
  reacted: { readonly target: number; readonly emoji: string };
  unreacted: { readonly target: number; readonly emoji: string };
  settings: { readonly topic?: string; readonly archived?: boolean };
}

/** What was said, as it is now: `Message` of chat.proto. */
export interface Message {
  /** Empty if it was deleted. */
  readonly text: string;
  readonly replyTo?: number;
  /** Canonical names. */
  readonly mentions?: string[];
  /** The seq of the newest edit. */
  readonly edited?: number;
  /** The seq of the deletion. */
  readonly deleted?: number;
}

/** One of `T`'s properties, and none of the others. */
type OneOf<T> = {
  [K in keyof T]: { readonly [P in K]: T[P] } & { readonly [P in Exclude<keyof T, K>]?: never };
}[keyof T];

/** What kind of change an event is. */
export type EventKind = keyof Bodies;

/** The event's own part: exactly one of the kinds. */
export type EventBody = OneOf<Bodies>;

/** One change to a room: `Event` of chat.proto. Immutable, so that what was encoded once stays right. */
export type RoomEvent = EventBody & {
  /** Its place in the room: 1, 2, 3, without gaps. */
  readonly seq: number;
  /** When the server accepted it: ISO 8601, UTC, milliseconds. Never decreases in a room. */
  readonly timestamp: string;
  readonly sender: string;
  /** The id of the principal; empty for a name that was taken at its word. */
  readonly author: string;
  /** Empty if the sender chose none. */
  readonly clientId: string;
};

/** Consecutive events of one room: `Batch` of chat.proto. */
export interface RoomBatch {
  readonly room: string;
  readonly epoch: string;
  /** The seq of the first event. */
  readonly first: number;
  readonly events: readonly RoomEvent[];
}

/** Somebody who can act: `Principal` of chat.proto. */
export interface Principal {
  /** Empty for a name that is taken at its word. */
  readonly id: string;
  readonly name: string;
  /** The name's canonical form. */
  readonly key: string;
}

/** The room that exists without being made, and that the tutorial's clients are in. */
export const lobby = "lobby";

/** The kinds of events, in the order of chat.proto. */
export const eventKinds: readonly EventKind[] = [
  "message",
  "edited",
  "deleted",
  "reacted",
  "unreacted",
  "settings",
];

/** What kind of change this is. */
export function kindOf(event: EventBody): EventKind {
  const kind = eventKinds.find((kind) => event[kind] !== undefined);
  if (kind) return kind;
  throw new TypeError("Cannot tell what an event is: it has no body.");
}

/** The seq of the message that an event changes; undefined if it changes none. */
export function targetOf(event: EventBody): number | undefined {
  return (event.edited ?? event.deleted ?? event.reacted ?? event.unreacted)?.target;
}

/** Whose `clientId` an event's is: the author's, or the name's for one that was taken at its word. */
export function speakerOf({ author, sender }: { readonly author: string; readonly sender: string }): string {
  return author === "" ? `name:${sender}` : author;
}

/** True for something that was said and is still there to read. */
export function isReadable(event: EventBody): boolean {
  return event.message !== undefined && !event.message.deleted;
}

/**
 * An earlier event as it is after a later one of the same room, or the same object if that changes nothing in it:
 * an edit gives a message its new text, a deletion takes the text out of the message and of its edits.
 */
export function revise(event: RoomEvent, change: RoomEvent): RoomEvent {
  const { edited, deleted } = change;
  if (edited && event.message && event.seq === edited.target && !event.message.deleted) {
    const { text, mentions } = edited;
    const { replyTo } = event.message;
    return {
      ...event,
      message: {
        text,
        edited: change.seq,
        ...(replyTo !== undefined && { replyTo }),
        ...(mentions && { mentions }),
      },
    };
  }
  if (deleted && event.message && event.seq === deleted.target) {
    const { replyTo } = event.message;
    return {
      ...event,
      message: { text: "", ...(replyTo !== undefined && { replyTo }), deleted: change.seq },
    };
  }
  if (deleted && event.edited && event.edited.target === deleted.target) {
    return { ...event, edited: { target: deleted.target, text: "" } };
  }
  return event;
}

const encoder = new TextEncoder();

/** The size of a text in bytes of UTF-8, which is what limits are counted in. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** Takes events from the front of `events` up to `count` and about `bytes` of text; at least one if there is one. */
export function takeBatch(
  events: readonly RoomEvent[],
  { from = 0, count, bytes }: { from?: number; count: number; bytes: number },
): RoomEvent[] {
  const taken: RoomEvent[] = [];
  let left = bytes;
  for (let i = from; i < events.length && taken.length < count; i++) {
    const event = events[i] as RoomEvent;
    left -= sizeOf(event);
    if (left < 0 && taken.length > 0) break;
    taken.push(event);
  }
  return taken;
}

/** About how many bytes an event holds: a character counts as three bytes, the most that UTF-8 needs for one of UTF-16. */
export function sizeOf(event: EventBody): number {
  const said = event.message ?? event.edited;
  const text = said?.text ?? event.settings?.topic ?? "";
  const mentions = said?.mentions?.reduce((sum, name) => sum + name.length * 3, 0) ?? 0;
  return text.length * 3 + mentions + 250;
}

/** A wire's or a file's event, as far as its parts have the right types; undefined for what cannot be one of ours. */
export function parseEvent(from: unknown): RoomEvent | undefined {
  const { seq, timestamp, sender, author = "", clientId = "", ...rest } = fields(from);
  if (typeof seq !== "number" || typeof timestamp !== "string" || typeof sender !== "string") {
    return undefined;
  }
  if (typeof author !== "string" || typeof clientId !== "string") return undefined;
  const body = parseBody(rest);
  return body && { seq, timestamp, sender, author, clientId, ...body };
}

/** The body among the fields of an event. */
export function parseBody(from: Readonly<Record<string, unknown>>): EventBody | undefined {
  const { message, edited, deleted, reacted, unreacted, settings } = from;
  if (message) return parsed(parseMessage(message), (message) => ({ message }));
  if (edited) return parsed(parseEdited(edited), (edited) => ({ edited }));
  if (deleted) return parsed(parseTarget(deleted), (target) => ({ deleted: { target } }));
  if (reacted) return parsed(parseReacted(reacted), (reacted) => ({ reacted }));
  if (unreacted) return parsed(parseReacted(unreacted), (unreacted) => ({ unreacted }));
  if (settings) return { settings: parseSettings(settings) };
  return undefined;
}

function parsed<T, B>(part: T | undefined, make: (part: T) => B): B | undefined {
  return part === undefined ? undefined : make(part);
}

function parseMessage(from: unknown): Message | undefined {
  const { text = "", replyTo, mentions, edited, deleted } = fields(from);
  if (typeof text !== "string") return undefined;
  const names = parseNames(mentions);
  return {
    text,
    ...(isSeq(replyTo) && { replyTo }),
    ...(names && { mentions: names }),
    ...(isSeq(edited) && { edited }),
    ...(isSeq(deleted) && { deleted }),
  };
}

function parseEdited(from: unknown): Bodies["edited"] | undefined {
  const { text = "", mentions } = fields(from);
  const target = parseTarget(from);
  if (typeof text !== "string" || target === undefined) return undefined;
  const names = parseNames(mentions);
  return { target, text, ...(names && { mentions: names }) };
}

function parseReacted(from: unknown): Bodies["reacted"] | undefined {
  const { emoji } = fields(from);
  const target = parseTarget(from);
  return typeof emoji === "string" && target !== undefined ? { target, emoji } : undefined;
}

function parseSettings(from: unknown): Bodies["settings"] {
  const { topic, archived } = fields(from);
  return {
    ...(typeof topic === "string" && topic !== "" && { topic }),
    ...(archived === true && { archived }),
  };
}

function parseTarget(from: unknown): number | undefined {
  const { target } = fields(from);
  return isSeq(target) ? target : undefined;
}

function parseNames(from: unknown): string[] | undefined {
  if (!Array.isArray(from) || from.length === 0) return undefined;
  return from.filter((name) => typeof name === "string");
}

function isSeq(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}
