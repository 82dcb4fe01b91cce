/** Events as the page is given them. */
import * as outboxes from "../islands/outbox.ts";

export const room = "lobby";
export const epoch = "e1";

export function event(seq: number, { sender = "bob", clientId = "", text = `text ${seq}` } = {}) {
  const timestamp = new Date(1_700_000_000_000 + seq * 1000).toISOString();
  return { seq, timestamp, sender, clientId, message: { text } };
}

export function batch(from: number, to: number) {
  const events = Array.from({ length: to - from }, (_, index) => event(from + index + 1));
  return { room, epoch, first: from + 1, events };
}

export function followed({ after = 0, head = 0, recovered = true, epoch = "e1" } = {}) {
  return { room, epoch, head: Math.max(head, after), after, recovered };
}

/** Says something that is named like its id. */
export const say = (outbox: outboxes.Outbox, clientId: string) =>
  outboxes.enqueue(outbox, { clientId, text: clientId, at: 0 });
