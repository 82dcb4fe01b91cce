/**
 * What outlives a reload, in this tab: the draft and the outbox. Storage may be forbidden or full; then
 * nothing is kept, and nothing breaks.
 */
import type { Pending } from "./outbox.ts";

const draftKey = "switchboard_draft";
const outboxKey = "switchboard_outbox";

/** The draft of this tab; empty if there is none. */
export function loadDraft(): string {
  return load(draftKey);
}

/** Keeps the draft over a reload. */
export function saveDraft(text: string): void {
  save(draftKey, text);
}

/** What was said as `me` and not yet acknowledged. Another name's messages are never sent under this one. */
export function loadOutbox(me: string): Pending[] {
  try {
    const kept: unknown = JSON.parse(load(outboxKey));
    const { me: sayer, items } = kept as { me: unknown; items: unknown };
    return sayer === me && Array.isArray(items) ? items.filter(isPending) : [];
  } catch {
    return [];
  }
}

/** Keeps what is unsent over a reload, for this name alone. */
export function saveOutbox(me: string, items: readonly Pending[]): void {
  const unsure = items.filter(({ fate }) => fate.is !== "stored");
  const kept = unsure.map((item): Pending =>
    item.fate.is === "failed" ? item : { ...item, fate: { is: "waiting" } }
  );
  save(outboxKey, kept.length === 0 ? "" : JSON.stringify({ me, items: kept }));
}

function isPending(value: unknown): value is Pending {
  const { clientId, text, at, fate } = value as Partial<Pending>;
  return typeof clientId === "string" && typeof text === "string" && typeof at === "number" &&
    (fate?.is === "waiting" || fate?.is === "failed");
}

function load(key: string): string {
  try {
    return sessionStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function save(key: string, value: string): void {
  try {
    if (value) sessionStorage.setItem(key, value);
    else sessionStorage.removeItem(key);
  } catch {
    // Forbidden or full.
  }
}
