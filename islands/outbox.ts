/**
 * What was said here and is not yet seen in the room. A message leaves the outbox when its own event has
 * arrived, or when the person discards it; it is sent again, under the same id, for as long as need be.
 */
import type { Event__Output } from "../protos/gen/chat/Event.ts";
import type { Refused__Output } from "../protos/gen/chat/Refused.ts";
import type { Sent__Output } from "../protos/gen/chat/Sent.ts";
import type { Cursor__Output } from "../protos/gen/chat/Cursor.ts";

/** What became of a message so far. */
export type Fate =
  | { is: "waiting" }
  | { is: "inflight"; id: number }
  | { is: "stored"; seq: number; epoch: string }
  | { is: "failed"; code: string; why: string };

/** A message that is not known to be in the room yet. */
export interface Pending {
  clientId: string;
  text: string;
  /** Milliseconds: this machine's clock until it is stored, then the server's. */
  at: number;
  fate: Fate;
}

/** What one person has said and not seen in the room yet, in the order of saying. */
export interface Outbox {
  /** In the order in which they were said. */
  items: readonly Pending[];
  /** Nothing is sent before this time: the server asked for patience. */
  holdUntil: number;
  /** Refusals since something was last accepted. */
  refusals: number;
}

/** Enough to hide the way to the server, few enough that a refusal of one rarely changes the order. */
export const mostInFlight = 16;
const longestHoldMs = 10_000;
const firstHoldMs = 500;

/** An outbox with what an earlier page left. */
export function emptyOutbox(items: readonly Pending[] = []): Outbox {
  return { items, holdUntil: 0, refusals: 0 };
}

/** Adds what was just said. */
export function enqueue(outbox: Outbox, said: { clientId: string; text: string; at: number }): Outbox {
  return { ...outbox, items: [...outbox.items, { ...said, fate: { is: "waiting" } }] };
}

/** What may be sent now, in order. */
export function sendable(outbox: Outbox, now: number): readonly Pending[] {
  if (now < outbox.holdUntil) return [];
  const room = mostInFlight - outbox.items.filter(({ fate }) => fate.is === "inflight").length;
  return outbox.items.filter(({ fate }) => fate.is === "waiting").slice(0, Math.max(0, room));
}

/** The message went out as the command of this id. */
export function dispatched(outbox: Outbox, clientId: string, id: number): Outbox {
  return change(
    outbox,
    (item) => item.clientId === clientId,
    (item) => ({ ...item, fate: { is: "inflight", id } }),
  );
}

/** The server's word that it lasts. An answer to a send of an earlier socket counts for nothing. */
export function stored(outbox: Outbox, id: number, { seq, epoch, timestamp }: Sent__Output): Outbox {
  const at = Date.parse(timestamp);
  const settled = change(outbox, isSend(id), (item) => ({
    ...item,
    at: Number.isNaN(at) ? item.at : at,
    fate: { is: "stored", seq, epoch },
  }));
  return { ...settled, holdUntil: 0, refusals: 0 };
}

/** The command of this id was refused: the message fails, or is tried again later. */
export function refused(
  outbox: Outbox,
  id: number,
  { code, message, retry, now, dice }: Refused__Output & { now: number; dice: number },
): Outbox {
  if (!outbox.items.some(isSend(id))) return outbox;
  if (!retry) return change(outbox, isSend(id), fail(code, message));
  const longest = Math.min(longestHoldMs, firstHoldMs * 2 ** outbox.refusals);
  const held = { ...outbox, refusals: outbox.refusals + 1, holdUntil: now + (0.5 + dice / 2) * longest };
  return change(held, isSend(id), waiting);
}

/** The socket is gone: nobody knows what became of what was under way, so it is sent again. */
export function lost(outbox: Outbox): Outbox {
  const unsure = outbox.items.some(({ fate }) => fate.is === "inflight");
  if (!unsure && outbox.refusals === 0) return outbox;
  return { ...change(outbox, ({ fate }) => fate.is === "inflight", waiting), holdUntil: 0, refusals: 0 };
}

/** Tries a failed message again, as `fresh` if its id was already spent on another text. */
export function retry(outbox: Outbox, clientId: string, fresh: string): Outbox {
  return change(outbox, isFailed(clientId), (item) => ({
    ...item,
    clientId: item.fate.is === "failed" && item.fate.code === "ALREADY_EXISTS" ? fresh : clientId,
    fate: { is: "waiting" },
  }));
}

/** Gives a message up. */
export function discard(outbox: Outbox, clientId: string): Outbox {
  const failed = isFailed(clientId);
  return { ...outbox, items: outbox.items.filter((item) => !failed(item)) };
}

/** Takes out what has been seen in the room, and what was stored at or before where the reader stands. */
export function settle(
  outbox: Outbox,
  { me, events, cursor }: { me: string; events: readonly Event__Output[]; cursor: Cursor__Output | null },
): Outbox {
  if (outbox.items.length === 0 || !cursor) return outbox;
  const seen = new Set(events.filter(({ sender }) => sender === me).map(({ clientId }) => clientId));
  const items = outbox.items.filter(({ clientId, fate }) => {
    if (seen.has(clientId)) return false;
    return fate.is !== "stored" || (fate.epoch === cursor.epoch && fate.seq > cursor.seq);
  });
  return items.length === outbox.items.length ? outbox : { ...outbox, items };
}

function change(outbox: Outbox, which: (item: Pending) => boolean, to: (item: Pending) => Pending): Outbox {
  if (!outbox.items.some(which)) return outbox;
  return { ...outbox, items: outbox.items.map((item) => which(item) ? to(item) : item) };
}

function waiting(item: Pending): Pending {
  return { ...item, fate: { is: "waiting" } };
}

function fail(code: string, why: string): (item: Pending) => Pending {
  return (item) => ({ ...item, fate: { is: "failed", code, why } });
}

function isSend(id: number): (item: Pending) => boolean {
  return ({ fate }) => fate.is === "inflight" && fate.id === id;
}

function isFailed(wanted: string): (item: Pending) => boolean {
  return ({ clientId, fate }) => clientId === wanted && fate.is === "failed";
}
