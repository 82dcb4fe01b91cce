/** Clients of both doors, as tests use them: real sockets and streams, with everything they were given kept. */
import * as grpc from "@grpc/grpc-js";
import { Change } from "../feed/change.ts";
import { serviceDefinition } from "../protos/descriptors.ts";
import type { ChatMessage, ChatMessage__Output } from "../protos/gen/chat/ChatMessage.ts";
import type { ChatResponse__Output } from "../protos/gen/chat/ChatResponse.ts";
import type { ChatServiceClient } from "../protos/gen/chat/ChatService.ts";
import type { ServerFrame__Output } from "../protos/gen/chat/ServerFrame.ts";

const ChatServiceStub = grpc.makeClientConstructor(serviceDefinition("chat.ChatService"), "ChatService");

/** A client of the gRPC door. */
export function grpcClient(
  port: number,
  options: grpc.ChannelOptions = {},
): ChatServiceClient & Disposable {
  const client = new ChatServiceStub(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    ...options,
  });
  return Object.assign(client as unknown as ChatServiceClient, { [Symbol.dispose]: () => client.close() });
}

/** `SendMessage`, as a promise. */
export function send(client: ChatServiceClient, message: ChatMessage): Promise<ChatResponse__Output> {
  return new Promise((resolve, reject) => {
    client.sendMessage(message, (error, response) => {
      if (response) resolve(response);
      else reject(error);
    });
  });
}

/** What `StreamMessages` gives, collected. */
export class Stream implements Disposable {
  readonly messages: ChatMessage__Output[] = [];
  readonly #call: grpc.ClientReadableStream<ChatMessage__Output>;
  readonly #headers = Promise.withResolvers<grpc.Metadata>();
  readonly #ended = Promise.withResolvers<grpc.StatusObject>();
  readonly #change = new Change();

  constructor(client: ChatServiceClient, request: Parameters<ChatServiceClient["streamMessages"]>[0]) {
    this.#call = client.streamMessages(request);
    this.#call.on("metadata", (metadata) => this.#headers.resolve(metadata));
    this.#call.on("data", (message) => {
      this.messages.push(message);
      this.#change.happen();
    });
    // The status says the same.
    this.#call.on("error", () => {});
    this.#call.on("status", (status) => {
      this.#ended.resolve(status);
      this.#change.happen();
    });
  }

  /** The initial metadata. */
  get headers(): Promise<grpc.Metadata> {
    return this.#headers.promise;
  }

  /** How it ended. */
  get status(): Promise<grpc.StatusObject> {
    return this.#ended.promise;
  }

  /** Waits for so many messages. */
  async count(count: number): Promise<ChatMessage__Output[]> {
    await until(
      () => this.messages.length >= count,
      `${count} messages on a stream`,
      this.#change,
    );
    return this.messages;
  }

  [Symbol.dispose](): void {
    this.#call.cancel();
  }
}

/** A raw WebSocket client: everything it was sent, parsed. */
export class RawSocket implements AsyncDisposable {
  readonly received: unknown[] = [];
  readonly ws: WebSocket;
  /** Called for each value as it comes. */
  onReceived: (value: unknown) => void = () => {};
  readonly #closed = Promise.withResolvers<CloseEvent>();
  readonly #change = new Change();

  private constructor(ws: WebSocket) {
    this.ws = ws;
    ws.onmessage = ({ data }) => {
      for (const one of [JSON.parse(String(data))].flat()) {
        this.received.push(one);
        this.onReceived(one);
      }
      this.#change.happen();
    };
    ws.onclose = (event) => this.#closed.resolve(event);
  }

  /** Connects and waits until it is open. */
  static async connect(url: string, options: { headers?: Record<string, string> } = {}): Promise<RawSocket> {
    // Deno takes options where browsers, whose types are in force here, take protocols.
    const ws = new WebSocket(url, options as unknown as string[]);
    const socket = new RawSocket(ws);
    await new Promise<void>((resolve, reject) => {
      ws.onopen = () => resolve();
      ws.onerror = (event) =>
        reject(new Error("message" in event ? String(event.message) : "it did not open"));
    });
    ws.onerror = () => {};
    return socket;
  }

  /** How it was closed. */
  get closed(): Promise<CloseEvent> {
    return this.#closed.promise;
  }

  /** Sends JSON. */
  send(value: unknown): void {
    this.ws.send(JSON.stringify(value));
  }

  /** Waits until what was received satisfies `enough`, and gives it. */
  async until(enough: (received: unknown[]) => boolean, what = "a message"): Promise<unknown[]> {
    await until(() => enough(this.received), what, this.#change);
    return this.received;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.ws.readyState !== WebSocket.CLOSED) {
      this.ws.close();
      await this.#closed.promise;
    }
  }
}

/** A client of `/ws`: frames in and out. */
export class FrameSocket implements AsyncDisposable {
  readonly #raw: RawSocket;
  readonly #waiting = new Map<number, (frame: ServerFrame__Output) => void>();
  #lastId = 0;

  private constructor(raw: RawSocket) {
    this.#raw = raw;
    raw.onReceived = (frame) =>
      this.#waiting.get((frame as ServerFrame__Output).id)?.(frame as ServerFrame__Output);
  }

  static async connect(gatewayPort: number): Promise<FrameSocket> {
    return new FrameSocket(await RawSocket.connect(`ws://127.0.0.1:${gatewayPort}/ws`));
  }

  get raw(): RawSocket {
    return this.#raw;
  }

  /** Everything it was sent. */
  get frames(): ServerFrame__Output[] {
    return this.#raw.received as ServerFrame__Output[];
  }

  /** The texts of all events it was sent, in the order of arrival. */
  get texts(): string[] {
    return this.frames.flatMap(({ batch }) => batch?.events.map(({ message }) => message?.text ?? "") ?? []);
  }

  /** Gives a command; resolves with its reply, whatever that is. */
  ask(command: object): Promise<ServerFrame__Output> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`waited 15 s for the reply to ${JSON.stringify(command)}`)),
        15_000,
      );
      this.#waiting.set(id, (frame) => {
        clearTimeout(late);
        this.#waiting.delete(id);
        resolve(frame);
      });
      this.#raw.send({ id, ...command });
    });
  }

  /** Waits until its frames satisfy `enough`. */
  async until(
    enough: (frames: ServerFrame__Output[]) => boolean,
    what?: string,
  ): Promise<ServerFrame__Output[]> {
    await this.#raw.until(() => enough(this.frames), what);
    return this.frames;
  }

  /** Waits for so many events. */
  async count(events: number): Promise<string[]> {
    await this.until(() => this.texts.length >= events, `${events} events, has ${this.texts.length}`);
    return this.texts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#raw[Symbol.asyncDispose]();
  }
}

/** Waits for a condition, looked at whenever there is a change; fails after 15 s. */
async function until(done: () => boolean, what: string, change: Change): Promise<void> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), 15_000);
  while (!done() && !late.signal.aborted) await change.next({ signal: late.signal });
  clearTimeout(timer);
  if (!done()) throw new Error(`waited 15 s for ${what}`);
}
