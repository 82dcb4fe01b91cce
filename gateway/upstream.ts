/**
 * The gateway's one session with ChatService, whatever the number of its browsers. It comes back by itself
 * with jitter; commands that were under way when it broke are told so, and whoever gave them tries again.
 */
import type { Duplex } from "node:stream";
import { serviceDefinition } from "../protos/descriptors.ts";
import { ChatError, isErrorCode } from "../protos/errors.ts";
import type { ClientFrame } from "../protos/gen/chat/ClientFrame.ts";
import type { ChatServiceDefinition } from "../protos/gen/chat/ChatService.ts";
import type { Parting__Output as Parting } from "../protos/gen/chat/Parting.ts";
import type { ServerFrame__Output as ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { limits } from "../protos/limits.ts";
import { sleep } from "../runtime/deadline.ts";
import type { Journal } from "../runtime/journal.ts";
import { Pulse } from "../runtime/pulse.ts";
import { GrpcClient, type GrpcStream, type Method, type Status } from "./grpc_client.ts";
import { type Endpoint, Nodes } from "./nodes.ts";

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

/** Connects in a way of its own, by TLS for one. */
export type Dial = (endpoint: Endpoint) => Duplex;

/** A call with one answer. */
type UnaryName = Exclude<keyof ChatServiceDefinition, "Session" | "StreamMessages">;
type RequestOf<N extends UnaryName> = ChatServiceDefinition[N] extends
  { requestSerialize: (value: infer Q) => unknown } ? Q : never;
type ResponseOf<N extends UnaryName> = ChatServiceDefinition[N] extends
  { responseDeserialize: (bytes: never) => infer R } ? R : never;

type Call = GrpcStream<ClientFrame>;

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
  readonly #nodes: Nodes;
  readonly #journal: Journal;
  readonly #events: UpstreamEvents;
  readonly #dial: Dial | undefined;
  readonly #stop = new AbortController();
  readonly #waiting = new Map<number, Waiting>();
  readonly #done: Promise<void>;
  #client: GrpcClient | undefined;
  #call: Call | undefined;
  #pulse: Pulse | undefined;
  #lastId = 0;
  #link: Link = starting;

  /** `addresses` are host:port, with commas between, of ChatServices that share a log. */
  constructor(
    addresses: string,
    { journal, events, dial }: { journal: Journal; events: UpstreamEvents; dial?: Dial | undefined },
  ) {
    this.#nodes = new Nodes(addresses.split(","));
    this.#journal = journal;
    this.#events = events;
    this.#dial = dial;
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
      // What waits to be written is bounded by how many sends a gateway lets wait.
      call.write({ id, ...command });
    });
  }

  /** Makes a call with one answer, beside the session. Rejects with what ChatService says, or with UNAVAILABLE. */
  async call<N extends UnaryName>(name: N, request: RequestOf<N>): Promise<ResponseOf<N>> {
    if (!this.#client || !this.#call) throw new ChatError("UNAVAILABLE", notReached);
    const method = service[name] as Method<RequestOf<N>, ResponseOf<N>>;
    const answer = await this.#client.call(method, { request, ms: callMs });
    if ("value" in answer) return answer.value;
    throw fromStatus(answer);
  }

  /** Breaks the session on purpose: what it said cannot be right. It comes back at once. */
  restart(): void {
    this.#call?.cancel();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    let asked = 0;
    while (!this.#stop.signal.aborted) {
      const { waitMs, ...endpoint } = await this.#nodes.next();
      await sleep(Math.max(asked, waitMs), { signal: this.#stop.signal });
      if (this.#stop.signal.aborted) return;
      const ended = await this.#session(endpoint);
      if (this.#stop.signal.aborted) return;
      if (ended.held) this.#nodes.held();
      else if (this.#nodes.allTried) this.#setAway(endpoint.address, ended.reason);
      asked = ended.parting?.delayMs ?? 0;
    }
  }

  /** One session from its beginning to its end. */
  async #session(
    endpoint: Endpoint,
  ): Promise<{ held: boolean; reason: string; parting: Parting | undefined }> {
    const client = this.#client = this.#connect(endpoint);
    const ended = Promise.withResolvers<string>();
    let parting: Parting | undefined;
    let openedAt = Infinity;
    const call: Call = client.stream(sessionMethod, {
      // ChatService sends its headers at once, before anything is asked of it.
      opened: (metadata) => {
        openedAt = performance.now();
        clearTimeout(late);
        this.#up(call, endpoint.address, String(metadata["chat-keys"] ?? ""));
      },
      heard: (frame) => {
        pulse.heard();
        if (frame.parting) parting = frame.parting;
        else this.#take(frame);
      },
      ended: ({ status, message }) => ended.resolve(status === 0 ? "it ended the session" : message),
    });
    const pulse = this.#pulse = new Pulse({
      everyMs: limits.heartbeatMs,
      silenceMs: limits.silenceMs,
      beat: () => this.#call?.write({ heartbeat: {} }),
      dead: () => client.close(),
    });
    // One that was stopped takes a connection, and says nothing: there may be another one.
    const late = setTimeout(() => client.close(), answersMs);
    const stop = () => client.close();
    this.#stop.signal.addEventListener("abort", stop, { once: true });
    const reason = await ended.promise;
    this.#stop.signal.removeEventListener("abort", stop);
    clearTimeout(late);
    pulse.stop();
    const held = performance.now() - openedAt > holdsAfterMs;
    if (this.#call === call) this.#down();
    client.close();
    return { held, reason: parting?.message ?? reason, parting };
  }

  #connect(endpoint: Endpoint): GrpcClient {
    const dial = this.#dial;
    return dial ? new GrpcClient(endpoint.name, () => dial(endpoint)) : new GrpcClient(endpoint.address);
  }

  #up(call: Call, address: string, keys: string): void {
    this.#call = call;
    if (this.#link === away) this.#journal.info(`ChatService at ${address} is reached`);
    this.#link = { up: true };
    this.#events.onUp(keys);
  }

  #setAway(address: string, reason: string): void {
    if (this.#link === away) return;
    this.#journal.info(`ChatService at ${address} cannot be reached: ${reason}`);
    this.#link = away;
    this.#events.onAway();
  }

  #down(): void {
    this.#call = undefined;
    // Nothing to tell people yet: it may be back, or another one there, at once.
    this.#link = starting;
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
const sessionMethod = service.Session as Method<ClientFrame, ServerFrame>;

const notReached = "Cannot do this now: the chat server cannot be reached, try again in a moment.";

/** How long a ChatService may take to serve a session. */
const answersMs = 3_000;

/** How long a call with one answer may take. */
const callMs = 5_000;

/** A session that lasted less than this does not make the next wait short again, or a fault could spin. */
const holdsAfterMs = 1_000;

function fromStatus({ message, code }: Status): ChatError {
  if (isErrorCode(code)) return new ChatError(code, message);
  // Not from ChatService itself: it is away, or too late with its answer.
  return new ChatError("UNAVAILABLE", notReached, { cause: message });
}

function toError({ code, message }: { readonly code: string; readonly message: string }): ChatError {
  return new ChatError(isErrorCode(code) ? code : "INTERNAL", message);
}
