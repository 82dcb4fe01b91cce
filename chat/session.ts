/**
 * One client's session: commands in, replies and events out, whatever the wire. Commands are begun in the
 * order they come, so one client's sends keep theirs; replies come when they are ready, by id.
 */
import { beginIn, parseStart } from "../feed/begin.ts";
import { follow } from "../feed/follow.ts";
import { ChatError, toChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import type { ClientFrame__Output as ClientFrame } from "../protos/gen/chat/ClientFrame.ts";
import type { Follow__Output as Follow } from "../protos/gen/chat/Follow.ts";
import type { Read__Output as Read } from "../protos/gen/chat/Read.ts";
import type { Send__Output as Send } from "../protos/gen/chat/Send.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import type { Chat } from "./chat.ts";
import { parseName, parseRoom } from "./rules.ts";

/** Where a session's frames go. */
export interface Outlet {
  /** Sends a frame; resolves when the next one may be sent. Rejects when the client takes nothing any more. */
  write(frame: ServerFrame): Promise<void>;
  /** The session cannot go on. */
  fail(error: ChatError): void;
}

/** One client's session. */
export class Session {
  readonly #chat: Chat;
  readonly #out: Outlet;
  readonly #people = new Map<number, string>();
  readonly #readers = new Map<string, AbortController>();
  readonly #stop = new AbortController();
  #lastPerson = 0;
  #pages = Promise.resolve();

  constructor(chat: Chat, out: Outlet) {
    this.#chat = chat;
    this.#out = out;
  }

  /** Begins a command; its reply is written later, also when it is refused. Resolves after that. */
  async handle(frame: ClientFrame): Promise<void> {
    if (frame.command === "heartbeat") return;
    if (!frame.read) return await this.#answer(frame);
    // One page at a time, each taken by the client before the next is read: they are big, and cheap to ask for.
    return await (this.#pages = this.#pages.then(() => this.#answer(frame)));
  }

  async #answer(frame: ClientFrame): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const reply = await this.#carryOut(frame).catch(refusal);
    if (this.#stop.signal.aborted) return;
    // Whoever read the room before stops before the reply is written: what comes behind it is the new reader's.
    const reader = reply.followed && this.#replaceReader(String(reply.followed.room));
    await this.#write({ id: frame.id, ...reply });
    if (reply.followed && reader) this.#read(String(reply.followed.room), reply.followed, reader);
  }

  /** Refuses what came, and was no frame. */
  refuse(error: ChatError): void {
    this.#write(refusal(error));
  }

  /** Stops reading. What was sent is still stored. */
  close(): void {
    this.#stop.abort();
    for (const reader of this.#readers.values()) reader.abort();
  }

  // Async, so that whatever is thrown becomes a refusal; still begins its work before it returns.
  // deno-lint-ignore require-await
  async #carryOut(frame: ClientFrame): Promise<ServerFrame> {
    if (frame.id === 0) {
      throw new ChatError(
        "INVALID_ARGUMENT",
        "Cannot carry out a command: it has no id, choose one above 0.",
      );
    }
    if (frame.open) return this.#openPerson(frame.open.username);
    if (frame.send) return this.#send(frame.send);
    if (frame.follow) return this.#follow(frame.follow);
    if (frame.read) return this.#page(frame.read);
    if (frame.close) return this.#closePerson(frame.close.person);
    throw new ChatError(
      "UNIMPLEMENTED",
      "Cannot carry out a command: this server does not know it, use a newer one.",
    );
  }

  #openPerson(asked: string): ServerFrame {
    const username = parseName(asked);
    if (this.#people.size >= limits.peoplePerSession) {
      throw new ChatError(
        "RESOURCE_EXHAUSTED",
        "Cannot open one more person: the session is full, use another one.",
      );
    }
    const person = ++this.#lastPerson;
    this.#people.set(person, username);
    return { opened: { person, username } };
  }

  #closePerson(person: number): ServerFrame {
    this.#person(person);
    this.#people.delete(person);
    return { closed: {} };
  }

  async #send({ person, room, clientId, text }: Send): Promise<ServerFrame> {
    const sender = this.#person(person);
    const { event, duplicate } = await this.#chat.send(parseRoom(room), {
      kind: "send",
      sender,
      clientId,
      text,
    });
    return { sent: { seq: event.seq, epoch: this.#chat.epoch, timestamp: event.timestamp, duplicate } };
  }

  async #follow(asked: Follow): Promise<ServerFrame> {
    const room = parseRoom(asked.room);
    const begun = await beginIn(this.#chat.feed(room), parseStart(asked));
    return { followed: { room, ...begun } };
  }

  async #page({ room: asked, after, count }: Read): Promise<ServerFrame> {
    const room = parseRoom(asked);
    if (count < 1 || count > limits.batchEvents) {
      throw new ChatError(
        "INVALID_ARGUMENT",
        `Cannot read ${count} events: ask for 1 to ${limits.batchEvents}.`,
      );
    }
    const events = await this.#chat.feed(room).read(after, count);
    return { page: { room, epoch: this.#chat.epoch, first: after + 1, events: [...events] } };
  }

  #person(handle: number): string {
    const username = this.#people.get(handle);
    if (username !== undefined) return username;
    throw new ChatError(
      "FAILED_PRECONDITION",
      `Cannot act for person ${handle}: nobody is open under it, open them first.`,
    );
  }

  #replaceReader(room: string): AbortController {
    this.#readers.get(room)?.abort();
    const reader = new AbortController();
    this.#readers.set(room, reader);
    return reader;
  }

  async #read(
    room: string,
    { epoch, after }: { epoch?: string; after?: unknown },
    reader: AbortController,
  ): Promise<void> {
    const cursor = { epoch: epoch ?? "", after: Number(after) };
    try {
      for await (const batch of follow(this.#chat.feed(room), cursor, { signal: reader.signal })) {
        if (reader.signal.aborted) return;
        await this.#out.write({ batch: { ...batch, events: [...batch.events] } });
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#out.fail(toChatError(error));
    }
  }

  /** Resolves when the client has taken it, so that the commands in flight bound what waits for the client. */
  #write(frame: ServerFrame): Promise<void> {
    return this.#out.write(frame).catch((error) => this.#out.fail(toChatError(error)));
  }
}

function refusal(error: unknown): ServerFrame {
  const { code, message, retry } = toChatError(error);
  return { refused: { code, message, retry } };
}
