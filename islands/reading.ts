/** What of a room is new to this person. */
import type { Principal } from "../protos/events.ts";
import type { Conversation } from "./conversation.ts";
import { isBy } from "./rows.ts";

/** Messages of others, still there to read, that came after what was read. */
export function unread({ lines }: Conversation, { read, me }: { read: number; me: Principal }): number {
  let count = 0;
  for (let at = lines.length - 1; at >= 0; at--) {
    const line = lines[at];
    if (!line || line.seq <= read) break;
    if (line.is === "message" && !line.deleted && !isBy(line, me)) count++;
  }
  return count;
}

/** A number for a badge: past 99 it says only that there are more. */
export function badge(count: number): string {
  return count > 99 ? "99+" : `${count}`;
}
