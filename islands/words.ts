import type { Connection } from "./connection.ts";

/** The state of things, for people. `quiet` needs no attention. */
export interface Words {
  tone: "quiet" | "busy" | "bad";
  text: string;
  /** When the next try is due, in milliseconds; 0 if none is. */
  until: number;
}

/** How a room's reader stands with it. */
export type Standing =
  /** Asked, and not yet answered. */
  | { readonly is: "joining" }
  | { readonly is: "here" }
  /** There is no such room, or it may not be read. */
  | { readonly is: "refused"; readonly code: string; readonly why: string };

/** How a page stands with the room that it shows. */
export interface Stand {
  readonly standing: Standing;
  /** Events that the server told of and that are not here yet. */
  readonly missing: number;
  /** Whether the browser thinks that it is online. */
  readonly online: boolean;
  /** Whether what is not sent outlives the page. */
  readonly lasts: boolean;
}

/** Says in words how the page stands with the room. */
export function words(connection: Connection, stand: Stand): Words {
  const { online, lasts } = stand;
  const kept = lasts ? "What you write is kept." : "What you write is kept while this page is open.";
  switch (connection.is) {
    case "connecting":
      if (connection.turn === 1) return { tone: "busy", text: "Joining…", until: 0 };
      return { tone: "busy", text: online ? "Reconnecting…" : `You are offline. ${kept}`, until: 0 };
    case "away":
      return { tone: "bad", text: connection.why || `The chat server cannot be reached. ${kept}`, until: 0 };
    case "waiting": {
      const why = online ? connection.why : "You are offline.";
      return { tone: "bad", text: `${why} ${kept}`, until: connection.until };
    }
    case "ended":
    case "rejected":
      return { tone: "bad", text: connection.why, until: 0 };
    case "left":
      return { tone: "quiet", text: "You left.", until: 0 };
    case "live":
      return live(stand);
  }
}

function live({ standing, missing }: Stand): Words {
  if (standing.is === "joining") return { tone: "busy", text: "Opening the room…", until: 0 };
  if (missing > 0) return { tone: "busy", text: "Catching up…", until: 0 };
  return { tone: "quiet", text: "Connected", until: 0 };
}
