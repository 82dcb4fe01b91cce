/** What one person may do besides reading live: the commands that both a session and a single call know. */
import { readBack } from "../feed/begin.ts";
import { ChatError } from "../protos/errors.ts";
import { lobby, type Principal } from "../protos/events.ts";
import type { ClientFrame__Output as ClientFrame } from "../protos/gen/chat/ClientFrame.ts";
import type { ListRooms__Output as ListRooms } from "../protos/gen/chat/ListRooms.ts";
import type { Read__Output as Read } from "../protos/gen/chat/Read.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { limits } from "../protos/limits.ts";
import type { Chat } from "./chat.ts";
import type { Command } from "./decide.ts";
import { parseRoom } from "./rules.ts";

/**
 * Carries out a command as somebody; undefined if it is not one of these. Begins its work before it returns, so that
 * commands given one after the other keep their order. Rejects with what was refused.
 */
export function perform(
  chat: Chat,
  by: Principal,
  { send, edit, delete: remove, react, mark, createRoom, changeRoom, listRooms, describeRoom, read, who }:
    ClientFrame,
): Promise<ServerFrame> | undefined {
  const store = (room: string, command: Command) => write(chat, parseRoom(room), command);
  if (send) {
    const { room, clientId, text, replyTo } = send;
    return store(room, { kind: "send", by, clientId, text, replyTo });
  }
  if (edit) {
    const { room, clientId, target, text } = edit;
    return store(room, { kind: "edit", by, clientId, target, text });
  }
  if (remove) {
    return store(remove.room, { kind: "delete", by, clientId: remove.clientId, target: remove.target });
  }
  if (react) {
    const { room, clientId, target, emoji, remove } = react;
    return store(room, { kind: "react", by, clientId, target, emoji, remove });
  }
  if (createRoom) {
    mustBeGuest(by, "make a room");
    const { room, clientId, topic } = createRoom;
    return settle(chat, room, { kind: "create", by, clientId, topic });
  }
  if (changeRoom) {
    const { room, clientId, topic, archived } = changeRoom;
    const change = changeRoom.change === "topic" ? { topic: topic ?? "" } : { archived: archived ?? false };
    return settle(chat, room, { kind: "change", by, clientId, ...(changeRoom.change && change) });
  }
  const visible = (room: string) => mayRead(parseRoom(room), by);
  if (mark) {
    mustBeGuest(by, "keep how far you have read");
    return chat.mark(parseRoom(mark.room), by, mark.seq).then(() => ({ done: {} }));
  }
  if (listRooms) {
    mustBeGuest(by, "list the rooms");
    return Promise.resolve({ rooms: { rooms: list(chat, by, listRooms) } });
  }
  if (describeRoom) return chat.describe(visible(describeRoom.room), by).then((room) => ({ room }));
  if (read) return readPage(chat, visible(read.room), read);
  if (who) {
    const { after, count } = who;
    const room = visible(who.room);
    return chat.find(room).then(() => ({
      names: chat.rosters.names(room, { after, count: pageSize(count) }),
    }));
  }
  return undefined;
}

/** How many commands it counts for: a long list costs as much as many of them. */
export function priceOf({ listRooms, who, read, follow }: Asked): number {
  const listed = listRooms ?? who;
  const given = listed ? pageSize(listed.count) : Math.min(read?.count ?? 0, limits.batchEvents);
  const passed = Math.min(follow?.count ?? 0, limits.replayMost);
  return 1 + Math.floor(given / givenPerCommand + passed / passedPerCommand);
}

/** What may be asked for in bulk. */
type Asked = Pick<Partial<ClientFrame>, "listRooms" | "who" | "read" | "follow">;

/** Rows that are read and sent in the time that one command takes, and events that are only looked at. */
const [givenPerCommand, passedPerCommand] = [50, 500];

async function write(chat: Chat, room: string, command: Command): Promise<ServerFrame> {
  const { event: { seq, timestamp }, duplicate } = await chat.write(room, command);
  return { sent: { seq, epoch: chat.epochOf(room), timestamp, duplicate } };
}

async function settle(chat: Chat, asked: string, command: Command): Promise<ServerFrame> {
  const room = parseRoom(asked);
  await chat.write(room, command);
  return { room: await chat.describe(room, command.by) };
}

function list(chat: Chat, by: Principal, { after, count, archived }: ListRooms) {
  return chat.list(by, { after, count: pageSize(count), archived });
}

async function readPage(chat: Chat, room: string, { after, before, count }: Read): Promise<ServerFrame> {
  if (count < 1 || count > limits.batchEvents) {
    throw new ChatError(
      "INVALID_ARGUMENT",
      `Cannot read ${count} events: ask for 1 to ${limits.batchEvents}.`,
    );
  }
  const feed = await chat.find(room);
  await chat.reach(room, after);
  if (after === feed.tail.head) await chat.reach(room, after + 1, { seen: false });
  const events = before > 0
    ? await readBack(feed, { before: Math.min(before, feed.tail.head + 1), count })
    : feed.tail.slice(after)?.slice(0, count) ?? await feed.read(after, count);
  return {
    page: { room, epoch: chat.epochOf(room), first: events[0]?.seq ?? after + 1, events: [...events] },
  };
}

function pageSize(asked: number): number {
  return Math.min(asked || limits.replayDefault, limits.batchEvents);
}

/** The room, if they may read it: all may read the lobby. Throws UNAUTHENTICATED. */
export function mayRead(room: string, by: Principal): string {
  if (room !== lobby) mustBeGuest(by, `read "${room}"`);
  return room;
}

/** Throws UNAUTHENTICATED for a name that was taken at its word; `act` is what they cannot do. */
export function mustBeGuest(by: Principal, act: string): void {
  if (by.id !== "") return;
  throw new ChatError(
    "UNAUTHENTICATED",
    `Cannot ${act}: it takes a person who has signed in, sign in first.`,
  );
}
