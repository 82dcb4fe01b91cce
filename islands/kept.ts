/**
 * What outlives a reload beside the outbox: drafts, in this tab; the rooms that were visited, in this browser, and
 * who was here. Storage may be forbidden or full; then nothing is kept, and nothing breaks.
 */
import type { Principal } from "../protos/events.ts";
import { readPrincipal } from "./frames.ts";

/** What is being written in a room. */
export interface Draft {
  readonly text: string;
  /** The seq of the message that it replies to; 0 for none. */
  readonly replyTo: number;
  /** The own message that is being changed meanwhile; null for none. */
  readonly edit: { readonly target: number; readonly text: string } | null;
}

/** Nothing written. */
export const emptyDraft: Draft = { text: "", replyTo: 0, edit: null };

const draftKey = "switchboard_draft";
const roomsKey = "switchboard_rooms";
const meKey = "switchboard_me";

/** The draft of this tab for a room. */
export function loadDraft(room: string): Draft {
  const { text, replyTo, edit } = load(tab, `${draftKey} ${room}`) as Partial<Draft>;
  const { target, text: changed } = edit ?? {};
  return {
    text: typeof text === "string" ? text : "",
    replyTo: typeof replyTo === "number" ? replyTo : 0,
    edit: typeof target === "number" && typeof changed === "string" ? { target, text: changed } : null,
  };
}

/** Keeps the draft over a reload. */
export function saveDraft(room: string, draft: Draft): void {
  const empty = draft.text === "" && draft.replyTo === 0 && draft.edit === null;
  save(tab, `${draftKey} ${room}`, empty ? null : draft);
}

/** The rooms that were visited last, the latest one at the end. */
export function loadVisited(): string[] {
  const { rooms } = load(browser, roomsKey) as { rooms?: unknown };
  return Array.isArray(rooms) ? rooms.filter((room) => typeof room === "string") : [];
}

/** Keeps them for the next page. */
export function saveVisited(rooms: readonly string[]): void {
  save(browser, roomsKey, { rooms });
}

/** Who was here last, if under this name; without an id if nobody was. The server has the last word. */
export function loadMe(name: string): Principal {
  const kept = readPrincipal(load(browser, meKey));
  return kept.name === name ? kept : { id: "", name, key: "" };
}

/** Lets the next page know the person before the server has answered. */
export function saveMe(me: Principal | null): void {
  save(browser, meKey, me);
}

// Where storage is forbidden, to name it is enough to be refused.
const tab = () => sessionStorage;
const browser = () => localStorage;

function load(storage: () => Storage, key: string): object {
  try {
    const value: unknown = JSON.parse(storage().getItem(key) ?? "{}");
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function save(storage: () => Storage, key: string, value: object | null): void {
  try {
    if (value) storage().setItem(key, JSON.stringify(value));
    else storage().removeItem(key);
  } catch {
    // Forbidden or full.
  }
}
