import { effect } from "@preact/signals";
import { missing } from "./conversation.ts";
import type { Session } from "./session.ts";

/** Counts in the tab's title what others said while the tab was hidden. Returns what ends it. */
export function countUnread({ conversation }: Session): () => void {
  const title = document.title;
  let seen = -1;
  const count = () => {
    const { cursor, messages, me } = conversation.value;
    if (!cursor || (seen < 0 && missing(conversation.value) > 0)) return;
    if (!document.hidden || seen < 0 || seen > cursor.seq) seen = cursor.seq;
    const unread = messages.filter(({ seq, sender }) => seq > seen && sender !== me).length;
    document.title = unread > 0 ? `(${unread}) ${title}` : title;
  };
  const stop = effect(count);
  document.addEventListener("visibilitychange", count);
  return () => {
    stop();
    document.removeEventListener("visibilitychange", count);
    document.title = title;
  };
}
