/**
 * What was done here and is not yet seen in its room. An act leaves the outbox when its own event has arrived, or
 * when the person discards it; it is sent again, under the same id, for as long as need be. All changes are pure.
 */
import type { RoomEvent } from "../protos/events.ts";
import type { Cursor__Output } from "../protos/gen/chat/Cursor.ts";
import type { Refused__Output } from "../protos/gen/chat/Refused.ts";
import type { Sent__Output } from "../protos/gen/chat/Sent.ts";

/** What a person does to a room. */
export type Act =
  | { readonly is: "send"; readonly text: string; readonly replyTo: number }
  | { readonly is: "edit"; readonly target: number; readonly text: string }
  | { readonly is: "delete"; readonly target: number }
  | { readonly is: "react"; readonly target: number; readonly emoji: string; readonly remove: boolean };

/** What became of an act so far. */
export type Fate =
  | { readonly is: "waiting" }
  | { readonly is: "inflight"; readonly id: number }
  | { readonly is: "stored"; readonly seq: number; readonly epoch: string }
  | { readonly is: "failed"; readonly code: string; readonly why: string };

/** An act that is not known to be in its room yet. */
export interface Pending {
  readonly clientId: string;
  readonly room: string;
  /** Milliseconds, no two the same: this machine's clock until it is stored, then the server's. */
  readonly at: number;
  readonly act: Act;
  readonly fate: Fate;
}

/** What one person has done and not seen yet. */
export interface Outbox {
  /** In the order in which it was done. */
  readonly items: readonly Pending[];
  /** Nothing is sent before this time: the server asked for patience. */
  readonly holdUntil: number;
  /** Refusals since something was last accepted. */
  readonly refusals: number;
}

/** Enough to hide the way to the server, few enough that a refusal of one rarely changes the order. */
export const mostInFlight = 16;
const longestHoldMs = 10_000;
const firstHoldMs = 500;

/** An outbox with nothing in it. */
export function emptyOutbox(): Outbox {
  return { items: [], holdUntil: 0, refusals: 0 };
}

/** Adds what was just done. */
export function enqueue(outbox: Outbox, done: Omit<Pending, "fate">): Outbox {
  const at = Math.max(done.at, (outbox.items.at(-1)?.at ?? 0) + 1);
  return { ...outbox, items: [...outbox.items, { ...done, at, fate: { is: "waiting" } }] };
}

/** Adds what another page of this person left, if it is not there. */
export function merge(outbox: Outbox, left: readonly Pending[]): Outbox {
  const known = new Set(outbox.items.map(({ clientId }) => clientId));
  const more = left.filter(({ clientId }) => !known.has(clientId));
  if (more.length === 0) return outbox;
  return { ...outbox, items: [...outbox.items, ...more].sort(inOrder) };
}

/** As it was done; two pages may have done something at the same moment. */
function inOrder(one: Pending, other: Pending): number {
  return one.at - other.at || (one.clientId < other.clientId ? -1 : 1);
}

/** What may be sent now, in order. */
export function sendable(outbox: Outbox, now: number): readonly Pending[] {
  if (now < outbox.holdUntil) return [];
  const free = mostInFlight - outbox.items.filter(({ fate }) => fate.is === "inflight").length;
  return outbox.items.filter(({ fate }) => fate.is === "waiting").slice(0, Math.max(0, free));
}

/** The act went out as the command of this id. */
export function dispatched(outbox: Outbox, clientId: string, id: number): Outbox {
  return change(
    outbox,
    (item) => item.clientId === clientId,
    (item) => ({ ...item, fate: { is: "inflight", id } }),
  );
}

/** The server's word that it lasts. An answer to a command of an earlier socket counts for nothing. */
export function stored(outbox: Outbox, id: number, { seq, epoch, timestamp }: Sent__Output): Outbox {
  const at = Date.parse(timestamp);
  const settled = change(outbox, isCommand(id), (item) => ({
    ...item,
    at: Number.isNaN(at) ? item.at : at,
    fate: { is: "stored", seq, epoch },
  }));
  return { ...settled, holdUntil: 0, refusals: 0 };
}

