/** The line to a server: drives the connection's states, signs in, opens the person, and keeps both sides alive. */
import { ChatError, toChatError } from "../protos/errors.ts";
import type { Principal } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import type { ClientFrame } from "../protos/gen/chat/ClientFrame.ts";
import { type Backoff, beginning, type Connection, type Happening, next } from "./connection.ts";
import type { Frame } from "./frames.ts";
import { type Pulse, startPulse } from "./pulse.ts";
import type { Transport, Wire } from "./transport.ts";

/** Times of a line, in milliseconds. */
export interface Timing extends Backoff {
  /** Each side says something at least this often. */
  readonly heartbeatMs: number;
  /** A server that was silent for so long is taken for dead. Servers say something every 10 s. */
  readonly silenceMs: number;
  /** A wire that is not open after so long is given up. */
  readonly openingMs: number;
}

/** Who speaks: a name to sign in with, or a token from before. */
export interface Identity {
  readonly name: string;
  readonly token: string;
}

/** What a line tells. */
export interface LineEvents {
  /** The person is open under this handle; nothing is followed. */
  onLive(person: number): void;
  onFrame(frame: Frame): void;
  /** The wire is gone, after it was live. */
  onLost(why: ChatError): void;
  /** Each new state of the connection. */
  onConnection(connection: Connection): void;
}

/** Half the life of a token, in milliseconds, from when it was given; then it is renewed, by name. */
const renewShare = 0.5;
/** How long a close waits for the last of a wire; one whose peer is gone without a word may never end. */
const closeMs = 1_000;
/** The id of the one command that a line gives itself on each wire. */
const openId = 1;

