/** The rooms that there are, as they are listed. Pure. */
import { lobby } from "../protos/events.ts";
import type { Room__Output } from "../protos/gen/chat/Room.ts";

/** Rooms by name. */
export type Rooms = ReadonlyMap<string, Room__Output>;

/** The rooms that match what is looked for, for the eye: the lobby first, then by name; archived ones apart. */
export function arranged(rooms: Rooms, search: string): { open: Room__Output[]; archived: Room__Output[] } {
  const wanted = search.trim().toLowerCase();
  const found = [...rooms.values()]
    .filter(({ room, topic }) => room.includes(wanted) || topic.toLowerCase().includes(wanted))
    .sort(byName);
  return {
    open: found.filter(({ archived }) => !archived),
    archived: found.filter(({ archived }) => archived),
  };
}

/** Takes what the server told of a room; what this page saw in the room itself may be newer. */
export function told(rooms: Rooms, room: Room__Output): Rooms {
  const known = rooms.get(room.room);
  if (known && known.epoch === room.epoch && known.head > room.head) return rooms;
  return new Map(rooms).set(room.room, room);
}

/** A whole list takes the place of the one before. */
export function listed(rooms: Rooms, list: readonly Room__Output[]): Rooms {
  const fresh = new Map(list.map((room) => [room.room, room]));
  const newer = [...fresh.values()].reduce((all, room) => told(all, room), rooms);
  return new Map([...newer].filter(([name]) => fresh.has(name)));
}

/** A room's settings were seen to change; what the list knows already changes nothing. */
export function settled(
  rooms: Rooms,
  name: string,
  { topic, archived, seq }: { topic: string; archived: boolean; seq: number },
): Rooms {
  const room = rooms.get(name);
  if (!room || seq <= room.head) return rooms;
  return new Map(rooms).set(name, { ...room, topic, archived, head: seq });
}

/** A room is read no longer; how far it went and was read may be more than the list had known. */
export function left(rooms: Rooms, name: string, { head, read }: { head: number; read: number }): Rooms {
  const room = rooms.get(name);
  if (!room) return rooms;
  const further = { head: Math.max(room.head, head), read: Math.max(room.read, read) };
  return new Map(rooms).set(name, { ...room, ...further });
}

/** Where a room's page is. */
export function addressOf(room: string): string {
  return room === lobby ? "/" : `/rooms/${encodeURIComponent(room)}`;
}

/** Which room an address is of. */
export function roomOf(path: string): string {
  const name = /^\/rooms\/([^/]+)$/.exec(path)?.[1];
  try {
    return name === undefined ? lobby : decodeURIComponent(name);
  } catch {
    return lobby;
  }
}

function byName(one: Room__Output, other: Room__Output): number {
  if (one.room === lobby || other.room === lobby) return one.room === lobby ? -1 : 1;
  return one.room < other.room ? -1 : 1;
}
