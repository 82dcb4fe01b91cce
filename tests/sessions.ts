/** What a program does at the gRPC door beside the tutorial's calls: single calls with a token, and Session. */
import * as grpc from "@grpc/grpc-js";
import type { ChatServiceClient } from "../protos/gen/chat/ChatService.ts";
import type { ClientFrame } from "../protos/gen/chat/ClientFrame.ts";
import type { Event__Output } from "../protos/gen/chat/Event.ts";
import type { Principal__Output } from "../protos/gen/chat/Principal.ts";
import type { Roster__Output } from "../protos/gen/chat/Roster.ts";
import type { ServerFrame__Output } from "../protos/gen/chat/ServerFrame.ts";
import { eventually } from "./harness.ts";

/** A call by its name. Rejects with its status. */
export function call<A>(client: ChatServiceClient, method: string, request: object, token = ""): Promise<A> {
  const metadata = new grpc.Metadata();
  if (token !== "") metadata.set("authorization", `Bearer ${token}`);
  type Unary = (request: object, metadata: grpc.Metadata, done: grpc.requestCallback<A>) => void;
  return new Promise((resolve, reject) => {
    const unary = (client as unknown as Record<string, Unary>)[method] as Unary;
    unary.call(client, request, metadata, (error, answer) => error ? reject(error) : resolve(answer as A));
  });
}

/** The code of the table that a call was refused with. */
export async function refusalOf(calling: Promise<unknown>): Promise<string> {
  return await calling.then(
    () => "accepted",
    (error: grpc.ServiceError) => String(error.metadata.get("chat-code")[0] ?? error.details),
  );
}

/** A guest who has signed in. */
export interface Guest {
  readonly token: string;
  readonly principal: Principal__Output;
  readonly expires: string;
}

/** Signs in. */
export function signInAs(client: ChatServiceClient, name: string, token = ""): Promise<Guest> {
  return call<Guest>(client, "signIn", { name, token });
}

/** A session that keeps what it was given. */
export class SessionClient implements Disposable {
  readonly frames: ServerFrame__Output[] = [];
  /** How it ended. */
  readonly ended: Promise<grpc.StatusObject>;
  /** Its initial metadata. */
  readonly headers: Promise<grpc.Metadata>;
  readonly #call: ReturnType<ChatServiceClient["session"]>;
  #lastId = 1_000_000;

  constructor(client: ChatServiceClient) {
    this.#call = client.session();
    this.headers = new Promise((resolve) => this.#call.on("metadata", resolve));
    this.ended = new Promise((resolve) => this.#call.on("status", resolve));
    this.#call.on("data", (frame: ServerFrame__Output) => {
      this.frames.push(frame);
    });
    // The status says the same.
    this.#call.on("error", () => {});
  }

  /** A session with a guest of that name on it. */
  static async join(client: ChatServiceClient, name: string): Promise<SessionClient & { guest: Guest }> {
    const guest = await signInAs(client, name);
    const session = Object.assign(new SessionClient(client), { guest });
    await session.ask({ open: { token: guest.token } });
    return session;
  }

  /** Gives commands and waits for nothing. */
  write(...commands: ClientFrame[]): void {
    for (const command of commands) this.#call.write(command);
  }

  /** The reply to a command that was given with an id. */
  async reply(id: number): Promise<ServerFrame__Output> {
    const found = () => this.frames.find((frame) => frame.id === id);
    await this.until(() => found() !== undefined, `the reply ${id}`);
    return found() as ServerFrame__Output;
  }

  /** Gives a command and waits for its reply, whatever that is. */
  ask(command: ClientFrame): Promise<ServerFrame__Output> {
    const id = ++this.#lastId;
    this.write({ id, ...command });
    return this.reply(id);
  }

  /** The code that a command is refused with. */
  async refused(command: ClientFrame): Promise<string> {
    const { refused } = await this.ask(command);
    return refused?.code ?? "accepted";
  }

  /** All events that it was given, in the order of arrival. */
  get events(): Event__Output[] {
    return this.frames.flatMap(({ batch }) => batch?.events ?? []);
  }

  /** The newest roster of a room. */
  roster(room = "lobby"): Roster__Output | undefined {
    return this.frames.findLast(({ roster }) => roster?.room === room)?.roster ?? undefined;
  }

  /** Waits until a condition holds. */
  async until(holds: () => boolean, what: string): Promise<void> {
    await eventually(holds, { what });
  }

  /** Waits for so many events, and gives them. */
  async count(events: number): Promise<Event__Output[]> {
    await this.until(() => this.events.length >= events, `${events} events`);
    return this.events;
  }

  /** Says that no more commands come. */
  end(): void {
    this.#call.end();
  }

  /** Takes nothing more from the wire, until it is told to go on. */
  pause(): void {
    this.#call.pause();
  }

  resume(): void {
    this.#call.resume();
  }

  [Symbol.dispose](): void {
    this.#call.cancel();
  }
}
