/**
 * The connection's life, as states moved by a pure function. `turn` numbers the sockets: the driver
 * holds exactly the socket whose turn the state names, and none when it names none.
 */
import { errors } from "../protos/errors.ts";

/** A socket is being opened, or is open and not yet let in. */
export interface Connecting {
  is: "connecting";
  turn: number;
  /** Sockets since the last one that held. */
  tries: number;
  since: number;
}

/** Let in. */
export interface Live {
  is: "live";
  turn: number;
  tries: number;
  since: number;
}

/** How the line to the gateway stands. */
export type Connection =
  | Connecting
  | Live
  /** The gateway is there, and does not reach ChatService. */
  | { is: "away"; turn: number; why: string; then: Connecting | Live }
  | { is: "waiting"; tries: number; turn: number; until: number; why: string }
  /** Told not to come back. Only the person may try again. */
  | { is: "ended"; turn: number; why: string }
  /** The person was refused: back to the door. */
  | { is: "rejected"; why: string }
  | { is: "left" };

/** What can happen to it. `now` is in milliseconds, `dice` from 0 up to 1. */
export type Happening =
  | { is: "opened"; now: number }
  | { is: "link"; up: boolean; why: string }
  /** The person was not let in. */
  | { is: "refused"; retry: boolean; why: string; now: number; dice: number }
  /** The person is not, or no longer, who the token says. */
  | { is: "disowned"; why: string }
  | { is: "parting"; code: string; retry: boolean; why: string; delayMs: number; now: number }
  | { is: "closed"; code: number; why: string; now: number; dice: number }
  | { is: "silence"; now: number; dice: number }
  | { is: "fault"; why: string; now: number; dice: number }
  | { is: "due"; now: number }
  | { is: "nudge"; by: "person" | "browser"; now: number }
  | { is: "leave" };

/** The longest wait between two tries. */
export const longestWaitMs = 10_000;
const firstWaitMs = 1_000;
/** A connection that lasted less than this does not make the next wait short again. */
const holdsAfterMs = 5_000;
/** A try younger than this is not begun anew because the network changed. */
const freshMs = 3_000;

/** The first state: the first socket is to be opened. */
export function connect(now: number): Connecting {
  return { is: "connecting", turn: 1, tries: 0, since: now };
}

/** Moves the connection. Without effects: what to touch follows from the new state. */
export function next(state: Connection, event: Happening): Connection {
  if (state.is === "left" || state.is === "rejected") return state;
  switch (event.is) {
    case "leave":
      return { is: "left" };
    case "nudge":
      return nudge(state, event);
    case "disowned":
      return { is: "rejected", why: event.why };
    case "due":
      return state.is === "waiting" && event.now >= state.until ? again(state, event.now) : state;
  }
  if (state.is === "waiting" || state.is === "ended") return state;
  switch (event.is) {
    case "opened":
      return letIn(state, event.now);
    case "link":
      return link(state, event);
    case "refused":
      return event.retry ? wait(state, event) : { is: "rejected", why: event.why };
    case "parting":
      if (disowns(event.code)) return { is: "rejected", why: event.why };
      if (!event.retry) return { is: "ended", turn: state.turn, why: event.why };
      return { is: "waiting", turn: state.turn, tries: 0, until: event.now + event.delayMs, why: event.why };
    case "closed":
      if (event.code === errors.UNAUTHENTICATED.close || event.code === errors.NAME_TAKEN.close) {
        return { is: "rejected", why: event.why };
      }
      return comesBack(event.code) ? wait(state, event) : { is: "ended", turn: state.turn, why: event.why };
    case "silence":
      return wait(state, { ...event, why: "The server has gone silent." });
    case "fault":
      return wait(state, event);
  }
}

/** The socket that this state wants open; 0 for none. */
export function socketOf(state: Connection): number {
  return state.is === "connecting" || state.is === "live" || state.is === "away" ? state.turn : 0;
}

/** Whether a refusal under this code says that the person is not, or no longer, who the token says. */
export function disowns(code: string): boolean {
  return code === "UNAUTHENTICATED" || code === "NAME_TAKEN";
}

/** Close codes 4500 to 4999 mean: do not come back. See protos/errors.ts. */
function comesBack(code: number): boolean {
  return code < 4500 || code > 4999;
}

function nudge(state: Connection, { by, now }: { by: "person" | "browser"; now: number }): Connection {
  if (state.is === "waiting") return again(state, now);
  if (state.is === "connecting" && now - state.since > freshMs) return again(state, now);
  if (state.is === "ended" && by === "person") return again({ turn: state.turn, tries: 0 }, now);
  return state;
}

function again({ turn, tries }: { turn: number; tries: number }, now: number): Connecting {
  return { is: "connecting", turn: turn + 1, tries, since: now };
}

type Open = Extract<Connection, { is: "connecting" | "live" | "away" }>;

function letIn(state: Open, now: number): Connection {
  if (state.is === "live") return state;
  if (state.is === "away") return { ...state, then: { ...state.then, is: "live", since: now } };
  return { ...state, is: "live", since: now };
}

function link(state: Open, { up, why }: { up: boolean; why: string }): Connection {
  if (state.is === "away") return up ? state.then : { ...state, why };
  return up ? state : { is: "away", turn: state.turn, why, then: state };
}

function wait(state: Open, { why, now, dice }: { why: string; now: number; dice: number }): Connection {
  const last = state.is === "away" ? state.then : state;
  const held = last.is === "live" && now - last.since >= holdsAfterMs;
  const tries = held ? 0 : last.tries;
  const longest = Math.min(longestWaitMs, firstWaitMs * 2 ** tries);
  return { is: "waiting", turn: last.turn, tries: tries + 1, until: now + dice * longest, why };
}
