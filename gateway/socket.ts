/**
 * A WebSocket as both browser doors use it: text in, one message after the other; text out no faster than
 * the peer reads; closed once, with a reason. Nothing that goes wrong here reaches another socket.
 */
import { ChatError, errors, toChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import { tooSlow } from "../protos/partings.ts";
import { sleep } from "../runtime/deadline.ts";
import type { Journal } from "../runtime/journal.ts";

/** Deno has no event for a drained send buffer, so it is looked at this often, in milliseconds. */
const drainCheckMs = 25;

/** What a door does with a socket. */
export interface SocketHandlers {
  /** It is open. */
  opened(): void;
  /** A message came: its text, or why it cannot be one. */
  heard(text: string | ChatError): void;
  /** The peer is to be told that the server goes, and when to come back. */
  part(error: ChatError, delayMs: number): void;
}

/** One socket. */
export class Socket {
  readonly #ws: WebSocket;
  readonly #journal: Journal;
  readonly #gone = new AbortController();
  readonly #opening: ReturnType<typeof setTimeout>;
  readonly #closed = Promise.withResolvers<void>();
  readonly #running = new Set<Promise<void>>();
  #part: (error: ChatError, delayMs: number) => void = () => {};

  /** Takes over a socket that is about to open. */
  constructor(ws: WebSocket, { journal }: { journal: Journal }) {
    this.#ws = ws;
    this.#journal = journal;
    ws.onclose = () => {
      clearTimeout(this.#opening);
      this.#gone.abort();
      this.#closed.resolve();
    };
    // What follows on it is a close.
    ws.onerror = () => {};
    // A peer that resets its connection during the handshake leaves Deno 2.9 with a socket that tells nothing, ever.
    this.#opening = setTimeout(() => {
      this.#gone.abort();
      this.#closed.resolve();
    }, limits.openingMs);
  }

  /** Aborts when the socket is gone or going. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** Resolves when the peer has confirmed the close, or is gone. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Begins; see SocketHandlers. */
  listen({ opened, heard, part }: SocketHandlers): void {
    this.#part = part;
    this.#ws.onopen = () => {
      clearTimeout(this.#opening);
      // Given up meanwhile, as when the process was stopped: it is told to come back.
      if (this.#gone.signal.aborted) return this.#ws.close(errors.UNAVAILABLE.close);
      this.#guard(opened);
    };
    this.#ws.onmessage = ({ data }) => {
      if (this.#gone.signal.aborted) return;
      // Refusals are not waited for, so a peer that sends nonsense and never reads is stopped here.
      if (this.#ws.bufferedAmount > limits.socketBufferBytes * 4) return this.close(tooSlow());
      this.#guard(() => heard(parseData(data)));
    };
  }

  /** Sends at once. */
  send(text: string): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.send(text);
  }

  /** Sends, and resolves when more may be sent. Rejects with TOO_SLOW. */
  async write(text: string): Promise<void> {
    this.send(text);
    let least = this.#ws.bufferedAmount;
    let progressAt = Date.now();
    while (this.#ws.bufferedAmount > limits.socketBufferBytes && !this.#gone.signal.aborted) {
      await sleep(drainCheckMs, { signal: this.#gone.signal });
      if (this.#ws.bufferedAmount < least) {
        least = this.#ws.bufferedAmount;
        progressAt = Date.now();
      } else if (Date.now() - progressAt > limits.slowReaderMs) throw tooSlow();
    }
  }

  /** Runs a task that answers something; if it fails, the socket is closed with the error. */
  run(task: () => Promise<void>): void {
    const running = task().catch((error) => this.close(this.known(error))).finally(() =>
      this.#running.delete(running)
    );
    this.#running.add(running);
  }

  /** Tells the peer that the server goes. */
  part(error: ChatError, delayMs: number): void {
    this.#guard(() => this.#part(error, delayMs));
  }

  /** Resolves when all that was asked here is answered. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Makes what was thrown an error for the peer; a fault of ours goes to the journal. */
  known(error: unknown): ChatError {
    const known = toChatError(error);
    if (known.code === "INTERNAL") this.#journal.warn("A socket ran into a fault of ours.", error);
    return known;
  }

  /** Closes with the error's code; a reader of the code alone knows whether to come back. */
  close(error: ChatError): void {
    if (this.#gone.signal.aborted) return;
    this.#gone.abort();
    try {
      this.#ws.close(errors[error.code].close, shorten(error.message));
    } catch {
      // It was not open any more.
    }
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

function parseData(data: unknown): string | ChatError {
  if (typeof data !== "string") {
    return new ChatError("INVALID_ARGUMENT", "Cannot read the message: it is binary, send JSON as text.");
  }
  // UTF-16 units: never more than the bytes, so nothing that fits is refused before it is counted.
  if (data.length <= limits.frameBytes) return data;
  return new ChatError(
    "INVALID_ARGUMENT",
    `Cannot read the message: it has ${data.length} characters and at most ${limits.frameBytes} are allowed, send less at a time.`,
  );
}

/** A close reason is at most 123 bytes (RFC 6455, 5.5.1). */
function shorten(reason: string): string {
  let short = reason.slice(0, 120);
  while (new TextEncoder().encode(short).length > 120) short = short.slice(0, -1);
  return short.toWellFormed();
}
