/** One person's session: the line, the commands on it, and the rooms that are followed. */
import { ChatError } from "../protos/errors.ts";
import { lobby, type Principal } from "../protos/events.ts";
import { checkCommand } from "./check.ts";
import { type Command, Commands } from "./commands.ts";
import type { Connection } from "./connection.ts";
import { endable } from "./endable.ts";
import { Follow, type FollowOptions } from "./follow.ts";
import type { Frame } from "./frames.ts";
import { firstId, type Identity, Line, type Timing } from "./line.ts";
import type { Told } from "./reading.ts";
import type { Transport } from "./transport.ts";

/** How a session behaves. */
export interface SessionOptions {
  readonly timing: Timing;
  /** How many commands that change a room are under way at a time. */
  readonly depth: number;
  /** 0 up to 1. */
  readonly random: () => number;
  readonly onConnection: (connection: Connection) => void;
}

/** The session. It comes back by itself. */
export class Session {
  readonly #line: Line;
  readonly #commands: Commands;
  readonly #follows = new Map<string, Follow>();
  readonly #present = new Set<string>();
  readonly #random: () => number;
  #person = 0;
  #lastId = firstId;

  /** Begins to connect. */
  constructor(transport: Transport, identity: Identity, options: SessionOptions) {
    const { timing, depth, random, onConnection } = options;
    this.#random = random;
    this.#commands = new Commands({
      depth,
      random,
      rate: transport.rate,
      nextId: () => ++this.#lastId,
      send: (frame) => this.#line.send(frame),
    });
    this.#line = new Line(transport, identity, {
      timing,
      random,
      events: {
        onLive: (person) => this.#live(person),
        onFrame: (frame) => this.#take(frame),
        onLost: (why) => this.#lost(why),
        onConnection,
      },
    });
    this.#line.closed.then((why) => this.#end(why));
  }

  /** Resolves when the person was let in for the first time; rejects if that will not be. */
  get opened(): Promise<void> {
    return this.#line.opened;
  }

  /** Resolves when it is closed for good, with the error if there is one. */
  get closed(): Promise<ChatError | undefined> {
    return this.#line.closed;
  }

  get connection(): Connection {
    return this.#line.connection;
  }

  get principal(): Principal | undefined {
    return this.#line.principal;
  }

  get token(): string {
    return this.#line.token;
  }

  /** Gives a command, as often as need be, and resolves with its answer. Rejects with its refusal. */
  async give(
    command: Command,
    options: { ordered: boolean; signal?: AbortSignal | undefined },
  ): Promise<Frame> {
    checkCommand(command(this.#person));
    if (this.connection.is === "closed") throw closedError(this.connection.why);
    return await this.#commands.give(command, options);
  }

  /** Gives a command once, if there is a wire; nobody waits for its answer. Throws INVALID_ARGUMENT. */
  tell(command: Command): void {
    checkCommand(command(this.#person));
    if (this.#person === 0) return;
    this.#line.send({ id: ++this.#lastId, ...command(this.#person) });
  }

  /** Keeps a person shown in a room, or no longer, whatever becomes of the wire. Throws INVALID_ARGUMENT. */
  show(room: string, gone: boolean): void {
    checkCommand({ presence: { room } });
    if (gone) this.#present.delete(roomName(room));
    else this.#present.add(roomName(room));
  }

  /** Follows a room. Throws INVALID_ARGUMENT, and FAILED_PRECONDITION if it is followed already. */
  follow(room: string, options: FollowOptions): AsyncGenerator<Told, void, void> {
    const follow = new Follow(roomName(room), {
      follow: (command) => {
        checkCommand({ follow: command });
        if (this.#person === 0) return 0;
        const id = ++this.#lastId;
        this.#line.send({ id, follow: { ...command, person: this.#person } });
        return id;
      },
      unfollow: (room) => this.tell(() => ({ unfollow: { room } })),
      random: this.#random,
    }, options);
    return endable(this.#told(follow), () => follow.end(undefined));
  }

  async close(): Promise<void> {
    await this.#line.close();
  }

  async *#told(follow: Follow): AsyncGenerator<Told, void, void> {
    const { room } = follow;
    if (this.#follows.has(room)) {
      throw new ChatError(
        "FAILED_PRECONDITION",
        `Cannot follow "${room}": this client follows it already, share that loop or connect another client.`,
      );
    }
    if (this.connection.is === "closed") {
      if (this.connection.why) throw this.connection.why;
      return;
    }
    this.#follows.set(room, follow);
    try {
      yield* follow.told();
    } finally {
      this.#follows.delete(room);
    }
  }

  #live(person: number): void {
    this.#person = person;
    for (const follow of this.#follows.values()) follow.ask();
    for (const room of this.#present) this.tell((person) => ({ presence: { person, room } }));
    this.#commands.live(person);
  }

  #lost(why: ChatError): void {
    this.#person = 0;
    for (const follow of this.#follows.values()) follow.lost();
    this.#commands.lost(why);
  }

  #take(frame: Frame): void {
    const byRoom = frame.is === "batch" || frame.is === "roster" ||
      (frame.is === "followed" && frame.id === 0);
    const follow = byRoom
      ? this.#follows.get(frame.body.room)
      : [...this.#follows.values()].find((follow) => follow.awaits(frame.id));
    if (follow) follow.take(frame);
    else if (frame.id !== 0) this.#commands.take(frame);
  }

  #end(why: ChatError | undefined): void {
    for (const follow of this.#follows.values()) follow.end(why);
    this.#commands.fail(closedError(why));
  }
}

/** A room's name as the server gives it back. */
function roomName(asked: string): string {
  return asked.normalize("NFC") || lobby;
}

function closedError(why: ChatError | undefined): ChatError {
  if (why) return why;
  const message =
    "Cannot tell whether it was done: the client was closed, connect again with the same token.";
  return new ChatError("UNAVAILABLE", message);
}
