/** A short text for all that a log holds: two logs that hold the same have the same, whatever their engines. */
import { createHash } from "node:crypto";
import type { Log } from "../chat/log.ts";
import { limits } from "../protos/limits.ts";

/** The digest of all rooms. Gives way to others between pages. */
export async function digestOf(log: Log): Promise<string> {
  const hash = createHash("sha256");
  for (let after = "";;) {
    const rooms = log.rooms(after, limits.batchEvents, { archived: true });
    if (rooms.length === 0) return hash.digest("hex").slice(0, 16);
    for (const { room } of rooms) hash.update(`${JSON.stringify(room)} ${await digestOfRoom(log, room)}\n`);
    after = rooms.at(-1)?.room ?? after;
  }
}

/** The digest of one room. */
export async function digestOfRoom(log: Log, room: string): Promise<string> {
  const hash = createHash("sha256");
  for (let seq = 0; seq < log.head(room);) {
    for (const event of log.read(room, seq, limits.batchEvents)) {
      hash.update(`${JSON.stringify(event)}\n`);
      seq = event.seq;
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return hash.digest("hex").slice(0, 16);
}
