/** All ChatServices hold the same rooms, each event after the other. */
import { digestOfRoom } from "../../../log/digest.ts";
import { openSqliteLog } from "../../../log/sqlite.ts";
import { limits } from "../../../protos/limits.ts";
import { connect } from "../../../sdk/mod.ts";
import type { Finding } from "../checker.ts";
import type { Cluster, Node } from "../cluster.ts";
import { holds } from "../wait.ts";

/** Ends the ChatServices, when each has all there is, and compares their copies room by room. */
export async function compareCopies(cluster: Cluster): Promise<Finding[]> {
  const findings: Finding[] = [];
  const heads = () => Promise.all(cluster.chats.map(headOf));
  if (!await holds(async () => new Set(await heads()).size === 1, { ms: 30_000, everyMs: 200 })) {
    findings.push({ anomaly: "silent gap", what: `the ChatServices end at ${(await heads()).join(", ")}` });
  }
  for (const chat of cluster.chats) {
    const { code } = await chat.kill("SIGTERM");
    if (code !== 0) findings.push({ anomaly: "silent gap", what: `${chat.name} ended with ${code}` });
  }
  const copies = await Promise.all(cluster.copies.map(readCopy));
  for (const [i, { rooms, holes }] of copies.entries()) {
    const name = cluster.chats[i]?.name;
    for (const hole of holes) findings.push({ anomaly: "silent gap", what: `${name}'s copy: ${hole}` });
    const other = rooms.find((room, n) => room !== copies[0]?.rooms[n]);
    if (rooms.length === copies[0]?.rooms.length && other === undefined) continue;
    const what = `${name}'s copy has ${other ?? `${rooms.length} rooms`}, the first ${copies[0]?.rooms}`;
    findings.push({ anomaly: "diverging", what });
  }
  return findings;
}

async function headOf({ port }: Node): Promise<number> {
  await using chat = await connect(`grpc://127.0.0.1:${port}`, { name: `judge ${crypto.randomUUID()}` });
  return (await chat.describeRoom({ room: "lobby" })).head;
}

/** A line for each room, and what is not as it must be. */
async function readCopy(file: string): Promise<{ rooms: string[]; holes: string[] }> {
  const log = await openSqliteLog(file);
  const rooms: string[] = [];
  const holes: string[] = [];
  for (const { room } of log.rooms("", limits.rooms, { archived: true })) {
    for (let seq = 0; seq < log.head(room);) {
      const events = log.read(room, seq, limits.batchEvents);
      const wrong = events.findIndex((event, i) => event.seq !== seq + i + 1);
      if (events.length === 0 || wrong >= 0) holes.push(`${room} has a hole after ${seq}`);
      seq = events.at(-1)?.seq ?? Infinity;
    }
    rooms.push(`${room} ${log.head(room)} ${await digestOfRoom(log, room)}`);
  }
  await log.close();
  return { rooms, holes };
}
