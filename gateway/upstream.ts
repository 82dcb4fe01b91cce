/**
 * The gateway's one session with ChatService, whatever the number of its browsers. It comes back by itself
 * with jitter; commands that were under way when it broke are told so, and whoever gave them tries again.
 */
import * as grpc from "@grpc/grpc-js";
import { serviceDefinition } from "../protos/descriptors.ts";
import { ChatError, isErrorCode } from "../protos/errors.ts";
import type { ClientFrame } from "../protos/gen/chat/ClientFrame.ts";
import type { ChatServiceDefinition } from "../protos/gen/chat/ChatService.ts";
import type { Parting__Output as Parting } from "../protos/gen/chat/Parting.ts";
import type { ServerFrame__Output as ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { limits } from "../protos/limits.ts";
import { before, sleep } from "../runtime/deadline.ts";
import { jitter } from "../runtime/jitter.ts";
import type { Journal } from "../runtime/journal.ts";
import { Pulse } from "../runtime/pulse.ts";

/** Whether ChatService is reached at the moment. Before the first try has ended, there is nothing to tell people yet. */
export type Link = { readonly up: true } | {
  readonly up: false;
  readonly tried: boolean;
  readonly message: string;
};

/** A command without its id. */
export type Command = Omit<ClientFrame, "id">;

/** Thrown to whoever waits for a reply when the session breaks: it may or may not have been carried out. */
export class LinkLost extends ChatError {
  constructor() {
    super("UNAVAILABLE", "Cannot tell whether it was done: ChatService went away meanwhile, try again.");
  }
}

/** What happens on a session, for those who hold its rooms and people. */
export interface UpstreamEvents {
  /** A session is there, and new: nobody is open on it and nothing is followed. `keys` is a JWK Set as JSON. */
  onUp(keys: string): void;
  /** The session is gone. */
  onDown(): void;
  /** ChatService cannot be reached for now. */
  onAway(): void;
  onBatch(batch: NonNullable<ServerFrame["batch"]>): void;
  /** A person may not go on. */
  onClosed(person: number, why: ChatError): void;
  onRoster(roster: NonNullable<ServerFrame["roster"]>): void;
}

/** A call with one answer. */
type UnaryName = Exclude<keyof ChatServiceDefinition, "Session" | "StreamMessages">;
type RequestOf<N extends UnaryName> = ChatServiceDefinition[N] extends
  { requestSerialize: (value: infer Q) => unknown } ? Q : never;
type ResponseOf<N extends UnaryName> = ChatServiceDefinition[N] extends
  { responseDeserialize: (bytes: never) => infer R } ? R : never;

type Call = grpc.ClientDuplexStream<ClientFrame, ServerFrame>;

interface Waiting {
  readonly heard: (frame: ServerFrame) => void;
  readonly resolve: (frame: ServerFrame) => void;
  readonly reject: (error: ChatError) => void;
}

const starting: Link = { up: false, tried: false, message: "Connecting to the chat server." };
const away: Link = {
  up: false,
  tried: true,
  message: "The chat server cannot be reached. Trying again; what you send waits here until then.",
};

/** The session. Give commands only while `link.up`. */
export class Upstream {
  readonly #address: string;
  readonly #journal: Journal;
  readonly #events: UpstreamEvents;
  readonly #stop = new AbortController();
  readonly #waiting = new Map<number, Waiting>();
  readonly #done: Promise<void>;
  #client: grpc.Client | undefined;
  #call: Call | undefined;
  #pulse: Pulse | undefined;
  #lastId = 0;
  #link: Link = starting;

  constructor(address: string, { journal, events }: { journal: Journal; events: UpstreamEvents }) {
    this.#address = address;
    this.#journal = journal;
    this.#events = events;
    this.#done = this.#run();
  }

  get link(): Link {
    return this.#link;
  }

  /** Aborts when the upstream is closed. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /**
   * Gives a command. Rejects with its refusal, or with LinkLost. Commands are begun in the order they are given.
   * `heard` is called with the reply at once, before whatever comes right behind it.
   */
  request(
    command: Command,
    { heard = () => {} }: { heard?: (frame: ServerFrame) => void } = {},
  ): Promise<ServerFrame> {
    const call = this.#call;
    if (!call) return Promise.reject(new LinkLost());
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { heard, resolve, reject });
      this.#pulse?.spoke();
      // The queue in grpc-js is bounded by how many sends a gateway lets wait.
      call.write({ id, ...command });
    });
  }

  /** Makes a call with one answer, beside the session. Rejects with what ChatService says, or with UNAVAILABLE. */
  call<N extends UnaryName>(name: N, request: RequestOf<N>): Promise<ResponseOf<N>> {
    const client = this.#client;
    if (!client || !this.#call) return Promise.reject(new ChatError("UNAVAILABLE", notReached));
    const { path, requestSerialize, responseDeserialize } = service[name] as grpc.MethodDefinition<
      RequestOf<N>,
      ResponseOf<N>
    >;
    const options = { deadline: Date.now() + callMs };
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        options,
        (error, value) => {
          if (value !== undefined) resolve(value);
          else reject(fromStatus(error));
        },
      );
    });
  }

  /** Breaks the session on purpose: what it said cannot be right. It comes back at once. */
  restart(): void {
    this.#call?.cancel();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#call?.cancel();
    // A try to connect is left to end by itself: grpc-js 1.14 leaves timers running when it is cut short.
    await before(closeMs, this.#done);
  }

  async #run(): Promise<void> {
    let attempt = 0;
    while (!this.#stop.signal.aborted) {
      const ended = await this.#session();
      if (this.#stop.signal.aborted) return;
      this.#setAway(ended.reason);
      attempt = ended.held ? 0 : attempt + 1;
      const wait = ended.parting?.delayMs ?? jitter(attempt, { base: 100, most: 1_000 });
      await sleep(wait, { signal: this.#stop.signal });
    }
  }

  /** One session from its beginning to its end. */
  async #session(): Promise<{ held: boolean; reason: string; parting: Parting | undefined }> {
    const client = this.#client = new grpc.Client(
      this.#address,
      grpc.credentials.createInsecure(),
      channelOptions,
    );
    const call = openSession(client);
    const ended = Promise.withResolvers<string>();
    let parting: Parting | undefined;
    let openedAt = Infinity;
    const pulse = this.#pulse = new Pulse({
      everyMs: limits.heartbeatMs,
      silenceMs: limits.silenceMs,
      beat: () => this.#call?.write({ heartbeat: {} }),
      dead: () => call.cancel(),
    });
    // ChatService sends its headers at once, before anything is asked of it.
    call.on("metadata", (metadata: grpc.Metadata) => {
      openedAt = performance.now();
      if (this.#stop.signal.aborted) call.cancel();
      else this.#up(call, String(metadata.get("chat-keys")[0] ?? ""));
    });
    call.on("data", (frame: ServerFrame) => {
      pulse.heard();
      if (frame.parting) parting = frame.parting;
      else this.#take(frame);
    });
    call.on("error", (error) => ended.resolve(error.message));
    call.on("end", () => ended.resolve("it ended the session"));
    const reason = await ended.promise;
    pulse.stop();
    const held = performance.now() - openedAt > holdsAfterMs;
    if (this.#call === call) this.#down();
    call.cancel();
    client.close();
    return { held, reason: parting?.message ?? reason, parting };
  }

  #up(call: Call, keys: string): void {
    this.#call = call;
    if (this.#link === away) this.#journal.info(`ChatService at ${this.#address} is reached`);
    this.#link = { up: true };
    this.#events.onUp(keys);
  }

  #setAway(reason: string): void {
    if (this.#link === away) return;
    this.#journal.info(`ChatService at ${this.#address} cannot be reached: ${reason}`);
    this.#link = away;
    this.#events.onAway();
  }

  #down(): void {
    this.#call = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new LinkLost());
    this.#events.onDown();
  }

  #take(frame: ServerFrame): void {
    if (frame.batch) return this.#events.onBatch(frame.batch);
    if (frame.roster) return this.#events.onRoster(frame.roster);
    if (frame.closed) return this.#events.onClosed(frame.closed.person, toError(frame.closed));
    const waiting = this.#waiting.get(frame.id);
    if (!waiting) return;
    this.#waiting.delete(frame.id);
    waiting.heard(frame);
    if (!frame.refused) return waiting.resolve(frame);
    waiting.reject(toError(frame.refused));
  }
}

