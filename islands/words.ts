import type { Connection } from "./connection.ts";
import { type Conversation, missing } from "./conversation.ts";

/** The state of things, for people. `quiet` needs no attention. */
export interface Words {
  tone: "quiet" | "busy" | "bad";
  text: string;
  /** When the next try is due, in milliseconds; 0 if none is. */
  until: number;
}

const kept = "What you write is kept.";

/** Says in words how the page stands with the room. */
export function words(connection: Connection, conversation: Conversation, online: boolean): Words {
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
      return live(conversation);
  }
}

function live(conversation: Conversation): Words {
  const behind = missing(conversation);
  if (behind > 0) return { tone: "busy", text: "Catching up…", until: 0 };
  return { tone: "quiet", text: "Connected", until: 0 };
}
