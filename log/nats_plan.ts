/** What messages of the stream do to a replica. Pure. */
import type { RoomEvent } from "../protos/events.ts";
import { ChatError } from "../protos/errors.ts";
import { type Batch, parseRecord } from "./nats_records.ts";
import type { Append } from "./sqlite_writer.ts";

/** How far the replica has a room. */
export interface Place {
  /** The seq of its newest event. */
  readonly head: number;
  /** Where the stream has its newest record. */
  readonly sequence: number;
}

/** A message of the stream. */
export interface Message {
  readonly seq: number;
  readonly subject: string;
  json(): unknown;
}

/** A record that is to be applied. */
export interface Planned extends Append {
  readonly id: string;
  readonly sequence: number;
}

/** What to apply, and how far that leads; `fault` says why the replica cannot go further. */
export interface Plan {
  readonly records: readonly Planned[];
  readonly messages: number;
  readonly fault?: ChatError;
}

/** What the replica follows. */
export interface Source {
  readonly stream: string;
  /** The place of the record that began the life of the log that this is. */
  readonly begun: number;
}

/** One transaction takes about this many events: a long one would hold up those who wait for an answer. */
const planMost = 1_000;

/** Plans for the first of the messages that come after the place `after`. */
export function planMessages(
  messages: readonly Message[],
  { stream, begun }: Source,
  { after, placeOf }: { after: number; placeOf: (room: string) => Place | undefined },
): Plan {
  const records: Planned[] = [];
  const heads = new Map<string, number>();
  let events = 0;
  for (const [i, message] of messages.entries()) {
    const stopped = (fault: string) => ({ records, messages: i, fault: lost(stream, fault) });
    if (events >= planMost) return { records, messages: i };
    if (message.seq !== after + 1 + i) {
      return stopped(`its records ${after + 1 + i} to ${message.seq - 1} are gone`);
    }
    const record = parseRecord(stream, message.subject, () => message.json());
    if (record.kind === "unknown") {
      return { records, messages: i, fault: unknown(stream, message.seq) };
    }
    if (record.kind === "epoch" && message.seq > begun) {
      return stopped(`at its record ${message.seq} another history begins`);
    }
    if (record.kind !== "batch") continue;
    const { id, room } = record.batch;
    const head = heads.get(room) ?? placeOf(room)?.head ?? 0;
    const batch = consecutive(record.batch, head);
    if (!batch) {
      return stopped(`its record ${message.seq} does not continue the room ${JSON.stringify(room)}`);
    }
    records.push({ id, room, head, events: batch, sequence: message.seq });
    heads.set(room, head + batch.length);
    events += batch.length;
  }
  return { records, messages: messages.length };
}

function consecutive({ events }: Batch, head: number): readonly RoomEvent[] | undefined {
  return events.every(({ seq }, i) => seq === head + 1 + i) ? events : undefined;
}

function unknown(stream: string, seq: number): ChatError {
  return new ChatError(
    "DATA_LOSS",
    `Cannot follow the stream "${stream}": its record ${seq} is of a kind that this version does not know, use a newer Switchboard.`,
  );
}

/** Why a replica cannot follow its stream any more. */
export function lost(stream: string, fault: string): ChatError {
  return new ChatError(
    "DATA_LOSS",
    `Cannot follow the stream "${stream}": ${fault}, restart to begin anew from what it holds, or restore it from a backup.`,
  );
}
