/** How far people have read, carried from a copy that was put aside into the history that its stream holds now. */
import type { Log } from "../chat/log.ts";
import { limits } from "../protos/limits.ts";
import { isSameEvent } from "./import_rooms.ts";
import { pause } from "./nats_link.ts";
import { openSqliteLog } from "./sqlite.ts";
import { readMarks } from "./sqlite_replica.ts";

/** Keeps each mark as far as both hold the same events: what came after these nobody has read. */
export async function keepMarks(
  aside: string,
  log: Log,
  { patienceMs = limits.catchUpSilenceMs }: { patienceMs?: number | undefined } = {},
): Promise<void> {
  await using old = await openSqliteLog(aside);
  const shared = new Map<string, number>();
  const marks = readMarks(aside).map(({ reader, room, seq }) => {
    const most = shared.getOrInsertComputed(room, () => sharedHead(room, old, log));
    return { reader, room, seq: Math.min(seq, most) };
  }).filter(({ seq }) => seq > 0);
  for (let from = 0; from < marks.length; from += limits.batchEvents) {
    const some = marks.slice(from, from + limits.batchEvents);
    await within(patienceMs, Promise.all(some.map(({ reader, room, seq }) => log.mark(reader, room, seq))));
  }
}

/** Rejects if something takes longer. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const late = pause(ms, over).then(() => Promise.reject(new Error("NATS does not give them back")));
  await Promise.race([promise, late]).finally(() => over.abort());
}

/** The seq up to which two logs hold the same events of a room. */
function sharedHead(room: string, one: Log, other: Log): number {
  let [same, others] = [0, Math.min(one.head(room), other.head(room)) + 1];
  while (others - same > 1) {
    const seq = Math.floor((same + others) / 2);
    const [here, there] = [one, other].map((log) => log.read(room, seq - 1, 1)[0]);
    if (here && there && isSameEvent(here, there)) same = seq;
    else others = seq;
  }
  return same;
}
