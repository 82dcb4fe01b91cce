import type { Notice } from "./conversation.ts";

/** Says who did what to the room. */
export function noticeText({ seq, sender, before, now }: Notice): string {
  const { topic, archived } = now;
  const about = topic && `: ${topic}`;
  if (seq === 1) return `${sender} made the room${about}`;
  if (before && archived !== before.archived) return archiving(sender, archived);
  if (before) return topic ? `${sender} set the topic${about}` : `${sender} cleared the topic`;
  // What the settings were before is further up, and not here.
  return archived ? archiving(sender, archived) : `${sender} changed the room’s settings${about}`;
}

function archiving(sender: string, archived: boolean): string {
  return archived ? `${sender} archived the room` : `${sender} brought the room back`;
}
