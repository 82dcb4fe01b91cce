/** Nobody who comes without a token can take the places of gateways and bots. */
const sessions: Share = { most: limits.sessions };
const readers: Share = { most: limits.readers };
const strangers: Share = { most: limits.readersUnknown };

/** What balancers and tools ask for. */
export const watchers: Share = { most: limits.watchers };

/** The calls of ChatService. No error escapes a handler: a rejected one would end the process. */
import type { handleUnaryCall, Metadata, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Chat } from "../chat/chat.ts";
import type { Admission } from "../chat/guests.ts";
import { perform, priceOf } from "../chat/perform.ts";
import { parseName, parseRoom } from "../chat/rules.ts";
import { ChatError, toChatError } from "../protos/errors.ts";
import { lobby } from "../protos/events.ts";
import type { ChatMessage__Output } from "../protos/gen/chat/ChatMessage.ts";
import type { ChatResponse } from "../protos/gen/chat/ChatResponse.ts";
import type { ClientFrame__Output } from "../protos/gen/chat/ClientFrame.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import type { SignInRequest__Output } from "../protos/gen/chat/SignInRequest.ts";
import type { SignOutRequest__Output } from "../protos/gen/chat/SignOutRequest.ts";
import { limits } from "../protos/limits.ts";
import { shuttingDown } from "../protos/partings.ts";
import { type Share, Streams } from "../runtime/grpc_streams.ts";
import type { Journal } from "../runtime/journal.ts";
import { wellFormed } from "./definition.ts";
import { serveSession, type SessionCall } from "./session_call.ts";
import { bearer, statusOf } from "./status.ts";
import { type StreamCall, streamMessages } from "./stream_messages.ts";

/** Each single call beside the tutorial's: the command of a session that it is, and the reply to it that is its answer. */
const singles = {
  say: ["send", "sent"],
  editMessage: ["edit", "sent"],
  deleteMessage: ["delete", "sent"],
  react: ["react", "sent"],
  createRoom: ["createRoom", "room"],
  changeRoom: ["changeRoom", "room"],
  listRooms: ["listRooms", "rooms"],
  describeRoom: ["describeRoom", "room"],
  readHistory: ["read", "page"],
  markRead: ["mark", "done"],
  listPeople: ["who", "names"],
} as const satisfies Record<string, readonly [keyof ClientFrame__Output, keyof ServerFrame]>;

/** All calls. */
export class Calls {
  readonly streams: Streams;
  /** Called with whatever is refused, and why streams end. */
  refused: (error: ChatError) => void = () => {};
  readonly #chat: Chat;
  readonly #journal: Journal;

