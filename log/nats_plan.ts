/** What messages of the stream do to a replica. Pure. */
import type { RoomEvent } from "../protos/events.ts";
import { ChatError } from "../protos/errors.ts";
import { type Batch, parseRecord } from "./nats_records.ts";
import type { Place } from "./sqlite_replica.ts";
import type { Append } from "./sqlite_writer.ts";

/** How far the replica has a room: its head, and the newest record about it. */
export interface RoomPlace extends Place {
  readonly head: number;
}

/** A message of the stream. */
export interface Message {
  readonly seq: number;
  readonly subject: string;
  json(): unknown;
}

/** A record that is to be applied. */
export interface Planned extends Append {
  readonly place: Place;
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

/** How far a room is that nothing was said in. */
const nowhere: RoomPlace = { head: 0, sequence: 0, id: "" };

/** One transaction takes about this many events: a long one would hold up those who wait for an answer. */
const planMost = 1_000;

/** Plans for the first of the messages that come after the place `after`. */
export function planMessages(
  messages: readonly Message[],
  { stream, begun }: Source,
  { after, placeOf }: { after: number; placeOf: (room: string) => RoomPlace | undefined },
): Plan {
  const records: Planned[] = [];
  const known = new Map<string, RoomPlace>();
  let events = 0;
  let next = after + 1;
  for (const [i, message] of messages.entries()) {
    // A server that has not caught up begins with its own next record, whatever it was asked for.
    if (message.seq < next) continue;
    const stopped = (fault: string) => ({ records, messages: i, fault: lost(stream, fault) });
    if (events >= planMost) return { records, messages: i };
    if (message.seq > next) return stopped(`its records ${next} to ${message.seq - 1} are gone`);
    next++;
    const record = parseRecord(stream, message.subject, () => message.json());
    if (record.kind === "unknown") {
      return { records, messages: i, fault: unknown(stream, message.seq) };
    }
    if (record.kind === "epoch" && message.seq > begun) {
      return stopped(`at its record ${message.seq} another history begins`);
    }
    if (record.kind !== "batch") continue;
    const { id, room } = record.batch;
    const { head, counted = "" } = known.get(room) ?? placeOf(room) ?? nowhere;
    const kept = continuing(record.batch, { head, counted });
    if (!kept) {
      return stopped(`its record ${message.seq} does not continue the room ${JSON.stringify(room)}`);
    }
    const place = { id, sequence: message.seq, counted: kept.length > 0 ? id : counted };
    records.push({ room, head, events: kept, place });
    known.set(room, { ...place, head: head + kept.length });
    events += kept.length;
  }
  return { records, messages: messages.length };
}

/**
 * The events of a batch, if the room's head is still the one that it was made for; none if another was first. All
 * nodes decide that alike, since all see one order: a cluster of nats-server 2.9 checks what is expected only against
 * what its leader has stored, and lets two at once through. Undefined if events before it are missing here, or are others
 * than those that it was made after: such a cluster can also forget what it has acknowledged, on some of its servers.
 */
function continuing(
  { events, after }: Batch,
  { head, counted }: { head: number; counted: string },
): readonly RoomEvent[] | undefined {
  const first = events[0]?.seq ?? 0;
  if (events.some(({ seq }, i) => seq !== first + i) || first > head + 1) return undefined;
  if (first <= head) return [];
  return after && counted && after !== counted ? undefined : events;
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
    `Cannot follow the stream "${stream}": ${fault}, restart, ` +
      "and if it ends so again make a new one of the copies: see docs/operations.md.",
  );
}
