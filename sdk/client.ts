/** A client of a chat server, the same on both doors. `connect` makes one. */
import { ChatError } from "../protos/errors.ts";
import { lobby, type Principal, type RoomBatch, type RoomEvent } from "../protos/events.ts";
import type { Names__Output as Names } from "../protos/gen/chat/Names.ts";
import type { Room__Output as Room } from "../protos/gen/chat/Room.ts";
import type { Sent__Output as Sent } from "../protos/gen/chat/Sent.ts";
import type { Command } from "./commands.ts";
import type { Connection } from "./connection.ts";
import type { FollowOptions } from "./follow.ts";
import type { Bodies, Frame } from "./frames.ts";
import type { Told } from "./reading.ts";
import type { Session } from "./session.ts";

/** How to wait for an answer. */
export interface WaitOptions {
  /** Gives the wait up, and rejects with the signal's reason. What was sent may be carried out all the same. */
  readonly signal?: AbortSignal;
}

/** In which room; `lobby` if it is left out. */
interface InRoom {
  readonly room?: string;
}

/** What changes a room, once. */
interface Once extends InRoom {
  /** At most 64 bytes. What was accepted under it once is not accepted again. By default a fresh one. */
  readonly clientId?: string;
}

/** A message to change. */
interface OnMessage extends Once {
  /** Its seq. */
  readonly target: number;
}

/** A page of a list. */
interface Page {
  /** Names that come after this one; the first page if it is left out. */
  readonly after?: string;
  /** 1 to 500; 100 if it is left out. */
  readonly count?: number;
}

/**
 * A client. It comes back by itself, and what was not answered is sent again under the same `clientId`, in order.
 *
 * Each command resolves with the server's answer, or rejects with a {@linkcode ChatError}: the refusal; INVALID_ARGUMENT,
 * before it is sent, if it has half a character in it or is too long; UNAVAILABLE if the client was closed first, or if
 * ten connections broke while it was the first under way, so that one command cannot hold up all others for ever. A refusal that may pass is not given to the caller: the command waits, those behind
 * it too, and is tried again until `signal` aborts.
 */
export class Client implements AsyncDisposable {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Who this is. Throws FAILED_PRECONDITION before anybody was let in, which `connect` waits for. */
  get principal(): Principal {
    if (this.#session.principal) return this.#session.principal;
    throw new ChatError(
      "FAILED_PRECONDITION",
      "Cannot tell who this is: nobody was let in yet, connect first.",
    );
  }

  /** Proves who this is, also to a later process, for 30 days. A secret. */
  get token(): string {
    return this.#session.token;
  }

  /** How the line to the server stands at the moment. */
  get connection(): Connection {
    return this.#session.connection;
  }

  /**
   * Follows a room: each event once, in order, across lost connections. The loop sets the pace: while it holds an
   * item, a bounded number of further ones is read ahead, and the rest stays in the room's log.
   *
   * Throws INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, FAILED_PRECONDITION (the room is followed already, or
   * another follow keeps its cursor in the same file), what the cursor's store throws, and why the client was closed; ends by itself when the caller closed it.
   */
  follow(room: string = lobby, options: FollowOptions = {}): AsyncGenerator<Told, void, void> {
    return this.#session.follow(room, options);
  }

  /** Says something. `replyTo` is the seq of a message of the room. */
  send(
    { text, replyTo = 0, ...once }: Once & { text: string; replyTo?: number },
    options?: WaitOptions,
  ): Promise<Sent> {
    return this.#change("sent", { ...once, ...options }, (at) => ({ send: { ...at, text, replyTo } }));
  }

  /** Gives an own message another text. */
  edit({ target, text, ...once }: OnMessage & { text: string }, options?: WaitOptions): Promise<Sent> {
    return this.#change("sent", { ...once, ...options }, (at) => ({ edit: { ...at, target, text } }));
  }

  /** Takes the text of an own message away for good. */
  delete({ target, ...once }: OnMessage, options?: WaitOptions): Promise<Sent> {
    return this.#change("sent", { ...once, ...options }, (at) => ({ delete: { ...at, target } }));
  }

  /** Puts one emoji on a message. */
  react({ target, emoji, ...once }: OnMessage & { emoji: string }, options?: WaitOptions): Promise<Sent> {
    return this.#change("sent", { ...once, ...options }, (at) => ({ react: { ...at, target, emoji } }));
  }

  /** Takes one emoji off a message. */
  unreact({ target, emoji, ...once }: OnMessage & { emoji: string }, options?: WaitOptions): Promise<Sent> {
    return this.#change(
      "sent",
      { ...once, ...options },
      (at) => ({ react: { ...at, target, emoji, remove: true } }),
    );
  }

