/** The connection to NATS, which comes back by itself for ever, and whether it answers now. */
import {
  AuthorizationError,
  connect,
  type NatsConnection,
  type NodeConnectionOptions,
} from "@nats-io/transport-node";
import { jetstream, type JetStreamClient, type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { ChatError } from "../protos/errors.ts";
import { Change } from "./change.ts";
import type { NatsAddress } from "./nats_options.ts";
import { dropLateErrors } from "./nats_late_errors.ts";

/** How the connection is: it serves, it is there and does not answer, or it is not there. */
export type LinkState = "up" | "silent" | "down";

/** What happens to it. */
export type LinkEvent = "connected" | "disconnected" | "unanswered" | "answered";

/** How the connection is after an event. */
export function next(state: LinkState, event: LinkEvent): LinkState {
  if (event === "connected") return "up";
  if (event === "disconnected") return "down";
  if (state === "down") return state;
  return event === "unanswered" ? "silent" : "up";
}

/** How long one request waits for its answer. */
export const answerMs = 2_000;

const connection: NodeConnectionOptions = {
  name: "switchboard",
  maxReconnectAttempts: -1,
  ignoreAuthErrorAbort: true,
  reconnectTimeWait: 200,
  reconnectJitter: 200,
  timeout: 3_000,
  // A server that was stopped without a word is left after 15 s.
  pingInterval: 5_000,
  noAsyncTraces: true,
};

/** Connects; tries for `patienceMs`, since servers that are started together come up in any order. Throws a ChatError. */
export async function connectNats(
  { shown, options }: NatsAddress,
  { patienceMs = 20_000 }: { patienceMs?: number } = {},
): Promise<NatsLink> {
  dropLateErrors();
  for (const end = performance.now() + patienceMs;;) {
    try {
      const nc = await connect({ ...connection, ...options });
      return new NatsLink(shown, nc, await jetstreamManager(nc, { checkAPI: false, timeout: answerMs }));
    } catch (error) {
      if (performance.now() < end && !isHopeless(error)) await pause(250);
      else throw unreachable(shown, error);
    }
  }
}

/** True for what will not be better at the next try. */
function isHopeless(error: unknown): boolean {
  if (error instanceof AuthorizationError) return true;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  // Node's codes for certificates, and the library's words.
  return /CERT|VERIFY|SIGNATURE/.test(code) || /does not support 'tls'/.test(String(error));
}

function unreachable(shown: string, cause: unknown): ChatError {
  if (cause instanceof AuthorizationError) {
    return new ChatError(
      "FAILED_PRECONDITION",
      `Cannot connect to "${shown}": it refuses who we are, check the name in CHAT_LOG or NATS_CREDS.`,
      { cause },
    );
  }
  const why = cause instanceof Error ? cause.message : cause;
  return new ChatError(
    "UNAVAILABLE",
    `Cannot connect to "${shown}": ${why}, start NATS or check CHAT_LOG and the NATS_ settings.`,
    { cause },
  );
}

/** A connection. */
export class NatsLink {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  /** The address, as it may be shown. */
  readonly shown: string;
  #state: LinkState = "up";
  readonly #change = new Change();
  readonly #closing = new AbortController();

  constructor(shown: string, nc: NatsConnection, jsm: JetStreamManager) {
    this.shown = shown;
    this.nc = nc;
    this.jsm = jsm;
    this.js = jetstream(nc, { timeout: answerMs });
    this.#watch();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Why nothing can be asked now; undefined if it can. */
  get away(): ChatError | undefined {
    if (this.#state === "up") return undefined;
    return new ChatError("UNAVAILABLE", `Cannot reach "${this.shown}": it is away, try again in a moment.`);
  }

  /** Resolves when the state is another one, or the signal aborts. */
  changed({ signal }: { signal: AbortSignal }): Promise<void> {
    return this.#change.next({ signal });
  }

  /** Resolves when the connection serves, or the signal aborts. */
  async up({ signal }: { signal: AbortSignal }): Promise<void> {
    while (this.#state !== "up" && !signal.aborted) await this.changed({ signal });
  }

  /** A request was not answered. Asks until the server says something again. */
  async suspect(): Promise<void> {
    if (this.#state !== "up") return;
    this.#take("unanswered");
    while (this.state === "silent") {
      const waited = new AbortController();
      const answered = await Promise.race([
        this.nc.flush().then(() => true, () => false),
        pause(answerMs, waited).then(() => false),
      ]);
      waited.abort();
      if (answered) return this.#take("answered");
      await pause(100, { signal: this.#closing.signal });
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.nc.close();
  }

  #take(event: LinkEvent): void {
    const state = next(this.#state, event);
    if (state === this.#state) return;
    this.#state = state;
    this.#change.happen();
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.nc.status()) {
      if (type === "disconnect" || type === "close") this.#take("disconnected");
      if (type === "reconnect") this.#take("connected");
    }
  }
}

/** Waits; less if the signal aborts. */
export function pause(ms: number, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, signal?.aborted ? 0 : ms);
    signal?.addEventListener("abort", end, { once: true });
  });
}
