/** Events as the page is given them, and what a person does. */
import type { EventBody, Principal, RoomEvent } from "../protos/events.ts";
import * as outboxes from "../islands/outbox.ts";

export const room = "lobby";
export const epoch = "e1";
export const ann: Principal = { id: "guest:a", name: "ann", key: "ann" };
export const bob: Principal = { id: "guest:b", name: "bob", key: "bob" };

/** What a principal did, as the server tells it. */
export function done(seq: number, body: EventBody, { by = bob, clientId = "" } = {}): RoomEvent {
  const timestamp = new Date(1_700_000_000_000 + seq * 1000).toISOString();
  return { seq, timestamp, sender: by.name, author: by.id, clientId, ...body };
}

/** Something that was said. */
export function event(seq: number, { by = bob, clientId = "", text = `text ${seq}` } = {}): RoomEvent {
  return done(seq, { message: { text } }, { by, clientId });
}

export function batchOf(events: readonly RoomEvent[]) {
  return { room, epoch, first: events[0]?.seq ?? 1, events };
}

export function batch(from: number, to: number) {
  return batchOf(Array.from({ length: to - from }, (_, index) => event(from + index + 1)));
}

export function followed({ after = 0, head = 0, recovered = true, epoch = "e1" } = {}) {
  return { room, epoch, head: Math.max(head, after), after, recovered };
}

/** Says something that is named like its id. */
export function say(outbox: outboxes.Outbox, clientId: string, at = 0): outboxes.Outbox {
  const act = { is: "send", text: clientId, replyTo: 0 } as const;
  return outboxes.enqueue(outbox, { clientId, room, at, act });
}
