/**
 * One client's session: commands in, replies and events out, whatever the wire. Commands are begun in the
 * order they come, so one client's sends keep theirs; replies come when they are ready, by id.
 */
import { parseStart, type Start } from "../feed/begin.ts";
import { follow } from "../feed/follow.ts";
import { ChatError, toChatError } from "../protos/errors.ts";
import { lobby, type RoomBatch } from "../protos/events.ts";
import type { ClientFrame__Output as ClientFrame } from "../protos/gen/chat/ClientFrame.ts";
import type { Follow__Output as Follow } from "../protos/gen/chat/Follow.ts";
import type { Followed } from "../protos/gen/chat/Followed.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { limits } from "../protos/limits.ts";
import type { Chat } from "./chat.ts";
import { tooFast } from "./guests.ts";
import { priceOf } from "./perform.ts";
import { parseRoom } from "./rules.ts";
import { SessionPeople } from "./session_people.ts";

/** Where a session's frames go. */
export interface Outlet {
  /** Sends a frame; resolves when the next one may be sent. Rejects when the client takes nothing any more. */
  write(frame: ServerFrame): Promise<void>;
  /** The same for new events, which many sessions are sent alike. */
  writeBatch(batch: RoomBatch): Promise<void>;
  /** Sends a room's roster when the client takes it, unless there is a newer one by then. */
  signal(frame: ServerFrame): void;
  /** The session cannot go on. */
  fail(error: ChatError): void;
  /** Makes what was thrown an error for the client; a fault of ours is told to the operator. */
  known(error: unknown): ChatError;
}

/** One client's session. */
export class Session {
  readonly #chat: Chat;
  readonly #out: Outlet;
  readonly #people: SessionPeople;
  readonly #readers = new Map<string, AbortController>();
  /** Those who will read once it is known where they begin. */
  readonly #beginning = new Map<string, AbortController>();
  readonly #stop = new AbortController();
  #pages: Promise<void> = Promise.resolve();
  #looks: Promise<unknown> = Promise.resolve();

