/** Frames and messages in their wire format: each event once, and a batch that many readers are given once. */
import { Buffer } from "node:buffer";
import { isReadable, type RoomBatch, type RoomEvent } from "../protos/events.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { serializeFrame, serializeMessage } from "./definition.ts";

/** `ServerFrame.batch` (field 12) and `Batch.events` (field 4), each length-delimited: tag = number * 8 + 2. */
const batchTag = 12 * 8 + 2;

/** Encoded events, each as it stands in a batch, with tag and length. */
const encodedEvents = new WeakMap<RoomEvent, Buffer>();
let last: { readonly of: RoomBatch; readonly bytes: Buffer } | undefined;

/** A frame. Batches have a way of their own. */
export function encodeFrame(frame: ServerFrame): Buffer {
  return serializeFrame(frame);
}

/** A batch as a frame. Fields of a message may be put one behind the other, so it is put together from its parts. */
export function encodeBatch(batch: RoomBatch): Buffer {
  const { room, epoch, first, events } = batch;
  const same = last?.of;
  const shared = same && same.room === room && same.epoch === epoch && same.first === first &&
    same.events.length === events.length && same.events.every((event, i) => event === events[i]);
  if (last && shared) return last.bytes;
  // An event that comes alone is hardly ever part of another batch.
  const bytes = events.length === 1
    ? serializeFrame({ batch: { ...batch, events: [...events] } })
    : join(batch);
  last = { of: batch, bytes };
  return bytes;
}

function join({ room, epoch, first, events }: RoomBatch): Buffer {
  const parts = [contentOf({ batch: { room, epoch, first } }), ...events.map(encodeEvent)];
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([tagAndLength(batchTag, size), ...parts]);
}

/** An event as `ChatMessage`; undefined if there is nothing to read in it. */
export function encodeMessage(
  event: RoomEvent,
  { room, epoch }: { room: string; epoch: string },
): Buffer | undefined {
  if (!isReadable(event) || !event.message) return undefined;
  const known = messages.get(event);
  if (known) return known;
  const { seq, timestamp, sender, clientId, message } = event;
  const bytes = serializeMessage({
    username: sender,
    message: message.text,
    timestamp,
    room,
    seq,
    epoch,
    clientId,
  });
  messages.set(event, bytes);
  return bytes;
}

const messages = new WeakMap<RoomEvent, Buffer>();

function encodeEvent(event: RoomEvent): Buffer {
  const known = encodedEvents.get(event);
  if (known) return known;
  const bytes = contentOf({ batch: { events: [event] } });
  encodedEvents.set(event, bytes);
  return bytes;
}

/** What stands in a frame's one field. */
function contentOf(frame: ServerFrame): Buffer {
  const bytes = serializeFrame(frame);
  let at = 1;
  while ((bytes[at] ?? 0) >= 0x80) at++;
  return bytes.subarray(at + 1);
}

function tagAndLength(tag: number, length: number): Buffer {
  const bytes = [tag];
  let rest = length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push(rest % 0x80 + 0x80);
  return Buffer.from([...bytes, rest]);
}
