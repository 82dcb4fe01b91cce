/**
 * A connection's life, as states moved by a pure function. `turn` numbers the wires: the driver holds exactly the
 * wire whose turn the state names, and none when it names none.
 */
import type { ChatError } from "../protos/errors.ts";

/** How the line to the server stands. */
export type Connection =
  /** A wire is being opened. */
  | { readonly is: "connecting"; readonly turn: number; readonly tries: number }
  /** The person is open on the wire. `since` is in milliseconds. */
  | { readonly is: "live"; readonly turn: number; readonly tries: number; readonly since: number }
  /** The next wire is opened at `until`, in milliseconds. */
  | {
    readonly is: "waiting";
    readonly turn: number;
    readonly tries: number;
    readonly until: number;
    readonly why: ChatError;
  }
  /** For good: by the caller, or by an error that coming back would not mend. */
  | { readonly is: "closed"; readonly why: ChatError | undefined };

/** What can happen to it. `now` is in milliseconds, `dice` from 0 up to 1. */
export type Happening =
  | { readonly is: "opened"; readonly turn: number; readonly now: number }
  /** The wire is gone, or could not be opened. `delayMs` is the server's wish when it said good-bye. */
  | {
    readonly is: "ended";
    readonly turn: number;
    readonly why: ChatError;
    readonly comeBack: boolean;
    readonly delayMs: number;
    readonly now: number;
    readonly dice: number;
  }
  | { readonly is: "due"; readonly now: number }
  | { readonly is: "close" };

/** How long to wait between two tries, in milliseconds. */
export interface Backoff {
  /** The longest first wait; it doubles with each try. */
  readonly firstMs: number;
  /** The longest wait of all. */
  readonly mostMs: number;
}

/** A connection that lasted less than this does not make the next wait short again. */
export const holdsAfterMs = 5_000;

/** The first state: the first wire is to be opened. */
export const beginning: Connection = { is: "connecting", turn: 1, tries: 0 };

/** Moves the connection. Without effects: what to touch follows from the new state. */
export function next(state: Connection, event: Happening, backoff: Backoff): Connection {
  if (state.is === "closed") return state;
  switch (event.is) {
    case "close":
      return { is: "closed", why: undefined };
    case "due":
      if (state.is !== "waiting" || event.now < state.until) return state;
      return { is: "connecting", turn: state.turn + 1, tries: state.tries };
    case "opened":
      if (state.is !== "connecting" || event.turn !== state.turn) return state;
      return { is: "live", turn: state.turn, tries: state.tries, since: event.now };
    case "ended":
      return state.is === "waiting" || event.turn !== state.turn ? state : end(state, event, backoff);
  }
}

function end(
  state: Extract<Connection, { is: "connecting" | "live" }>,
  { why, comeBack, delayMs, now, dice }: Extract<Happening, { is: "ended" }>,
  { firstMs, mostMs }: Backoff,
): Connection {
  if (!comeBack) return { is: "closed", why };
  const held = state.is === "live" && now - state.since >= holdsAfterMs;
  const tries = held ? 0 : state.tries;
  // Full jitter, which spreads best those who were cut off together.
  const waitMs = dice * Math.min(mostMs, firstMs * 2 ** Math.min(tries, 30));
  return { is: "waiting", turn: state.turn, tries: tries + 1, until: now + Math.max(delayMs, waitMs), why };
}