const service = serviceDefinition("chat.ChatService");
const sessionMethod = service.Session as grpc.MethodDefinition<ClientFrame, ServerFrame>;

const notReached = "Cannot do this now: the chat server cannot be reached, try again in a moment.";

/** How long a call with one answer may take. */
const callMs = 5_000;

/** How long a close waits for a try to connect. */
const closeMs = 1_000;

/** A session that lasted less than this does not make the next wait short again, or a fault could spin. */
const holdsAfterMs = 1_000;

const channelOptions: grpc.ChannelOptions = {
  // Clients of one address share their connection and its backoff unless told otherwise: each try of ours is a fresh one.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.initial_reconnect_backoff_ms": 1,
  // ChatService is a neighbour; a proxy for the web at large does not lead to it.
  "grpc.enable_http_proxy": 0,
  // Deno dies of a GOAWAY on a client that was idle for about 190 s (denoland/deno#36788).
  "grpc.client_idle_timeout_ms": 60_000,
  // Batches are bounded by count and bytes of text; this only has to be above them.
  "grpc.max_receive_message_length": 16 * 1024 * 1024,
};

function toError({ code, message }: { code: string; message: string }): ChatError {
  return new ChatError(isErrorCode(code) ? code : "INTERNAL", message);
}

function openSession(client: grpc.Client): Call {
  const { path, requestSerialize, responseDeserialize } = sessionMethod;
  return client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
}

function fromStatus(error: grpc.ServiceError | null): ChatError {
  const code = String(error?.metadata.get("chat-code")[0] ?? "");
  if (isErrorCode(code)) return new ChatError(code, error?.details ?? "");
  // Not from ChatService itself: it is away, or too late with its answer.
  return new ChatError("UNAVAILABLE", notReached, { cause: error });
}
