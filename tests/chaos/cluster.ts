/** ChatServices, their gateways and their log, each a process of its own that can be killed, stopped and restarted where it was. */
import { quietPort, spawn, type Spawned, tempFolder } from "../harness.ts";
import type { Dice } from "./dice.ts";
import { natsAddress, planNats, runNats } from "./nats.ts";
import { Proxy } from "./proxy.ts";
import { openTap, type Tap } from "./tap.ts";

/** A log that a run makes for itself: what `CHAT_LOG` is set to, in a folder that goes away. */
export const engines: Readonly<Record<string, (folder: string) => string>> = {
  sqlite: (folder) => `sqlite:${folder}/chat.db`,
};

/** A process with a fixed port, and a network before it. */
export class Node implements AsyncDisposable {
  readonly name: string;
  readonly port: number;
  /** Where clients connect to. */
  readonly proxy: Proxy;
  readonly #start: () => Promise<Spawned>;
  /** All that ran here, the one that runs now last. */
  readonly #runs: Spawned[] = [];
  #stopped = false;

  private constructor(
    name: string,
    port: number,
    { proxy, start }: { proxy: Proxy; start: () => Promise<Spawned> },
  ) {
    this.name = name;
    this.port = port;
    this.proxy = proxy;
    this.#start = start;
  }

  static async start(
    name: string,
    run: (port: number) => Promise<Spawned>,
    { random, to }: { random: Dice; to?: number },
  ): Promise<Node> {
    const port = quietPort();
    const proxy = await Proxy.start(() => to ?? port, { random });
    const node = new Node(name, port, { proxy, start: () => run(port) });
    await node.restart();
    return node;
  }

  get #run(): Spawned {
    return this.#runs.at(-1) as Spawned;
  }

  get pid(): number {
    return this.#run.pid;
  }

  /** Everything that ran here printed. */
  get output(): string {
    return this.#runs.map((run) => run.output()).join("\n");
  }

  /** Ends the process; it stays ended until `restart`. */
  async kill(signal: Deno.Signal): Promise<Deno.CommandStatus> {
    // A stopped process is told of nothing but SIGKILL.
    if (signal !== "SIGKILL") this.go();
    this.#stopped = false;
    return await this.#run.kill(signal);
  }

  /** Runs it again, on the same port. */
  async restart(): Promise<void> {
    this.#runs.push(await this.#start());
  }

  async crash(): Promise<void> {
    await this.kill("SIGKILL");
    await this.restart();
  }

  /** Stops the process where it is, as a machine does that is paused. */
  stop(): void {
    this.#stopped = true;
    Deno.kill(this.pid, "SIGSTOP");
  }

  /** Lets it go on. */
  go(): void {
    if (this.#stopped) Deno.kill(this.pid, "SIGCONT");
    this.#stopped = false;
  }

  /** Resident memory in MB. */
  async rss(): Promise<number> {
    return await residentMb(this.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill("SIGKILL");
    await this.proxy[Symbol.asyncDispose]();
  }
}

/** Resident memory of a process in MB. */
export async function residentMb(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await Deno.readTextFile(`/proc/${pid}/status`))?.[1]) / 1024;
}

/** What a run is made of. */
export interface ClusterOptions {
  /** A key of {@linkcode engines}, or "nats". */
  readonly log: string;
  /** Servers of NATS, if the log is there; 1 if unsaid. */
  readonly nats?: number;
  /** ChatServices, 1 if unsaid; more than one needs NATS. */
  readonly chats?: number;
  readonly gateways: number;
  readonly random: Dice;
  /** Listen in on what gateways ask of ChatService. */
  readonly tapped?: boolean;
}

interface Parts {
  readonly nats: readonly Node[];
  readonly chats: readonly Node[];
  readonly gateways: readonly Node[];
  readonly links: readonly Proxy[];
  readonly tap: Tap | undefined;
  readonly stack: AsyncDisposableStack;
  readonly serve: Serve;
  readonly folder: string;
}

/** Starts the ChatService of this number. */
type Serve = (number: number) => Promise<Node>;

/** The servers of a run. */
export class Cluster implements AsyncDisposable {
  readonly nats: readonly Node[];
  readonly gateways: readonly Node[];
  /** The network from each gateway to each ChatService. */
  readonly links: readonly Proxy[];
  readonly tap: Tap | undefined;
  readonly #chats: Node[];
  readonly #stack: AsyncDisposableStack;
  readonly #serve: Serve;
  readonly #folder: string;

  private constructor({ nats, chats, gateways, links, tap, stack, serve, folder }: Parts) {
    this.nats = nats;
    this.#chats = [...chats];
    this.gateways = gateways;
    this.links = links;
    this.tap = tap;
    this.#stack = stack;
    this.#serve = serve;
    this.#folder = folder;
  }

