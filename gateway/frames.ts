/** The frames of `/ws`: unknown JSON becomes known here, and events become JSON once for all sockets. */
import * as v from "valibot";
import { ChatError } from "../protos/errors.ts";
import type { RoomBatch, RoomEvent } from "../protos/events.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { limits } from "../protos/limits.ts";

const frame = v.looseObject({ id: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))) });

/** The frames of one WebSocket message, each still to be parsed: one, or an array. Throws INVALID_ARGUMENT. */
export function parseFrames(text: string): unknown[] {
  const json = parse(text);
  const frames = Array.isArray(json) ? json : [json];
  if (frames.length <= limits.framesPerMessage) return frames;
  throw new ChatError(
    "INVALID_ARGUMENT",
    `Cannot read the frames: ${frames.length} came at once and at most ${limits.framesPerMessage} may, send them in parts.`,
  );
}

/** The id of a frame that may be no frame, so that a refusal finds whoever waits for it. */
export function frameId(json: unknown): number {
  const id = typeof json === "object" && json !== null && "id" in json ? json.id : undefined;
  return typeof id === "number" && Number.isSafeInteger(id) && id > 0 ? id : 0;
}

/** A frame, as far as it is an object with an id that can be repeated, and its texts can go on. Throws INVALID_ARGUMENT. */
export function parseFrame(json: unknown): { readonly id?: number | undefined } {
  const known = wellFormed(json);
  // What is as it should be needs no copy.
  return isFrame(known) ? known : parseAs(frame, known, "frame");
}

function isFrame(json: unknown): json is { readonly id: number } {
  return frameId(json) > 0;
}

/** Parses a WebSocket message as JSON. Throws INVALID_ARGUMENT. */
export function parseJson(text: string): unknown {
  return wellFormed(parse(text));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ChatError("INVALID_ARGUMENT", "Cannot read the message: it is not JSON.", { cause: error });
  }
}

/** "\\ud800" is JSON, but half a character: it cannot go on as UTF-8, and would arrive as another one. */
function wellFormed(json: unknown): unknown {
  if (isWellFormed(json)) return json;
  throw new ChatError("INVALID_ARGUMENT", "Cannot read the message: a text in it is not valid Unicode.");
}

function isWellFormed(json: unknown, depth = 0): boolean {
  if (typeof json === "string") return json.isWellFormed();
  // No frame goes deeper, and what does could have no end.
  if (typeof json !== "object" || json === null || depth > 5) return true;
  return Object.values(json).every((value) => isWellFormed(value, depth + 1));
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
  if (lastBatch && isSame(lastBatch.of, batch)) return lastBatch.text;
  const text = `[{"batch":${encodeRange(batch)}}]`;
  lastBatch = { of: batch, text };
  return text;
}

/** The reply to `read`. */
export function encodePage(id: number, page: RoomBatch): string {
  return `[{"id":${id},"page":${encodeRange(page)}}]`;
}

/** An event is another object once it was revised: a text that is gone is not in what was put together before. */
function isSame(a: RoomBatch, b: RoomBatch): boolean {
  return a.room === b.room && a.epoch === b.epoch && a.first === b.first &&
    a.events.length === b.events.length &&
    a.events.every((event, i) => event === b.events[i]);
}

function encodeRange({ room, epoch, first, events }: RoomBatch): string {
  const head = JSON.stringify({ room, epoch, first });
  return `${head.slice(0, -1)},"events":[${events.map(encodeEvent).join(",")}]}`;
}

function encodeEvent(event: RoomEvent): string {
  const known = encodedEvents.get(event);
  if (known !== undefined) return known;
  const text = JSON.stringify(event);
  encodedEvents.set(event, text);
  return text;
}
