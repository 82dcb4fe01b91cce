import { effect } from "@preact/signals";
import { badge } from "./reading.ts";
import type { Session } from "./session.ts";

/** Tells in the tab's title where one is, and how much is new. Returns what ends it. */
export function countUnread(session: Session): () => void {
  const title = document.title;
  const stop = effect(() => {
    let count = 0;
    for (const { unread } of session.rooms.value.values()) count += unread.value;
    const place = `${session.room.value.name} · ${title}`;
    document.title = count > 0 ? `(${badge(count)}) ${place}` : place;
  });
  return () => {
    stop();
    document.title = title;
  };
}