  constructor(chat: Chat, journal: Journal) {
    this.#chat = chat;
    this.#journal = journal;
    this.streams = new Streams({
      admit: ({ taken, most }) => {
        if (this.streams.draining) throw shuttingDown();
        if (taken >= most) throw full();
      },
      status: (error) => statusOf(this.#known(error)),
    });
  }

  /** How many streams are open. */
  get counts(): { readonly sessions: number; readonly readers: number } {
    const { streams } = this;
    return { sessions: streams.taken(sessions), readers: streams.taken(readers) + streams.taken(strangers) };
  }

  implementation(): UntypedServiceImplementation {
    const { guests } = this.#chat;
    return {
      sendMessage: this.#unary((request: ChatMessage__Output, metadata) =>
        this.#sendMessage(request, metadata)
      ),
      streamMessages: (call: StreamCall) => this.#streamMessages(call),
      session: (call: SessionCall) => this.#session(call),
      signIn: this.#unary(({ name, token }: SignInRequest__Output) => guests.signIn(name, token)),
      signOut: this.#unary(({ token }: SignOutRequest__Output) => guests.signOut(token).then(() => ({}))),
      ...Object.fromEntries(
        Object.keys(singles).map((name) => [name, this.#single(name as keyof typeof singles)]),
      ),
    };
  }

  #unary<Q extends object, A>(answer: (request: Q, metadata: Metadata) => Promise<A>): handleUnaryCall<Q, A> {
    return ({ request, metadata }, reply) => {
      Promise.try(() => {
        // What came before is answered; what comes now goes to another server, not down with the connection.
        if (this.streams.draining) throw shuttingDown();
        return answer(wellFormed(request), metadata);
      }).then(
        (response) => reply(null, response),
        (error) => reply(statusOf(this.#known(error))),
      );
    };
  }

  #single(name: keyof typeof singles): handleUnaryCall<object, unknown> {
    const [command, reply] = singles[name];
    return this.#unary(async (request: object, metadata) => {
      const frame = { id: 0, command, [command]: request } as ClientFrame__Output;
      using guest = await this.#guest(metadata, priceOf(frame));
      return (await perform(this.#chat, guest.principal, frame))?.[reply];
    });
  }

  /** With a token it is the guest's, in any room; without one `username` is taken at its word. */
  async #sendMessage(request: ChatMessage__Output, metadata: Metadata): Promise<ChatResponse> {
    const { username, message, room, clientId } = request;
    using speaker = bearer(metadata) === ""
      ? disposable(this.#chat.guests.openName(username))
      : await this.#guest(metadata);
    if (bearer(metadata) === "" && !speaker.admit()) throw tooFast();
    const by = speaker.principal;
    if (username !== "" && by.id !== "" && parseName(username) !== by.name) {
      throw new ChatError(
        "PERMISSION_DENIED",
        `Cannot speak as ${JSON.stringify(by.name)} under another username: leave username out.`,
      );
    }
    const command = { kind: "send", by, clientId, text: message } as const;
    const into = parseRoom(room);
    const { event, duplicate } = await this.#chat.write(into, command);
    const epoch = this.#chat.epochOf(into);
    return { success: true, message: "Message sent", seq: event.seq, epoch, duplicate };
  }

  #streamMessages(call: StreamCall): void {
    const share = bearer(call.metadata) === "" ? strangers : readers;
    this.streams.run(call, share, async (signals) => {
      const request = wellFormed(call.request);
      if (bearer(call.metadata) !== "") (await this.#guest(call.metadata)).close();
      else {
        parseName(request.username);
        if (parseRoom(request.room) !== lobby) throw signInFirst();
      }
      await streamMessages(call, { chat: this.#chat, request, signals });
    });
  }

  #session(call: SessionCall): void {
    const known = (error: unknown) => this.#known(error);
    this.streams.run(call, sessions, (signals) => serveSession(call, { chat: this.#chat, signals, known }));
  }

  /** The guest of a call's token, who is here until disposed. Rejects with UNAUTHENTICATED, NAME_TAKEN, RESOURCE_EXHAUSTED. */
  async #guest(metadata: Metadata, price = 1): Promise<Admission & Disposable> {
    const token = bearer(metadata);
    if (token === "") throw signInFirst();
    const guest = disposable(await this.#chat.guests.open(token));
    if (guest.admit(price)) return guest;
    guest.close();
    throw tooFast();
  }

  #known(error: unknown): ChatError {
    const known = toChatError(error);
    this.refused(known);
    if (known.code === "INTERNAL") this.#journal.warn("A call ran into a fault of ours.", error);
    return known;
  }
}

function disposable(admission: Admission): Admission & Disposable {
  return { ...admission, [Symbol.dispose]: () => admission.close() };
}

function tooFast(): ChatError {
  return new ChatError("RESOURCE_EXHAUSTED", "Cannot do this: calls come too fast, slow down and try again.");
}

function signInFirst(): ChatError {
  return new ChatError(
    "UNAUTHENTICATED",
    "Cannot do this: it takes a token, call SignIn and send it as `authorization: Bearer <token>`.",
  );
}

function full(): ChatError {
  return new ChatError(
    "RESOURCE_EXHAUSTED",
    "Cannot open one more stream: the server is full, try again later.",
  );
}
