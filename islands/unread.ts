import { effect } from "@preact/signals";
import { badge } from "./reading.ts";
import type { Session } from "./session.ts";

/** What was read as it came is not new: nobody is told of it and told otherwise a moment later. */
const settleMs = 100;

/** Tells in the tab's title where one is, and how much is new. Returns what ends it. */
export function countUnread(session: Session): () => void {
  const title = document.title;
  let told = title;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (text: string) => {
    // To set it costs a browser a millisecond, also if it is the same.
    if (text !== document.title) document.title = text;
    timer = undefined;
  };
  const stop = effect(() => {
    let count = 0;
    for (const { unread } of session.rooms.value.values()) count += unread.value;
    const place = `${session.room.value.name} · ${title}`;
    told = count > 0 ? `(${badge(count)}) ${place}` : place;
    timer ??= setTimeout(() => tell(told), settleMs);
  });
  return () => {
    stop();
    clearTimeout(timer);
    document.title = title;
  };
}
