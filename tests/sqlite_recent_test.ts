import { assertEquals } from "@std/assert";
import type { RoomRecord } from "../chat/log.ts";
import { openFile, SqliteLog } from "../log/sqlite.ts";
import { Recent } from "../log/sqlite_recent.ts";
import type { RoomEvent } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { tempFolder } from "./harness.ts";

Deno.test("a room that was read is not read again, and past a bound the oldest is let go of, not all", () => {
  const recent = new Recent();
  const reads: string[] = [];
  const ask = (room: string) => recent.room(room, () => (reads.push(room), record(room)));
  const rooms = Array.from({ length: limits.rooms }, (_, i) => `room-${i}`);
  rooms.forEach(ask);
  assertEquals(rooms.map(ask), rooms.map(record));
  assertEquals(reads.length, rooms.length);

  ask("one more");
  reads.length = 0;
  rooms.slice(1).forEach(ask);
  assertEquals(reads, []);
  ask("room-0");
  assertEquals(reads, ["room-0"]);
});

Deno.test("appends of one turn to several rooms share a commit", async () => {
  await using folder = await tempFolder();
  const file = folder.file("chat.db");
  const parts = await openFile(file);
  const groups: string[][] = [];
  await using log = new SqliteLog(file, {
    ...parts,
    writer: {
      ...parts.writer,
      commit: (group) => {
        groups.push(group.appends.map(({ room }) => room));
        return parts.writer.commit(group);
      },
    },
  });
  const append = async (room: string) => {
    await undefined;
    return await log.append(room, 0, [message(1)]);
  };
  await Promise.all(["a", "b", "c"].map(append));
  assertEquals(groups, [["a", "b", "c"]]);
});

function record(room: string): RoomRecord {
  return {
    room,
    head: 1,
    active: "2026-01-01T00:00:00.000Z",
    settings: 0,
    topic: "",
    archived: false,
    creator: "",
    author: "",
    created: "",
  };
}

function message(seq: number): RoomEvent {
  return {
    seq,
    timestamp: "2026-01-01T00:00:00.000Z",
    sender: "ada",
    author: "",
    clientId: "",
    message: { text: "hi" },
  };
}
