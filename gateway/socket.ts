/**
 * A WebSocket as both browser doors use it: text in, one message after the other; text out no faster than
 * the peer reads; closed once, with a reason. Nothing that goes wrong here reaches another socket.
 */
import { ChatError, errors, toChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import { tooSlow } from "../protos/partings.ts";
import { sleep } from "../runtime/deadline.ts";
import type { Journal } from "../runtime/journal.ts";
import { type Due, later } from "../runtime/wheel.ts";
import { Outgoing } from "./outgoing.ts";
import { Slots } from "./slots.ts";
import { closeReason, parseData, sizeOfData } from "./socket_data.ts";
import { costOf, flood, fullSpeed, takeWork, type Verdict } from "./speed.ts";
import type { Traffic } from "./traffic.ts";

/** Deno has no event for a drained send buffer, so it is looked at this often, in milliseconds. */
const drainCheckMs = 25;

/** The same while somebody else waits for this peer, who holds one of few places. */
const settleCheckMs = 5;

/**
 * What may wait in the send buffer of a peer that goes on asking: what `write` leaves there at most (a text of 3 bytes
 * a character may take 6 in JSON), and then some refusals and signals, which are not waited for.
 */
const bufferMost = 2 * (limits.socketBufferBytes + limits.batchBytes);

/** What a door does with a socket. */
export interface SocketHandlers {
  /** True if all that is sent are arrays of frames, of which several may go as one. */
  readonly sendsFrames: boolean;
  /** It is open. */
  opened(): void;
  /** A message came: its text, or why it cannot be one. */
  heard(text: string | ChatError): void;
  /** The same, of a peer that asks for too much: refuse it without more work than that takes. */
  refuse(text: string | ChatError): void;
  /** The peer is to be told that the server goes, and when to come back. */
  part(error: ChatError, delayMs: number): void;
  /** It is gone or going, whether it was open or not. */
  gone(): void;
}

/** One socket. */
export class Socket {
  readonly #ws: WebSocket;
  readonly #out: Outgoing;
  readonly #journal: Journal;
  readonly #traffic: Traffic;
  readonly #closed = Promise.withResolvers<void>();
  readonly #turn = new Slots(1);
  #handlers: SocketHandlers | undefined;
  #isGone = false;
  /** Made only for those who wait: most sockets never need one. */
  #gone: AbortController | undefined;
  #opening: Due | undefined;
  #speed = fullSpeed(performance.now());
  /** Tasks that answer something. */
  #running = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  /** Takes over a socket that is about to open. */
  constructor(ws: WebSocket, { journal, traffic }: { journal: Journal; traffic: Traffic }) {
    this.#ws = ws;
    this.#journal = journal;
    this.#traffic = traffic;
    this.#out = new Outgoing(ws, traffic);
    // Of itself, because functions of their own for each event cost an idle socket 1 KB. What follows on an error is a close.
    for (const event of ["open", "message", "close"]) ws.addEventListener(event, this);
    // A peer that resets its connection during the handshake leaves Deno 2.9 with a socket that tells nothing, ever.
    this.#opening = later(limits.openingMs, () => this.#end());
  }

  /** True if the socket is gone or going. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Aborts when the socket is gone or going. */
  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.#isGone) this.#gone.abort(going);
    return this.#gone.signal;
  }

  /** Resolves when the peer has confirmed the close, or is gone. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Begins; see SocketHandlers. */
  listen(handlers: SocketHandlers): void {
    this.#handlers = handlers;
  }

  /** What its WebSocket tells. */
  handleEvent(event: Event): void {
    if (event.type === "open") this.#opened();
    else if (event.type === "close") this.#end();
    else if (event instanceof MessageEvent) this.#heard(event.data);
  }

  #opened(): void {
    this.#awaited();
    // Given up meanwhile, as when the process was stopped: it is told to come back.
    if (this.#isGone) return this.#ws.close(errors.UNAVAILABLE.close);
    this.#guard(() => this.#handlers?.opened());
  }

  #heard(data: unknown): void {
    if (this.#isGone) return;
    this.#traffic.received++;
    // A peer that sends nonsense and never reads is stopped here.
    if (this.#ws.bufferedAmount > bufferMost) return this.close(tooSlow());
    const verdict = this.spend(costOf(sizeOfData(data)));
    if (verdict === "flood") return;
    const handlers = this.#handlers;
    this.#guard(() =>
      verdict === "go" ? handlers?.heard(parseData(data)) : handlers?.refuse(parseData(data))
    );
  }

  /** Takes work out of what this peer may ask for. One that floods is sent away here. */
  spend(cost: number): Verdict {
    const { speed, verdict } = takeWork(this.#speed, { cost, now: performance.now() });
    this.#speed = speed;
    if (verdict === "flood") {
      const error = flood();
      this.part(error, limits.floodDelayMs);
      this.close(error);
    }
    return verdict;
  }

  /** True if the peer has taken nearly all of what was sent: a signal may be sent, too. */
  get hasSpace(): boolean {
    return this.#out.hasSpace;
  }

  /** Sends, at the latest at the end of this turn of the event loop. */
  send(text: string): void {
    if (this.#handlers?.sendsFrames) this.#out.gather(text);
    else this.#out.send(text);
  }

  /** Sends at once if the peer has taken nearly all of what was sent, with what waits; false if it has not. */
  offer(text: string): boolean {
    if (!this.hasSpace) return false;
    this.#out.send(text);
    return true;
  }

  /** True if nothing was sent since this was last asked: a heartbeat is due. */
  wasQuiet(): boolean {
    return this.#out.wasQuiet();
  }

  /**
   * Runs a task that sends something, one after the other, each as soon as the peer has taken enough of what was sent
   * before. Rejects with TOO_SLOW. What has no turn yet is not made yet: so a stalled peer costs at most
   * `socketBufferBytes` and one batch, however much it asked for.
   */
  turn(task: () => void | Promise<void>): Promise<void> {
    return this.#turn.run(async () => {
      if (!this.hasSpace) await this.#drained();
      if (!this.#isGone) await task();
    });
  }

  /** Sends what `make` gives in its turn. */
  write(make: () => string | undefined): Promise<void> {
    // The usual case, without a promise of its own for each message.
    if (this.#turn.isFree && this.hasSpace) return this.#give(make);
    return this.turn(() => {
      const text = make();
      if (text !== undefined) this.send(text);
    });
  }

  /** Resolves when the peer has taken all that was sent, or after `ms` milliseconds. */
  async settled(ms: number): Promise<void> {
    const end = Date.now() + ms;
    while (this.#out.waiting() > 0 && Date.now() < end && !this.#isGone) {
      await sleep(settleCheckMs, { signal: this.signal });
    }
  }

  async #drained(): Promise<void> {
    let least = this.#out.waiting();
    let progressAt = Date.now();
    while (!this.hasSpace && !this.#isGone) {
      await sleep(drainCheckMs, { signal: this.signal });
      const waiting = this.#out.waiting();
      if (waiting < least) {
        least = waiting;
        progressAt = Date.now();
      } else if (Date.now() - progressAt > limits.slowReaderMs) throw tooSlow();
    }
  }

  /** Runs a task that answers something; if it fails, the socket is closed with the error. */
  run(task: () => Promise<void>): void {
    this.#running++;
    task().then(() => this.#ran(), (error) => {
      this.close(this.known(error));
      this.#ran();
    });
  }

  /** Tells the peer that the server goes, at once: there may be no end of this turn. */
  part(error: ChatError, delayMs: number): void {
    this.#guard(() => this.#handlers?.part(error, delayMs));
    this.#out.flush();
  }

  /** Resolves when all that was asked here is answered. */
  idle(): Promise<void> {
    if (this.#running === 0) return done;
    return (this.#idle ??= Promise.withResolvers()).promise;
  }

  /** Makes what was thrown an error for the peer; a fault of ours goes to the journal. */
  known(error: unknown): ChatError {
    const known = toChatError(error);
    if (known.code === "INTERNAL") this.#journal.warn("A socket ran into a fault of ours.", error);
    return known;
  }

  /** Closes with the error's code; a reader of the code alone knows whether to come back. */
  close(error: ChatError): void {
    if (this.#isGone) return;
    this.#out.flush();
    // One that is not open may never tell that it is closed.
    if (this.#ws.readyState === WebSocket.CONNECTING) this.#end();
    else this.#leave();
    try {
      this.#ws.close(errors[error.code].close, closeReason(error.message));
    } catch {
      // It was not open any more.
    }
  }

  #give(make: () => string | undefined): Promise<void> {
    try {
      const text = this.#isGone ? undefined : make();
      if (text !== undefined) this.send(text);
      return done;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #ran(): void {
    if (--this.#running > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  #awaited(): void {
    this.#opening?.cancel();
    this.#opening = undefined;
  }

  #end(): void {
    this.#awaited();
    this.#leave();
    this.#closed.resolve();
  }

  #leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#gone?.abort(going);
    this.#guard(() => this.#handlers?.gone());
  }

  /** A throw in a WebSocket's handler would end the process. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.close(this.known(error));
    }
  }
}

const done = Promise.resolve();

/** Without a reason, each abort would make an error with a stack. */
const going = "the socket is gone";