  static async start(options: ClusterOptions): Promise<Cluster> {
    const { chats: count = 1, random, tapped = false } = options;
    await using starting = new AsyncDisposableStack();
    const { path: folder } = starting.use(await tempFolder());
    const servers = options.log === "nats" ? options.nats ?? 1 : 0;
    const nats = await useAll(starting, startNats(servers, { folder, random }));
    const env = { CHAT_LOG: logOf(options, { nats, folder }) };
    const serve = (number: number) => {
      const own = { ...env, CHAT_DATA: dataOf(folder, number) };
      const run = (port: number) => spawn("grpc", { env: { ...own, GRPC_PORT: `${port}` } });
      return Node.start(count === 1 ? "ChatService" : `ChatService ${number}`, run, { random });
    };
    // The first one makes the stream.
    const [first] = await useAll(starting, [serve(1)]) as [Node];
    const more = Array.from({ length: count - 1 }, (_, i) => serve(i + 2));
    const chats = [first, ...await useAll(starting, more)];
    const tap = tapped ? starting.use(await openTap(first.port)) : undefined;
    const targets = tap ? [tap] : chats;
    const links: Proxy[] = [];
    const startGateway = async (number: number) => {
      const ways = await Promise.all(targets.map(({ port }) => Proxy.start(() => port, { random })));
      for (const way of ways) links.push(starting.use(way));
      const addresses = ways.map(({ port }) => `127.0.0.1:${port}`).join();
      const run = (port: number) => spawn("web", { env: { CHAT_ADDRESS: addresses, PORT: `${port}` } });
      return await Node.start(`gateway ${number}`, run, { random });
    };
    const begun = Array.from({ length: options.gateways }, (_, i) => startGateway(i + 1));
    const gateways = await useAll(starting, begun);
    return new Cluster({ nats, chats, gateways, links, tap, stack: starting.move(), serve, folder });
  }

  /** The ChatServices. */
  get chats(): readonly Node[] {
    return this.#chats;
  }

  /** The first of them, or the only one. */
  get chat(): Node {
    return this.#chats[0] as Node;
  }

  /** All processes. */
  get nodes(): readonly Node[] {
    return [...this.nats, ...this.#chats, ...this.gateways];
  }

  /** All networks. */
  get proxies(): readonly Proxy[] {
    return [...this.nodes.map(({ proxy }) => proxy), ...this.links];
  }

  /** The address of the gRPC door, behind its network. */
  get grpc(): string {
    return `grpc://127.0.0.1:${this.chat.proxy.port}`;
  }

  /** The files that the ChatServices on NATS keep their copies in. */
  get copies(): readonly string[] {
    return this.#chats.map((_, i) => `${dataOf(this.#folder, i + 1)}/CHAT.replica.db`);
  }

  /** The address of a gateway's door, behind its network; gateways are taken in turn. */
  ws(turn: number): string {
    const gateway = this.gateways[turn % this.gateways.length];
    return `ws://127.0.0.1:${gateway?.proxy.port}`;
  }

  /** One more ChatService, which has nothing yet and no gateway knows. Resolves when it serves. */
  async grow(): Promise<Node> {
    const chat = this.#stack.use(await this.#serve(this.#chats.length + 1));
    this.#chats.push(chat);
    return chat;
  }

  /** What the servers said that they never should: faults of their own. */
  faults(): string[] {
    return this.nodes.flatMap(({ name, output }) =>
      output.split("\n").filter((line) => /fault of ours|Uncaught|Unhandled|panicked|^error: /.test(line))
        .map((line) => `${name}: ${line}`)
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function dataOf(folder: string, number: number): string {
  return `${folder}/data-${number}`;
}

function logOf({ log }: ClusterOptions, { nats, folder }: { nats: readonly Node[]; folder: string }): string {
  if (nats.length > 0) return natsAddress(nats.map(({ port }) => port));
  const engine = engines[log];
  if (engine) return engine(folder);
  throw new TypeError(
    `Cannot run on "${log}": the engines are ${[...Object.keys(engines), "nats"].join(", ")}.`,
  );
}

function startNats(count: number, { folder, random }: { folder: string; random: Dice }): Promise<Node>[] {
  return planNats(count, folder).map((plan) =>
    Node.start(plan.name, (port) => runNats(plan, port), { random })
  );
}

/** Waits for all, also if one fails: what has started must be ended. */
async function useAll(stack: AsyncDisposableStack, starting: readonly Promise<Node>[]): Promise<Node[]> {
  const used = starting.map(async (node) => stack.use(await node));
  await Promise.allSettled(used);
  return await Promise.all(used);
}