  /** Makes a room. ALREADY_EXISTS if there is one of that name. */
  createRoom(
    { topic = "", ...once }: Once & { room: string; topic?: string },
    options?: WaitOptions,
  ): Promise<Room> {
    return this.#change("room", { ...once, ...options }, (at) => ({ createRoom: { ...at, topic } }));
  }

  /** Changes what an own room is for. */
  setTopic({ topic, ...once }: Once & { room: string; topic: string }, options?: WaitOptions): Promise<Room> {
    return this.#change("room", { ...once, ...options }, (at) => ({ changeRoom: { ...at, topic } }));
  }

  /** Archives an own room, so that it can only be read, or brings it back. */
  setArchived(
    { archived, ...once }: Once & { room: string; archived: boolean },
    options?: WaitOptions,
  ): Promise<Room> {
    return this.#change("room", { ...once, ...options }, (at) => ({ changeRoom: { ...at, archived } }));
  }

  /** Lists rooms by name; fewer than asked for means that these are the last. */
  async listRooms(
    { after = "", count = 100, archived = false }: Page & { archived?: boolean } = {},
    options?: WaitOptions,
  ): Promise<readonly Room[]> {
    return (await this.#ask(
      "rooms",
      options,
      (person) => ({ listRooms: { person, after, count, archived } }),
    )).rooms;
  }

  /** Tells about one room. */
  describeRoom({ room = lobby }: InRoom = {}, options?: WaitOptions): Promise<Room> {
    return this.#ask("room", options, (person) => ({ describeRoom: { person, room } }));
  }

  /** Fetches stored events once: the first `count` (1 to 500) after `after`, or the last ones before `before`. */
  async read(
    { room = lobby, after = 0, before = 0, count = 100 }: InRoom & {
      after?: number;
      before?: number;
      count?: number;
    },
    options?: WaitOptions,
  ): Promise<RoomBatch> {
    const asked: Command = (person) => ({ read: { person, room, after, before, count } });
    const { events, ...page } = await this.#ask("page", options, asked);
    return { ...page, events: events.filter((event): event is RoomEvent => !("unknown" in event)) };
  }

  /** Keeps how far the person has read, up to and including `seq`, for all their devices. */
  async mark({ room = lobby, seq }: InRoom & { seq: number }, options?: WaitOptions): Promise<void> {
    await this.#ask("done", options, (person) => ({ mark: { person, room, seq } }));
  }

  /** Lists who is in a room, by name, and how many there are. */
  who({ room = lobby, after = "", count = 100 }: InRoom & Page = {}, options?: WaitOptions): Promise<Names> {
    return this.#ask("names", options, (person) => ({ who: { person, room, after, count } }));
  }

  /** Shows the person as being in a room until `gone`, also after a lost connection. */
  async presence(
    { room = lobby, gone = false }: InRoom & { gone?: boolean } = {},
    options?: WaitOptions,
  ): Promise<void> {
    this.#session.show(room, gone);
    await this.#ask("done", options, (person) => ({ presence: { person, room, gone } }));
  }

  /**
   * Shows the person as writing, for 6 s or until `stopped`. It may be lost: say it again while it lasts. Throws
   * INVALID_ARGUMENT for what can be no room.
   */
  typing({ room = lobby, stopped = false }: InRoom & { stopped?: boolean } = {}): void {
    this.#session.tell((person) => ({ typing: { person, room, stopped } }));
  }

  /** Resolves when the client is closed: with the error that ended it, or without one if the caller closed it. */
  closed(): Promise<ChatError | undefined> {
    return this.#session.closed;
  }

  /** Ends it. What is not answered yet is rejected, and may have been carried out. */
  async close(): Promise<void> {
    await this.#session.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #change<Is extends keyof Bodies>(
    is: Is,
    { room = lobby, clientId, signal }: Once & WaitOptions,
    command: (at: { person: number; room: string; clientId: string }) => ReturnType<Command>,
  ): Promise<Bodies[Is]> {
    // What goes again without an id would be stored again.
    const once = clientId || crypto.randomUUID();
    const give: Command = (person) => command({ person, room, clientId: once });
    return bodyOf(await this.#session.give(give, { ordered: true, signal }), is);
  }

  async #ask<Is extends keyof Bodies>(
    is: Is,
    options: WaitOptions | undefined,
    command: Command,
  ): Promise<Bodies[Is]> {
    return bodyOf(await this.#session.give(command, { ordered: false, signal: options?.signal }), is);
  }
}

function bodyOf<Is extends keyof Bodies>(frame: Frame, is: Is): Bodies[Is] {
  if (frame.is === is) return frame.body as Bodies[Is];
  throw new ChatError("INTERNAL", `Cannot tell what became of it: "${frame.is}" came where "${is}" was due.`);
}
