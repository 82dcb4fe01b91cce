/** The frames of `/ws`: unknown JSON becomes known here, and events become JSON once for all sockets. */
import * as v from "valibot";
import { ChatError } from "../protos/errors.ts";
import type { RoomBatch, RoomEvent } from "../protos/events.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { limits } from "../protos/limits.ts";

const seq = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0xffff_ffff));

const clientFrame = v.object({
  id: v.optional(seq, 0),
  open: v.optional(v.object({ username: v.string() })),
  follow: v.optional(v.object({
    room: v.optional(v.string(), ""),
    replay: v.optional(v.string()),
    after: v.optional(v.object({ epoch: v.optional(v.string(), ""), seq: v.optional(seq, 0) })),
    count: v.optional(count),
    since: v.optional(v.string()),
  })),
  send: v.optional(v.object({
    room: v.optional(v.string(), ""),
    clientId: v.optional(v.string(), ""),
    text: v.optional(v.string(), ""),
  })),
  read: v.optional(v.object({ room: v.optional(v.string(), ""), after: v.optional(seq, 0), count })),
  heartbeat: v.optional(v.object({})),
});

/** A command of a browser. */
export type BrowserFrame = v.InferOutput<typeof clientFrame>;

/** The frames of one WebSocket message: one, or an array. Throws INVALID_ARGUMENT. */
export function parseFrames(text: string): unknown[] {
  const json = parseJson(text);
  const frames = Array.isArray(json) ? json : [json];
  if (frames.length <= limits.framesPerMessage) return frames;
  throw new ChatError(
    "INVALID_ARGUMENT",
    `Cannot read the frames: ${frames.length} came at once and at most ${limits.framesPerMessage} may, send them in parts.`,
  );
}

/** One frame. Throws INVALID_ARGUMENT, naming the field. */
export function parseFrame(json: unknown): BrowserFrame {
  return parseAs(clientFrame, json, "frame");
}

/** The id of a frame that may be no frame, so that a refusal finds whoever waits for it. */
export function frameId(json: unknown): number {
  const parsed = v.safeParse(v.object({ id: seq }), json);
  return parsed.success ? parsed.output.id : 0;
}

/** Parses a WebSocket message as JSON. Throws INVALID_ARGUMENT. */
export function parseJson(text: string): unknown {
  try {
    const hasSurrogates = /\\ud[89a-f]/i.test(text);
    return hasSurrogates
      ? JSON.parse(text, (_, value) => typeof value === "string" ? wellFormed(value) : value)
      : JSON.parse(text);
  } catch (error) {
    if (error instanceof ChatError) throw error;
    throw new ChatError("INVALID_ARGUMENT", "Cannot read the message: it is not JSON.", { cause: error });
  }
}

/** "\\ud800" is JSON, but half a character: it cannot go on as UTF-8, and would arrive as another one. */
function wellFormed(text: string): string {
  if (text.isWellFormed()) return text;
  throw new ChatError("INVALID_ARGUMENT", "Cannot read the message: a text in it is not valid Unicode.");
}

/** Checks a value's shape. Throws INVALID_ARGUMENT, naming the field. */
export function parseAs<S extends v.GenericSchema>(schema: S, json: unknown, what: string): v.InferOutput<S> {
  const parsed = v.safeParse(schema, json, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const field = v.getDotPath(issue);
  const problem = `expected ${issue.expected ?? "something else"}, got ${issue.received}`;
  throw new ChatError(
    "INVALID_ARGUMENT",
    `Cannot read the ${what}: ${field ? `"${field}": ` : ""}${problem}.`,
  );
}

/** Frames for one WebSocket message. */
export function encodeFrames(...frames: ServerFrame[]): string {
  return JSON.stringify(frames);
}

const encodedEvents = new WeakMap<RoomEvent, string>();
let lastBatch: { of: RoomBatch; text: string } | undefined;

/** A batch for one WebSocket message. Each event is encoded once, and a batch that many share is put together once. */
export function encodeBatch(batch: RoomBatch): string {
  const { room, epoch, first, events } = batch;
  const same = lastBatch?.of;
  const shared = same && same.first === first && same.events.length === events.length &&
    same.events[0] === events[0];
  if (lastBatch && shared && same.room === room && same.epoch === epoch) return lastBatch.text;
  const head = JSON.stringify({ room, epoch, first });
  const text = `[{"batch":${head.slice(0, -1)},"events":[${events.map(encodeEvent).join(",")}]}}]`;
  lastBatch = { of: batch, text };
  return text;
}

function encodeEvent(event: RoomEvent): string {
  const known = encodedEvents.get(event);
  if (known !== undefined) return known;
  const text = JSON.stringify(event);
  encodedEvents.set(event, text);
  return text;
}
