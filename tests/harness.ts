/** What tests run on: real servers in this process or in one of their own, real clients of both doors. */
import * as grpc from "@grpc/grpc-js";
import { Change } from "../feed/change.ts";
import { type Gateway, startGateway } from "../gateway/main.ts";
import { type ChatService, startChatService } from "../grpc_server.ts";
import { serviceDefinition } from "../protos/descriptors.ts";
import type { ChatMessage, ChatMessage__Output } from "../protos/gen/chat/ChatMessage.ts";
import type { ChatResponse__Output } from "../protos/gen/chat/ChatResponse.ts";
import type { ChatServiceClient } from "../protos/gen/chat/ChatService.ts";
import type { ServerFrame__Output } from "../protos/gen/chat/ServerFrame.ts";
import { silent } from "../runtime/journal.ts";

/** The repository's root. */
export const root = new URL("../", import.meta.url).pathname;

/** Runs a heavy tool of the tests: these have a lock file of their own, which `deno task start` does not fetch. */
export const toolArgs = ["run", "-q", "-A", `--config=${root}tests/tools/deno.json`, "--frozen"];

/** Runs buf. */
export function buf(args: string[], options?: Parameters<typeof run>[1]): ReturnType<typeof run> {
  return run([Deno.execPath(), ...toolArgs, "npm:@bufbuild/buf@1.74.0/buf", ...args], options);
}

/** A folder that goes away with its scope. */
export async function tempFolder(): Promise<AsyncDisposable & { path: string; file(name: string): string }> {
  const path = await Deno.makeTempDir({ prefix: "switchboard-" });
  return {
    path,
    file: (name) => `${path}/${name}`,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** A ChatService in this process, on a free port. */
export async function serveChat(
  { chatLog = "sqlite::memory:", port = 0, now }: { chatLog?: string; port?: number; now?: () => number } =
    {},
): Promise<ChatService & AsyncDisposable> {
  const settings = { grpcHost: "127.0.0.1", grpcPort: port, chatLog };
  const service = await startChatService(settings, { journal: silent, ...(now && { now }) });
  return { ...service, [Symbol.asyncDispose]: () => service.close() };
}

/** A gateway in this process, on a free port. */
export async function serveWeb(
  chatPort: number,
  { origins = [], port = 0 }: { origins?: string[]; port?: number } = {},
): Promise<Gateway & AsyncDisposable> {
  await bundle();
  const settings = { host: "127.0.0.1", port, chatAddress: `127.0.0.1:${chatPort}`, origins };
  const gateway = await startGateway(settings, { journal: silent });
  return { ...gateway, [Symbol.asyncDispose]: () => gateway.close() };
}

let bundled: Promise<void> | undefined;

/** Bundles the page, once a run: a bare `deno test -A` needs no other step. */
export function bundle(): Promise<void> {
  return bundled ??= (async () => {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "-q", "bundle"],
      cwd: root,
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  })();
}

/** A process of ours. */
export interface Spawned extends AsyncDisposable {
  readonly pid: number;
  /** The port that it printed. */
  readonly port: number;
  /** What it printed so far, both streams. */
  output(): string;
  /** Sends a signal and waits for the end. */
  kill(signal: Deno.Signal): Promise<Deno.CommandStatus>;
}

const entries = { grpc: "grpc_server.ts", web: "gateway/main.ts", start: "start.ts" };

/** Runs a task's command in a process of its own, as the task does, and waits until it serves. */
export async function spawn(
  role: keyof typeof entries,
  { env = {}, args = [], wrap = [] }: { env?: Record<string, string>; args?: string[]; wrap?: string[] } = {},
): Promise<Spawned> {
  if (role !== "grpc") await bundle();
  const [program = "", ...rest] = [
    ...wrap,
    Deno.execPath(),
    "run",
    "-q",
    `-P=${role}`,
    entries[role],
    ...args,
  ];
  const child = new Deno.Command(program, {
    args: rest,
    cwd: root,
    env: { GRPC_PORT: "0", PORT: "0", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let output = "";
  const changed = { wake: () => {} };
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>;
    for await (const text of stream.pipeThrough(decoder)) {
      output += text;
      changed.wake();
    }
  };
  const ended = Promise.all([read(child.stdout), read(child.stderr), child.status]);
  const said = role === "web" ? /Chat page on \S+:(\d+)/ : /gRPC server started on port (\d+)/;
  let status: Deno.CommandStatus | undefined;
  child.status.then((how) => {
    status = how;
    changed.wake();
  });
  while (!said.test(output)) {
    if (status) {
      await ended;
      throw new Error(`"${role}" ended with ${status.code}: ${output}`);
    }
    await new Promise<void>((resolve) => changed.wake = resolve);
  }
  const kill = async (signal: Deno.Signal) => {
    if (!status) child.kill(signal);
    const [, , how] = await ended;
    return how;
  };
  return {
    pid: child.pid,
    port: Number(said.exec(output)?.[1]),
    output: () => output,
    kill,
    [Symbol.asyncDispose]: async () => void await kill("SIGKILL"),
  };
}

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

/** A free port that no outgoing connection is given: one that waits for its server could otherwise meet itself. */
export function quietPort(): number {
  for (;;) {
    try {
      const port = 20_000 + Math.floor(Math.random() * 10_000);
      using _ = Deno.listen({ hostname: "127.0.0.1", port });
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** Polls until a condition holds; fails after `ms`. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  { ms = 15_000, what = "a condition" } = {},
): Promise<void> {
  const end = Date.now() + ms;
  while (!await holds()) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs a program to its end and gives what it printed. */
export async function run(
  [program = "", ...args]: string[],
  { cwd = root, env = {}, stdin }: { cwd?: string; env?: Record<string, string>; stdin?: string } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = new Deno.Command(program, {
    args,
    cwd,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  // A program that reads nothing closes its end first.
  await writer.write(new TextEncoder().encode(stdin ?? "")).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

/**
 * Says loudly that a test cannot run here, and why. Under `CI=true` that is a failure: a gate that skips
 * is none.
 */
export function cannotRunHere(why: string): void {
  if (Deno.env.get("CI") === "true") throw new Error(`This test must run in CI: ${why}`);
  // deno-lint-ignore no-console -- this is the one thing a reader of the test's output must not miss
  console.error(`\n*** NOT TESTED HERE: ${why} ***\n`);
}
