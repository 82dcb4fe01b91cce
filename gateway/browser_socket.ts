/** The door `/ws`: the frames of Session as JSON, for one browser and one person. */
import { beginIn, parseStart, type Start } from "../feed/begin.ts";
import { follow } from "../feed/follow.ts";
import { ChatError } from "../protos/errors.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { limits } from "../protos/limits.ts";
import { silent } from "../protos/partings.ts";
import { Pulse } from "../runtime/pulse.ts";
import type { Bridge } from "./bridge.ts";
import { type BrowserFrame, encodeBatch, encodeFrames, frameId, parseFrame, parseFrames } from "./frames.ts";
import type { Person } from "./people.ts";
import type { Room } from "./room.ts";
import type { Socket } from "./socket.ts";
import type { Link } from "./upstream.ts";

/** Where a reader stands: `Followed` of chat.proto. */
interface Followed {
  readonly room: string;
  readonly epoch: string;
  readonly head: number;
  readonly after: number;
  readonly recovered: boolean;
}

/** Frames of a reply, as this door makes them. */
type Reply = Omit<ServerFrame, "followed"> & { readonly followed?: Followed; readonly begin?: () => void };

/** Serves a browser until its socket is gone. */
export function serveBrowser(socket: Socket, bridge: Bridge): void {
  const browser = new Browser(socket, bridge);
  socket.listen({
    opened: () => browser.begin(),
    heard: (text) => browser.hear(text),
    part: (error, delayMs) => browser.part(error, delayMs),
  });
}

class Browser {
  readonly #socket: Socket;
  readonly #bridge: Bridge;
  readonly #readers = new Map<Room, AbortController>();
  #person: Person | undefined;
  #inFlight = 0;
  #pages = Promise.resolve();
  readonly #pulse: Pulse;