/** The command of this id was refused: the act fails, or is tried again later. */
export function refused(
  outbox: Outbox,
  id: number,
  { code, message, retry, now, dice }: Refused__Output & { now: number; dice: number },
): Outbox {
  if (!outbox.items.some(isCommand(id))) return outbox;
  if (!retry) {
    return change(
      outbox,
      isCommand(id),
      (item) => ({ ...item, fate: { is: "failed", code, why: message } }),
    );
  }
  // Those that were under way with it are refused with it, and count as one.
  if (now < outbox.holdUntil) return change(outbox, isCommand(id), waiting);
  const longest = Math.min(longestHoldMs, firstHoldMs * 2 ** outbox.refusals);
  const held = { ...outbox, refusals: outbox.refusals + 1, holdUntil: now + (0.5 + dice / 2) * longest };
  return change(held, isCommand(id), waiting);
}

/** The socket is gone: nobody knows what became of what was under way, so it is sent again. */
export function lost(outbox: Outbox): Outbox {
  const unsure = outbox.items.some(({ fate }) => fate.is === "inflight");
  if (!unsure && outbox.refusals === 0) return outbox;
  return { ...change(outbox, ({ fate }) => fate.is === "inflight", waiting), holdUntil: 0, refusals: 0 };
}

/** Tries a failed act again, as `fresh` if its id was already spent on another one. */
export function retry(outbox: Outbox, clientId: string, fresh: string): Outbox {
  return change(outbox, isFailed(clientId), (item) => ({
    ...item,
    clientId: item.fate.is === "failed" && item.fate.code === "ALREADY_EXISTS" ? fresh : clientId,
    fate: { is: "waiting" },
  }));
}

/** Gives a failed act up. */
export function discard(outbox: Outbox, clientId: string): Outbox {
  const failed = isFailed(clientId);
  return { ...outbox, items: outbox.items.filter((item) => !failed(item)) };
}

/** Where a room's reader is, and what came to it. */
export interface Seen {
  readonly room: string;
  /** This person's id. */
  readonly me: string;
  readonly events: readonly RoomEvent[];
  readonly cursor: Cursor__Output;
}

/** Takes out what has been seen in the room, and what was stored at or before where its reader stands. */
export function settle(outbox: Outbox, { room, me, events, cursor }: Seen): Outbox {
  if (outbox.items.length === 0) return outbox;
  const seen = new Set(events.filter(({ author }) => author === me).map(({ clientId }) => clientId));
  return keep(outbox, (item) => {
    if (item.room !== room) return true;
    if (seen.has(item.clientId)) return false;
    return item.fate.is !== "stored" || (item.fate.epoch === cursor.epoch && item.fate.seq > cursor.seq);
  });
}

/** Takes out what was stored in a room that nobody here reads: no event of it will come. */
export function settleUnread(outbox: Outbox, room: string): Outbox {
  return keep(outbox, (item) => item.fate.is !== "stored" || item.room !== room);
}

/** Whether what became of an act is not known to be good. */
export function isUnsure({ fate }: Pending): boolean {
  return fate.is !== "stored";
}

/** What is to be kept of an outbox: what is not acknowledged, as a new page would begin with it. */
export function keepable(items: readonly Pending[]): Pending[] {
  return items.filter(({ fate }) => fate.is !== "stored").map((item) =>
    item.fate.is === "inflight" ? { ...item, fate: { is: "waiting" } } : item
  );
}

/** What has to be written when an outbox changes. */
export function differences(
  before: readonly Pending[],
  after: readonly Pending[],
): { put: Pending[]; drop: string[] } {
  const was = new Map(keepable(before).map((item) => [item.clientId, item.fate.is]));
  const is = keepable(after);
  const there = new Set(is.map(({ clientId }) => clientId));
  return {
    put: is.filter(({ clientId, fate }) => was.get(clientId) !== fate.is),
    drop: [...was.keys()].filter((clientId) => !there.has(clientId)),
  };
}

function keep(outbox: Outbox, which: (item: Pending) => boolean): Outbox {
  const items = outbox.items.filter(which);
  return items.length === outbox.items.length ? outbox : { ...outbox, items };
}

function change(outbox: Outbox, which: (item: Pending) => boolean, to: (item: Pending) => Pending): Outbox {
  if (!outbox.items.some(which)) return outbox;
  return { ...outbox, items: outbox.items.map((item) => which(item) ? to(item) : item) };
}

function waiting(item: Pending): Pending {
  return { ...item, fate: { is: "waiting" } };
}

function isCommand(id: number): (item: Pending) => boolean {
  return ({ fate }) => fate.is === "inflight" && fate.id === id;
}

function isFailed(wanted: string): (item: Pending) => boolean {
  return ({ clientId, fate }) => clientId === wanted && fate.is === "failed";
}
