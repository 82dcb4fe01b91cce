/** A ChatService and its gateways, each a process of its own that can be killed, stopped and restarted where it was. */
import { quietPort, spawn, type Spawned, tempFolder } from "../harness.ts";
import type { Dice } from "./dice.ts";
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
  /** A key of {@linkcode engines}. */
  readonly log: string;
  readonly gateways: number;
  readonly random: Dice;
  /** Listen in on what gateways ask of ChatService. */
  readonly tapped?: boolean;
}

/** The servers of a run. */
export class Cluster implements AsyncDisposable {
  readonly chat: Node;
  readonly gateways: readonly Node[];
  /** The network from each gateway to ChatService. */
  readonly links: readonly Proxy[];
  readonly tap: Tap | undefined;
  readonly #stack: AsyncDisposableStack;

  private constructor(chat: Node, { gateways, links, tap, stack }: {
    gateways: readonly Node[];
    links: readonly Proxy[];
    tap: Tap | undefined;
    stack: AsyncDisposableStack;
  }) {
    this.chat = chat;
    this.gateways = gateways;
    this.links = links;
    this.tap = tap;
    this.#stack = stack;
  }

  static async start({ log, gateways: count, random, tapped = false }: ClusterOptions): Promise<Cluster> {
    const engine = engines[log];
    if (!engine) {
      throw new TypeError(`Cannot run on "${log}": the engines are ${Object.keys(engines).join(", ")}.`);
    }
    await using starting = new AsyncDisposableStack();
    const folder = starting.use(await tempFolder());
    const env = { CHAT_LOG: engine(folder.path), CHAT_DATA: folder.file("data") };
    const serve = (port: number) => spawn("grpc", { env: { ...env, GRPC_PORT: `${port}` } });
    const chat = starting.use(await Node.start("ChatService", serve, { random }));
    const tap = tapped ? starting.use(await openTap(chat.port)) : undefined;
    const links: Proxy[] = [];
    const gateways: Node[] = [];
    for (let i = 0; i < count; i++) {
      const link = starting.use(await Proxy.start(() => tap?.port ?? chat.port, { random }));
      const run = (port: number) =>
        spawn("web", { env: { CHAT_ADDRESS: `127.0.0.1:${link.port}`, PORT: `${port}` } });
      gateways.push(starting.use(await Node.start(`gateway ${i + 1}`, run, { random })));
      links.push(link);
    }
    const stack = starting.move();
    return new Cluster(chat, { gateways, links, tap, stack });
  }

  /** All processes. */
  get nodes(): readonly Node[] {
    return [this.chat, ...this.gateways];
  }

  /** All networks. */
  get proxies(): readonly Proxy[] {
    return [...this.nodes.map(({ proxy }) => proxy), ...this.links];
  }

  /** The address of the gRPC door, behind its network. */
  get grpc(): string {
    return `grpc://127.0.0.1:${this.chat.proxy.port}`;
  }

  /** The address of a gateway's door, behind its network; gateways are taken in turn. */
  ws(turn: number): string {
    const gateway = this.gateways[turn % this.gateways.length];
    return `ws://127.0.0.1:${gateway?.proxy.port}`;
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