  constructor(socket: Socket, bridge: Bridge) {
    this.#socket = socket;
    this.#bridge = bridge;
    this.#pulse = new Pulse({
      everyMs: limits.heartbeatMs,
      silenceMs: limits.silenceMs,
      beat: () => this.#send({ heartbeat: {} }),
      dead: () => socket.close(silent()),
    });
  }

  begin(): void {
    const { signal } = this.#socket;
    const { link } = this.#bridge;
    if (!link.up && link.tried) this.#tellLink(link);
    this.#bridge.onLink((link) => this.#tellLink(link), { signal });
    signal.addEventListener("abort", () => {
      this.#pulse.stop();
      this.#person?.close();
    }, { once: true });
  }

  hear(text: string | ChatError): void {
    this.#pulse.heard();
    try {
      if (text instanceof ChatError) throw text;
      for (const json of parseFrames(text)) this.#handle(json);
    } catch (error) {
      this.#refuse(0, error);
    }
  }

  part({ code, message, retry }: ChatError, delayMs: number): void {
    for (const reader of this.#readers.values()) reader.abort();
    this.#send({ parting: { code, message, retry, delayMs } });
  }

  /** Begins a command before it returns, so that one browser's sends keep their order; answers it later. */
  #handle(json: unknown): void {
    const id = frameId(json);
    try {
      const frame = parseFrame(json);
      if (frame.heartbeat) return;
      if (id === 0) {
        throw new ChatError(
          "INVALID_ARGUMENT",
          "Cannot carry out a command: it has no id, choose one above 0.",
        );
      }
      if (this.#inFlight >= limits.commandsInFlight) {
        throw new ChatError(
          "RESOURCE_EXHAUSTED",
          "Cannot carry out a command: too many wait for an answer, send fewer at a time.",
        );
      }
      this.#inFlight++;
      const answer = () => this.#answer(id, this.#carryOut(frame));
      // Pages one after the other, each taken before the next is read: they are big, and cheap to ask for.
      this.#socket.run(frame.read ? () => this.#pages = this.#pages.then(answer) : answer);
    } catch (error) {
      this.#refuse(id, error);
    }
  }

  /** Resolves when the browser has taken the reply, so that the commands in flight bound what waits for it. */
  async #answer(id: number, carriedOut: Promise<Reply>): Promise<void> {
    try {
      const { begin, ...reply } = await carriedOut.catch((error) => this.#refusal(error));
      await this.#socket.write(encodeFrames({ id, ...reply }));
      begin?.();
    } finally {
      this.#inFlight--;
    }
  }

  // Async, so that whatever is thrown becomes a refusal; still begins its work before it returns.
  // deno-lint-ignore require-await
  async #carryOut(frame: BrowserFrame): Promise<Reply> {
    if (frame.open) return this.#open(frame.open.username);
    if (frame.send) return this.#say(frame.send);
    if (frame.follow) return this.#follow(this.#bridge.room(frame.follow.room), parseStart(frame.follow));
    if (frame.read) return this.#page(frame.read);
    throw new ChatError(
      "UNIMPLEMENTED",
      "Cannot carry out a command: this server does not know it, reload the page.",
    );
  }

  async #open(username: string): Promise<Reply> {
    this.#person?.close();
    const person = this.#person = this.#bridge.open(username);
    try {
      return { opened: { person: 1, username: await person.opened } };
    } catch (error) {
      person.close();
      if (this.#person === person) this.#person = undefined;
      throw error;
    }
  }

  async #say(
    { room, clientId, text }: { room: string; clientId: string; text: string },
  ): Promise<Reply> {
    if (!this.#person) {
      throw new ChatError(
        "FAILED_PRECONDITION",
        "Cannot send the message: nobody is open here, open a person first.",
      );
    }
    return { sent: await this.#person.send({ room, clientId: clientId || crypto.randomUUID(), text }) };
  }

  /** Answers where the reader stands; the batches follow on the answer. */
  async #follow(room: Room, start: Start): Promise<Reply> {
    this.#readers.get(room)?.abort();
    const reader = new AbortController();
    this.#readers.set(room, reader);
    const signal = AbortSignal.any([reader.signal, this.#socket.signal]);
    const followed = await this.#begin(room, start, signal);
    // Under this follow's own signal: a later one of the same room has stopped it by then.
    return { followed, begin: () => this.#socket.run(() => this.#read(room, followed, signal)) };
  }

  async #begin(
    room: Room,
    start: Start,
    signal: AbortSignal,
  ): Promise<Followed> {
    await room.whenCaughtUp({ signal });
    if (start.replay === "RESUME") await room.whenHolding(start, { signal });
    if (signal.aborted) {
      throw new ChatError(
        "UNAVAILABLE",
        "Cannot follow: another follow or the end came first, follow again.",
      );
    }
    return { room: room.room, ...await beginIn(room, start) };
  }

  async #read(
    room: Room,
    { epoch, after }: { epoch: string; after: number },
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      for await (const batch of follow(room, { epoch, after }, { signal })) {
        await this.#socket.write(encodeBatch(batch));
        after = batch.first + batch.events.length - 1;
      }
      if (signal.aborted) return;
      // The room began another life: the reader is told that what it holds is not this room's past.
      const followed = await this.#begin(room, { replay: "RESUME", epoch, seq: after }, signal).catch(
        (error) => {
          if (!signal.aborted) throw error;
        },
      );
      if (!followed) return;
      ({ epoch, after } = followed);
      this.#send({ followed });
    }
  }

  async #page(
    { room: name, after, count }: { room: string; after: number; count: number },
  ): Promise<Reply> {
    if (count < 1 || count > limits.batchEvents) {
      throw new ChatError(
        "INVALID_ARGUMENT",
        `Cannot read ${count} events: ask for 1 to ${limits.batchEvents}.`,
      );
    }
    const room = this.#bridge.room(name);
    await room.whenCaughtUp({ signal: this.#socket.signal });
    const { epoch } = room.tail;
    const events = room.tail.slice(after)?.slice(0, count) ?? await room.read(after, count);
    return { page: { room: room.room, epoch, first: after + 1, events: [...events] } };
  }

  #tellLink(link: Link): void {
    this.#send({ link: link.up ? { up: true } : { up: false, message: link.message } });
  }

  #send(frame: ServerFrame): void {
    this.#socket.send(encodeFrames(frame));
  }

  #refuse(id: number, error: unknown): void {
    this.#send({ id, ...this.#refusal(error) });
  }

  #refusal(error: unknown): Reply {
    const { code, message, retry } = this.#socket.known(error);
    return { refused: { code, message, retry } };
  }
}
