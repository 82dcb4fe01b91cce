/** What the commands of one browser do: one person, who acts, follows rooms and fetches pages. */
import { ChatError } from "../protos/errors.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { limits } from "../protos/limits.ts";
import { type Due, later } from "../runtime/wheel.ts";
import type { Bridge } from "./bridge.ts";
import { type Act, type Body, type Command, isAct } from "./commands.ts";
import { encodeFrames, encodePage } from "./frames.ts";
import type { Person } from "./person.ts";
import { Readings } from "./readings.ts";
import type { Socket } from "./socket.ts";

/** A reply: its text once the browser can take it, and what begins behind it. */
export interface Reply {
  readonly encode: (id: number) => string;
  readonly begin?: () => void;
}

/** Who asks. */
export interface BrowserCommandsOptions {
  readonly bridge: Bridge;
  readonly socket: Socket;
  /** Tells who it is. */
  readonly token: string;
  /** Nothing more can be done on this socket. */
  readonly end: (why: ChatError) => void;
}

/** The one handle on this door. */
const handle = 1;

/** The commands of a socket. */
export class BrowserCommands {
  readonly #options: BrowserCommandsOptions;
  readonly #readings: Readings;
  #person: Person | undefined;
  #opening: Due | undefined;

  constructor(options: BrowserCommandsOptions) {
    const { bridge, socket, end } = this.#options = options;
    this.#readings = new Readings({
      bridge,
      socket,
      person: () => this.#person,
      lost: (why) => end(comeBack(why)),
    });
  }

  /** A socket on which nobody is opened only takes the place of another one. */
  awaitPerson(): void {
    this.#opened();
    if (this.#options.socket.isGone) return;
    this.#opening = later(limits.openingMs, () => this.#options.socket.close(unopened()));
  }

  /** Begins a command before it returns. Rejects with what was refused. */
  // Async, so that whatever is thrown becomes a rejection.
  // deno-lint-ignore require-await
  async carryOut(command: Command): Promise<Reply> {
    if ("person" in command.body) checkHandle(command.body.person);
    if (isAct(command)) return this.#act(command);
    switch (command.is) {
      case "open":
        return this.#open(command.body);
      case "close":
        return this.#close();
      case "follow":
        return this.#follow(command.body);
      case "unfollow":
        this.#readings.unfollow(command.body.room);
        return replyOf({ done: {} });
      case "read":
        return this.#read(command.body);
      default:
        throw new TypeError(`Cannot carry out "${command.is}": it has no reply.`);
    }
  }

  /** Stops what goes on by itself. Commands are still answered. */
  stopReading(): void {
    this.#readings.stop();
  }

  /** The socket is gone. */
  close(): void {
    this.#opened();
    this.#readings.stop();
    this.#person?.close();
  }

  /** What ChatService does for a person: its reply is passed on as it is. */
  async #act(act: Act): Promise<Reply> {
    const { frame, ...reply } = await this.#here().ask(act);
    return replyOf(frame ? { [frame]: reply[frame] } : {});
  }

  async #open({ username, token }: Body<"open">): Promise<Reply> {
    if (username !== "") {
      throw new ChatError(
        "INVALID_ARGUMENT",
        "Cannot open a person by name here: this door knows who you are from your token, leave the name out.",
      );
    }
    this.#person?.close();
    const { bridge, end } = this.#options;
    const ended = (why: ChatError) => this.#person === person && end(why);
    const person: Person = bridge.open({ token: token || this.#options.token }, { ended });
    this.#person = person;
    this.#opened();
    try {
      const principal = await person.opened;
      return replyOf({ opened: { person: handle, principal } });
    } catch (error) {
      person.close();
      if (this.#person === person) this.#leave();
      throw error;
    }
  }

  #close(): Reply {
    this.#here().close();
    this.#readings.stop();
    this.#leave();
    return replyOf({ done: {} });
  }

  /** Answers where the reader stands; the batches follow on the answer. */
  async #follow(body: Body<"follow">): Promise<Reply> {
    const { followed, run } = await this.#readings.follow(body);
    return { ...replyOf({ followed: { ...followed } }), begin: () => this.#options.socket.run(run) };
  }

  async #read(body: Body<"read">): Promise<Reply> {
    const page = await this.#readings.read(body);
    return { encode: (id) => encodePage(id, page()) };
  }

  #here(): Person {
    if (this.#person) return this.#person;
    throw new ChatError(
      "FAILED_PRECONDITION",
      "Cannot carry out a command: nobody is open here, open a person first.",
    );
  }

  #opened(): void {
    this.#opening?.cancel();
    this.#opening = undefined;
  }

  #leave(): void {
    this.#person = undefined;
    this.awaitPerson();
  }
}

/** A reply that is one frame. */
export function replyOf(frame: ServerFrame): Reply {
  return { encode: (id) => encodeFrames({ id, ...frame }) };
}

/** Those whose replies hold up to 500 of something. */
export function isBig({ is }: Command): boolean {
  return is === "read" || is === "listRooms" || is === "who";
}

function checkHandle(person: number): void {
  if (person === 0 || person === handle) return;
  throw new ChatError(
    "FAILED_PRECONDITION",
    `Cannot act for person ${person}: nobody is open under it, open them first.`,
  );
}

/** Following again tells for each room what became of it. */
function comeBack(why: ChatError): ChatError {
  return new ChatError(
    "UNAVAILABLE",
    "Cannot go on: a room cannot be read any more, come back and follow again.",
    { cause: why },
  );
}

function unopened(): ChatError {
  return new ChatError(
    "SILENT",
    `Cannot go on: nobody was opened for ${limits.openingMs / 1_000} s, come back and open a person at once.`,
  );
}
