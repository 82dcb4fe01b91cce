/** Puts the events of rooms into another log, behind those that it has already. */
import type { Log, LogRecord } from "../chat/log.ts";
import { ChatError } from "../protos/errors.ts";
import { kindOf, type RoomEvent, takeBatch } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";

/** One append of an import: a character counts as 3 bytes, and NATS takes messages of 1 MB. */
const appendBytes = 400_000;

/** Copies a page of a log. Gives how many events the target did not have. Throws FAILED_PRECONDITION if it has others in their places. */
export async function copyRecords(records: readonly LogRecord[], target: Log): Promise<number> {
  const rooms = [...Map.groupBy(records, ({ room }) => room)];
  const fresh = await Promise.all(
    rooms.map(([room, ofRoom]) => copyRoom(room, ofRoom.map(({ event }) => event), target)),
  );
  return fresh.reduce((sum, count) => sum + count, 0);
}

async function copyRoom(room: string, events: readonly RoomEvent[], target: Log): Promise<number> {
  const shared = target.head(room);
  mustShare(room, events.filter(({ seq }) => seq <= shared), target);
  const missing = events.filter(({ seq }) => seq > shared);
  for (let from = 0; from < missing.length;) {
    const batch = takeBatch(missing, { from, count: limits.batchEvents, bytes: appendBytes });
    const head = (batch[0]?.seq ?? 1) - 1;
    const appended = await target.append(room, head, batch);
    if (appended.kind === "conflict") {
      throw new ChatError(
        "FAILED_PRECONDITION",
        `Cannot import ${JSON.stringify(room)} after event ${head}: the target is at ${appended.head}, ` +
          "stop whatever writes to it and import again.",
      );
    }
    from += batch.length;
  }
  return missing.length;
}

/** Throws FAILED_PRECONDITION if the log has other events in the places of these. */
function mustShare(room: string, events: readonly RoomEvent[], log: Log): void {
  for (let from = 0; from < events.length;) {
    const theirs = log.read(room, (events[from]?.seq ?? 1) - 1, events.length - from);
    if (theirs.length === 0) return;
    const other = theirs.find((their, i) => !isSameEvent(their, events[from + i] ?? their));
    if (other) {
      throw new ChatError(
        "FAILED_PRECONDITION",
        `Cannot import ${JSON.stringify(room)}: event ${other.seq} of the target is another one, ` +
          "leave this log out or choose an empty one.",
      );
    }
    from += theirs.length;
  }
}

/** True if all that is never revised of two events is the same. */
export function isSameEvent(one: RoomEvent, other: RoomEvent): boolean {
  const facts = ({ timestamp, sender, author, clientId, ...event }: RoomEvent) =>
    JSON.stringify([timestamp, sender, author, clientId, kindOf(event)]);
  return facts(one) === facts(other);
}
