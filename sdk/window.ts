/**
 * What is under way of a person's ordered commands: several at a time, answered in any order, never overtaken.
 * Pure: `next` moves it, `due` says what to send now.
 */

/** A command that is not answered yet. */
interface Entry {
  /** Names the command for the driver. */
  readonly key: number;
  /** The frame's id under which it is on the wire; 0 if it has to be sent (again). */
  readonly id: number;
}

/** The window, with its commands in the order they were given. */
export interface Window {
  readonly entries: readonly Entry[];
  /** How many may be under way; halved by a refusal, grown by each answer up to `most`. */
  readonly depth: number;
  readonly most: number;
  /** Refusals since the last answer. */
  readonly refusals: number;
  /** Nothing is sent before this time, in milliseconds. */
  readonly holdUntil: number;
}

/** What can happen to it. */
export type Step =
  | { readonly is: "admit"; readonly key: number }
  | { readonly is: "sent"; readonly key: number; readonly id: number }
  /** Answered for good, be it with a result or with a refusal that stays. */
  | { readonly is: "answered"; readonly id: number }
  /** Refused for now: it stays, and keeps its place. */
  | { readonly is: "refused"; readonly id: number; readonly now: number; readonly dice: number }
  | { readonly is: "dropped"; readonly key: number }
  /** The wire is gone: nobody knows what became of what was on it. */
  | { readonly is: "lost" };

const firstHoldMs = 200;
const longestHoldMs = 10_000;

/** An empty window of `most` commands. */
export function openWindow(most: number): Window {
  return { entries: [], depth: most, most, refusals: 0, holdUntil: 0 };
}

/** Moves the window. */
export function next(window: Window, step: Step): Window {
  const { entries, depth, most, refusals } = window;
  switch (step.is) {
    case "admit":
      return { ...window, entries: [...entries, { key: step.key, id: 0 }] };
    case "sent":
      return {
        ...window,
        entries: entries.map((entry) => entry.key === step.key ? { ...entry, id: step.id } : entry),
      };
    case "answered":
      return {
        ...window,
        entries: entries.filter(({ id }) => id !== step.id),
        depth: Math.min(most, depth + 1),
        refusals: 0,
      };
    case "refused": {
      const longest = Math.min(longestHoldMs, firstHoldMs * 2 ** Math.min(refusals, 30));
      return {
        ...window,
        entries: entries.map((entry) => entry.id === step.id ? { ...entry, id: 0 } : entry),
        depth: Math.max(1, Math.floor(depth / 2)),
        refusals: refusals + 1,
        holdUntil: step.now + (0.5 + step.dice / 2) * longest,
      };
    }
    case "dropped":
      return { ...window, entries: entries.filter(({ key }) => key !== step.key) };
    case "lost":
      return { ...window, entries: entries.map(({ key }) => ({ key, id: 0 })), refusals: 0, holdUntil: 0 };
  }
}

/** The commands to send now, in order. None while a later one is still on the wire: it must not be overtaken twice. */
export function due({ entries, depth, holdUntil }: Window, now: number): readonly number[] {
  if (now < holdUntil) return [];
  const first = entries.findIndex(({ id }) => id === 0);
  if (first < 0 || entries.slice(first).some(({ id }) => id !== 0)) return [];
  return entries.slice(first, Math.max(first, depth)).map(({ key }) => key);
}

/** How many more commands may be admitted now. */
export function room({ entries, depth, holdUntil }: Window, now: number): number {
  return now < holdUntil ? 0 : Math.max(0, depth - entries.length);
}