  constructor(chat: Chat, out: Outlet) {
    this.#chat = chat;
    this.#out = out;
    this.#people = new SessionPeople(chat, {
      sendAway: (why) => out.fail(why),
      closed: (person, { code, message }) => void this.#write({ closed: { person, code, message } }),
    });
  }

  /** How many commands may wait for their answers; past it the client has to wait. */
  get commandsMost(): number {
    return this.#people.commandsMost;
  }

  /** Begins a command; its reply is written later, also when it is refused. Resolves after that. */
  async handle(frame: ClientFrame): Promise<void> {
    if (frame.command === "heartbeat") return void this.#people.admit();
    if (!frame.read && !frame.listRooms && !frame.who) return await this.#answer(frame);
    // One page at a time, each taken by the client before the next is read: they are big, and cheap to ask for.
    return await (this.#pages = this.#pages.then(() => this.#answer(frame)));
  }

  /** Refuses what came, and was no frame; its id is 0 if that could not be read either. Resolves when the client has taken that. */
  refuse(error: ChatError, id: number): Promise<void> {
    return this.#write({ id, ...refusal(this.#people.admit() ? error : tooFast()) });
  }

  /** Stops reading, and lets go of the people. What was sent is still stored. */
  close(): void {
    this.#stop.abort();
    for (const reader of this.#readers.values()) reader.abort();
    this.#people.close();
  }

  async #answer(frame: ClientFrame): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const reply = await this.#carryOut(frame).catch((error) => refusal(this.#out.known(error)));
    if (this.#stop.signal.aborted) return;
    const { followed } = reply;
    // Whoever read the room before stops before the reply is written: what comes behind it is the new reader's.
    const reader = followed && this.#replaceReader(String(followed.room));
    await this.#write({ id: isId(frame.id) ? frame.id : 0, ...reply });
    if (followed && reader && !reader.signal.aborted) this.#read(followed, reader.signal);
  }

  // Async, so that whatever is thrown becomes a refusal; still begins its work before it returns.
  async #carryOut(frame: ClientFrame): Promise<ServerFrame> {
    if (!isId(frame.id)) {
      this.#people.pace();
      throw new ChatError(
        "INVALID_ARGUMENT",
        "Cannot carry out a command: it has no id, or too large a one; choose one from 1 to 2^53 - 1.",
      );
    }
    if (isSeveral(frame)) {
      this.#people.pace();
      throw new ChatError(
        "INVALID_ARGUMENT",
        "Cannot carry out a command: there are several in one frame, send them in frames of their own.",
      );
    }
    const { open, close, follow, unfollow, presence, typing } = frame;
    if (open) return await this.#people.open(open);
    if (close) return this.#people.leave(close.person);
    if (follow) return await this.#follow(follow);
    if (unfollow) return this.#unfollow(parseRoom(unfollow.room));
    const found = this.#people.find(handleOf(frame), readsLobby(frame));
    // Not waited for if there is nothing to wait for: the sends of one who is let in keep their order.
    const person = found instanceof Promise ? await found : found;
    if (presence) return person.setPresence(await this.#existing(presence.room), !presence.gone);
    if (typing) return person.setTyping(await this.#existing(typing.room), !typing.stopped);
    const performed = person.perform(frame);
    if (performed) return await performed;
    throw new ChatError(
      "UNIMPLEMENTED",
      "Cannot carry out a command: this server does not know it, use a newer one.",
    );
  }

  async #follow(asked: Follow): Promise<ServerFrame> {
    const room = parseRoom(asked.room);
    const beginning = new AbortController();
    this.#beginning.get(room)?.abort();
    this.#beginning.set(room, beginning);
    try {
      return await this.#begin(room, asked, beginning.signal);
    } catch (error) {
      // Or names of rooms that are not there would pile up.
      if (this.#beginning.get(room) === beginning) this.#beginning.delete(room);
      throw error;
    }
  }

  async #begin(room: string, asked: Follow, signal: AbortSignal): Promise<ServerFrame> {
    const person = await this.#people.find(asked.person, room === lobby);
    person.pace(priceOf({ follow: asked }));
    person.mayRead(room);
    const start = parseStart(asked);
    await this.#existing(room);
    if (!this.#readers.has(room) && this.#readers.size >= limits.streamRooms) {
      throw new ChatError(
        "RESOURCE_EXHAUSTED",
        `Cannot follow "${room}": at most ${limits.streamRooms} rooms can be followed on one session.`,
      );
    }
    const begun = await this.#look(room, start, signal);
    if (!begun || signal.aborted) {
      throw new ChatError(
        "UNAVAILABLE",
        `Cannot follow "${room}": another follow or unfollow came first, follow again.`,
      );
    }
    return { followed: { room, ...begun } };
  }

  /** One at a time: it may take thousands of stored events to find a place, and is cheap to ask for. */
  #look(room: string, start: Start, signal: AbortSignal) {
    // Nothing to look for; and where a cursor is ahead of this node, others would wait with it.
    if (start.replay === "RESUME") return this.#chat.begin(room, start);
    const look = this.#looks.then(() => {
      const isWanted = !signal.aborted && !this.#stop.signal.aborted;
      return isWanted ? this.#chat.begin(room, start) : undefined;
    });
    this.#looks = look.catch(() => {});
    return look;
  }

  #unfollow(room: string): ServerFrame {
    if (!this.#beginning.has(room) && !this.#readers.has(room)) this.#people.pace();
    this.#beginning.get(room)?.abort();
    this.#beginning.delete(room);
    this.#readers.get(room)?.abort();
    this.#readers.delete(room);
    return { done: {} };
  }

  /** The room's name. Rejects with NOT_FOUND. */
  async #existing(asked: string): Promise<string> {
    return (await this.#chat.find(parseRoom(asked))).room;
  }

  /** The one who was about to read reads from now on. */
  #replaceReader(room: string): AbortController {
    this.#readers.get(room)?.abort();
    const reader = this.#beginning.get(room) ?? new AbortController();
    this.#beginning.delete(room);
    this.#readers.set(room, reader);
    return reader;
  }

  async #read({ room: name, epoch = "", after }: Followed, signal: AbortSignal): Promise<void> {
    const room = String(name);
    const unwatch = this.#chat.rosters.watch(room, (roster) => {
      const { names, typing } = roster;
      this.#out.signal({ roster: { ...roster, names: [...names], typing: [...typing] } });
    });
    signal.addEventListener("abort", unwatch, { once: true });
    try {
      const cursor = { epoch, after: Number(after) };
      for await (const batch of follow(this.#chat.feed(room), cursor, { signal })) {
        if (signal.aborted) return;
        await this.#out.writeBatch(batch);
      }
      if (signal.aborted) return;
      // Whoever reads would wait for ever.
      throw new ChatError(
        "UNAVAILABLE",
        `Cannot go on in "${room}": it is not what it was, follow it again.`,
      );
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#out.fail(this.#out.known(error));
    }
  }

  /** Resolves when the client has taken it, so that the commands in flight bound what waits for the client. */
  #write(frame: ServerFrame): Promise<void> {
    return this.#out.write(frame).catch((error) => this.#out.fail(toChatError(error)));
  }
}

/** True for a frame that was put together by hand: a parser gives each member of a oneof that was sent. */
function isSeveral({ id: _, command: __, ...commands }: ClientFrame): boolean {
  return Object.values(commands).filter((command) => command !== undefined && command !== null).length > 1;
}

/** Larger ones are rounded, so that their reply would go to another command. */
function isId(id: number): boolean {
  return id > 0 && Number.isSafeInteger(id);
}

/** The handle that a command is given under; 0 for the person who came last. */
function handleOf(frame: ClientFrame): number {
  const command = frame.command && frame[frame.command];
  return command && "person" in command ? command.person : 0;
}

/** True for what may be asked without a person: to read the lobby. */
function readsLobby({ read }: ClientFrame): boolean {
  return read ? parseRoom(read.room) === lobby : false;
}

function refusal({ code, message, retry }: ChatError): ServerFrame {
  return { refused: { code, message, retry } };
}