/** A line. Commands carry ids above {@linkcode firstId}. */
export class Line {
  readonly #transport: Transport;
  readonly #timing: Timing;
  readonly #events: LineEvents;
  readonly #random: () => number;
  readonly #stop = new AbortController();
  readonly #closed = Promise.withResolvers<ChatError | undefined>();
  readonly #opened = Promise.withResolvers<void>();
  #connection = beginning;
  #identity: Identity;
  #principal: Principal | undefined;
  #renewAt = Infinity;
  #unansweredUntil = 0;
  #wire: Wire | undefined;
  #pulse: Pulse | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(
    transport: Transport,
    identity: Identity,
    { timing, events, random }: { timing: Timing; events: LineEvents; random: () => number },
  ) {
    this.#transport = transport;
    this.#identity = identity;
    this.#timing = timing;
    this.#events = events;
    this.#random = random;
    // Whoever does not wait for it does not want the process to end over it.
    this.#opened.promise.catch(() => {});
    this.#act();
  }

  /** Resolves when the person was open for the first time; rejects if the line was closed before. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** Resolves when the line is closed for good: with the error, or without one if `close` was called. */
  get closed(): Promise<ChatError | undefined> {
    return this.#closed.promise;
  }

  get connection(): Connection {
    return this.#connection;
  }

  /** Who is open; undefined before the first time. */
  get principal(): Principal | undefined {
    return this.#principal;
  }

  get token(): string {
    return this.#identity.token;
  }

  /** Sends a frame; not while the line is not live. */
  send(frame: ClientFrame): void {
    this.#pulse?.spoke();
    this.#wire?.send(frame);
  }

  async close(): Promise<void> {
    this.#happen({ is: "close" });
    let timer;
    const late = new Promise((resolve) => timer = setTimeout(resolve, closeMs));
    await Promise.race([this.#ended, late]);
    clearTimeout(timer);
  }

  #happen(event: Happening): void {
    const before = this.#connection;
    this.#connection = next(before, event, this.#timing);
    if (this.#connection === before) return;
    if (before.is === "live") this.#events.onLost(whyOf(this.#connection));
    this.#act();
    this.#events.onConnection(this.#connection);
  }

  #act(): void {
    const state = this.#connection;
    if (state.is === "live") return;
    this.#hangUp();
    if (state.is === "connecting") this.#ended = this.#dial(state.turn);
    if (state.is === "waiting") {
      const due = () => this.#happen({ is: "due", now: Math.max(Date.now(), state.until) });
      this.#timer = setTimeout(due, Math.max(0, state.until - Date.now()));
    }
    if (state.is === "closed") {
      this.#stop.abort();
      this.#opened.reject(whyOf(state));
      this.#closed.resolve(state.why);
    }
  }

  #hangUp(): void {
    clearTimeout(this.#timer);
    this.#pulse?.stop();
    const wire = this.#wire;
    this.#wire = this.#pulse = undefined;
    if (wire) this.#ended = wire.close();
  }

  #end(turn: number, why: ChatError, { comeBack = why.retry, delayMs = 0 } = {}): void {
    this.#happen({ is: "ended", turn, why, comeBack, delayMs, now: Date.now(), dice: this.#random() });
  }

  async #dial(turn: number): Promise<void> {
    const { heartbeatMs, silenceMs, openingMs } = this.#timing;
    const late = new AbortController();
    this.#timer = setTimeout(() => {
      late.abort();
      this.#end(turn, new ChatError("UNAVAILABLE", "Cannot connect: the server does not answer, try again."));
    }, openingMs);
    try {
      await this.#signIn(AbortSignal.any([late.signal, this.#stop.signal]));
    } catch (error) {
      return this.#signInFailed(turn, toChatError(error));
    }
    const current = () => this.#connection.is === "connecting" && this.#connection.turn === turn;
    if (!current()) return;
    const { token } = this.#identity;
    const wire = this.#wire = this.#transport.dial(token, {
      onReady: () => this.send({ id: openId, open: this.#transport.open(token) }),
      onFrame: (frame) => {
        this.#pulse?.heard();
        if (frame && this.#wire === wire) this.#hear(turn, frame);
      },
      onEnd: ({ why, comeBack }) => this.#end(turn, why, { comeBack }),
    });
    this.#pulse = startPulse({
      everyMs: heartbeatMs,
      silenceMs,
      beat: () => this.#wire?.send({ heartbeat: {} }),
      dead: () => this.#end(turn, new ChatError("SILENT", "Cannot go on: the server has gone silent.")),
    });
  }

  async #signIn(signal: AbortSignal): Promise<void> {
    const { name, token } = this.#identity;
    if (name === "" || (token !== "" && Date.now() < this.#renewAt)) return;
    const { token: given, expires } = await this.#transport.signIn({ name, token }, { signal });
    this.#identity = { name, token: given };
    const lifeMs = Date.parse(expires) - Date.now();
    this.#renewAt = Number.isNaN(lifeMs) ? Infinity : Date.now() + lifeMs * renewShare;
  }

  /** A sign-in that was not answered may have taken the name all the same, and nobody can use it before it is free. */
  #signInFailed(turn: number, why: ChatError): void {
    const now = Date.now();
    if (why.code !== "NAME_TAKEN") this.#unansweredUntil = now + limits.guestAwayMs;
    const comeBack = why.retry || (why.code === "NAME_TAKEN" && now < this.#unansweredUntil);
    this.#end(turn, why, { comeBack });
  }

  #hear(turn: number, frame: Frame): void {
    if (frame.is === "parting") {
      const { code, message, retry, delayMs } = frame.body;
      return this.#end(turn, new ChatError(code, message), { comeBack: retry, delayMs });
    }
    if (frame.is === "closed") {
      // There is one person on this session. A parting comes too, unless the wire breaks first.
      const { code, message } = frame.body;
      return this.#end(turn, new ChatError(code, message), { comeBack: false });
    }
    if (frame.is === "refused" && (frame.id === openId || frame.id === 0)) {
      const { code, message, retry } = frame.body;
      // Without an id: it could not read what came, and whoever waits for an answer to that would wait for ever.
      const comeBack = retry || this.#connection.is === "live";
      return this.#end(turn, new ChatError(code, message), { comeBack });
    }
    if (frame.id !== openId) return this.#events.onFrame(frame);
    if (frame.is === "opened") this.#live(turn, frame.body);
  }

  #live(turn: number, { person, principal }: { person: number; principal: Principal }): void {
    const before = this.#principal;
    if (before && before.id !== principal.id) {
      // What was not answered would be stored under another sender, perhaps a second time.
      const why = new ChatError(
        "UNAUTHENTICATED",
        "Cannot go on: the server no longer knows who this is, begin anew.",
      );
      return this.#end(turn, why);
    }
    clearTimeout(this.#timer);
    this.#principal = principal;
    this.#happen({ is: "opened", turn, now: Date.now() });
    this.#opened.resolve();
    this.#events.onLive(person);
  }
}

function whyOf(state: Connection): ChatError {
  const why = "why" in state ? state.why : undefined;
  return why ?? new ChatError("UNAVAILABLE", "Cannot go on: the client was closed.");
}

/** Ids of commands count from here. */
export const firstId = openId + 1;
