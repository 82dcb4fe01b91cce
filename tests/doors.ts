/** Clients of both doors, as tests use them: real sockets and streams, with everything they were given kept. */
import { assertEquals } from "@std/assert";
import * as grpc from "@grpc/grpc-js";
import { Change } from "../feed/change.ts";
import { serviceDefinition } from "../protos/descriptors.ts";
import type { ChatMessage, ChatMessage__Output } from "../protos/gen/chat/ChatMessage.ts";
import type { ChatResponse__Output } from "../protos/gen/chat/ChatResponse.ts";
import type { ChatServiceClient } from "../protos/gen/chat/ChatService.ts";
import type { Event__Output } from "../protos/gen/chat/Event.ts";
import type { ServerFrame__Output } from "../protos/gen/chat/ServerFrame.ts";
import { run } from "./harness.ts";

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

/** What proves who calls, for the calls that need it. */
export function bearer(token: string): grpc.Metadata {
  const metadata = new grpc.Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  return metadata;
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

/** A guest, as `POST /sign-in` answers. */
export interface SignedIn {
  readonly token: string;
  readonly principal: { readonly id: string; readonly name: string; readonly key: string };
  readonly expires: string;
}

/** Signs in as a program does. Throws what was refused. */
export async function signIn(gatewayPort: number, name: string, { token = "" } = {}): Promise<SignedIn> {
  const response = await fetch(`http://127.0.0.1:${gatewayPort}/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ name }),
  });
  const answer = await response.json();
  if (response.ok) return answer;
  throw Object.assign(new Error(answer.error), { code: answer.code, status: response.status });
}

/** How a client of `/ws` comes in. */
interface Entrance {
  /** The name to sign in with; by default one that nobody has. */
  readonly name?: string;
  /** Who it is, if it has signed in before. */
  readonly token?: string;
}

/** A client of `/ws`: frames in and out. */
export class FrameSocket implements AsyncDisposable {
  readonly #raw: RawSocket;
  /** Who it is. */
  readonly token: string;
  readonly #waiting = new Map<number, (frame: ServerFrame__Output) => void>();
  #lastId = 0;

  private constructor(raw: RawSocket, token: string) {
    this.#raw = raw;
    this.token = token;
    raw.onReceived = (frame) =>
      this.#waiting.get((frame as ServerFrame__Output).id)?.(frame as ServerFrame__Output);
  }

  /** Signs in, and connects. Nobody is open yet. */
  static async connect(
    gatewayPort: number,
    { name = `reader ${crypto.randomUUID().slice(0, 8)}`, token }: Entrance = {},
  ): Promise<FrameSocket> {
    const bearer = token ?? (await signIn(gatewayPort, name)).token;
    const headers = { authorization: `Bearer ${bearer}` };
    return new FrameSocket(await RawSocket.connect(`ws://127.0.0.1:${gatewayPort}/ws`, { headers }), bearer);
  }

  /** Signs in, connects, and opens. */
  static async join(gatewayPort: number, name: string): Promise<FrameSocket> {
    const socket = await FrameSocket.connect(gatewayPort, { name });
    const { opened } = await socket.ask({ open: {} });
    if (opened?.principal?.name === name) return socket;
    await socket[Symbol.asyncDispose]();
    throw new Error(`"${name}" was not let in`);
  }

  get raw(): RawSocket {
    return this.#raw;
  }

  /** Everything it was sent. */
  get frames(): ServerFrame__Output[] {
    return this.#raw.received as ServerFrame__Output[];
  }

  /** All events it was sent, in the order of arrival. */
  get events(): Event__Output[] {
    return this.frames.flatMap(({ batch }) => batch?.events ?? []);
  }

  /** The texts of all events it was sent, in the order of arrival. */
  get texts(): string[] {
    return this.events.map(({ message }) => message?.text ?? "");
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

/** Says 300 things at once from Node, which closes a connection politely: with a GOAWAY of its own. */
export async function callPolitely(url: string, { caFile = "" }: { caFile?: string } = {}): Promise<void> {
  const script = `import { readFileSync } from "node:fs";
    import { connect } from "node:http2";
    const [url, caFile] = process.argv.slice(1);
    const client = connect(url, caFile ? { ca: readFileSync(caFile) } : {});
    const call = () => new Promise((resolve) => {
      const headers = { ":method": "POST", ":path": "/chat.ChatService/SendMessage", "content-type": "application/grpc", te: "trailers" };
      const stream = client.request(headers);
      stream.on("close", resolve).resume();
      stream.end(Buffer.from("00000000070a016112026869", "hex"));
    });
    await Promise.all(Array.from({ length: 300 }, call));
    client.close();
    await new Promise((resolve) => client.on("close", resolve));`;
  const { code, stderr } = await run(["node", "--input-type=module", "-e", script, url, caFile]);
  assertEquals(code, 0, stderr);
}
