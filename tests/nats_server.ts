/** A nats-server with JetStream, or a cluster of them, for tests. Debian's package has it. */
import { cannotRunHere, eventually, quietPort, run } from "./harness.ts";

/** A server that can be killed, stopped, and started again on what it stored. */
export interface NatsServer extends AsyncDisposable {
  readonly port: number;
  /** The address of a stream. */
  url(stream?: string): string;
  /** Resolves when it takes connections. */
  ready(): Promise<void>;
  start(): Promise<void>;
  signal(signal: Deno.Signal): void;
  kill(): Promise<void>;
  /** Keeps what it has stored, and gives it back: between a kill and a start. */
  backup(): Promise<void>;
  restore(): Promise<void>;
  /** Kills it at once, with all that it stored. */
  end(): void;
}

let known: boolean | undefined;

/** Whether nats-server is there. Says loudly if not, and fails in CI. */
export function hasNats(): boolean {
  if (known !== undefined) return known;
  try {
    new Deno.Command("nats-server", { args: ["--version"], stdout: "null", stderr: "null" }).outputSync();
    return known = true;
  } catch {
    // No such program.
    cannotRunHere("NATS as an engine: nats-server is not installed.");
    return known = false;
  }
}

/** A test that needs nats-server. */
export function onNats(promise: string, test: () => Promise<void>): void {
  if (hasNats()) Deno.test(promise, test);
}

/** One server on a free port. */
export async function serveNats(options?: { config?: string }): Promise<NatsServer> {
  const server = spawnNats(options);
  await server.ready();
  return server;
}

/** The same, begun and not waited for: for a server that is there before the first test is. */
export function spawnNats({ config = "" }: { config?: string } = {}): NatsServer {
  const folder = Deno.makeTempDirSync({ prefix: "switchboard-" });
  return startServer({ folder, port: quietPort(), config });
}

/** Three servers that keep each record on all three. */
export async function serveNatsCluster(): Promise<
  AsyncDisposable & { servers: NatsServer[]; url(stream?: string): string }
> {
  const [one = 0, two = 0, three = 0, ...routed] = Array.from({ length: 6 }, quietPort);
  const ports = [one, two, three];
  const routes = routed.map((port) => `nats-route://127.0.0.1:${port}`).join(", ");
  const servers = ports.map((port, i) => {
    const folder = Deno.makeTempDirSync({ prefix: "switchboard-" });
    const config = `server_name: n${i}
      cluster { name: c, listen: "127.0.0.1:${routed[i]}", routes: [${routes}] }`;
    return startServer({ folder, port, config });
  });
  await Promise.all(servers.map((server) => server.ready()));
  return {
    servers,
    url: (stream = "CHAT") => `nats://${ports.map((port) => `127.0.0.1:${port}`).join(",")}/${stream}`,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
    },
  };
}

function startServer(
  { folder, port, config }: { folder: string; port: number; config: string },
): NatsServer {
  const file = `${folder}/nats.conf`;
  const own = `listen: "127.0.0.1:${port}"\njetstream { store_dir: ${JSON.stringify(folder)} }\n`;
  Deno.writeTextFileSync(file, `${own}${config}\n`);
  const args = ["--config", file, "--log", `${folder}/nats.log`];
  const spawn = () => new Deno.Command("nats-server", { args, stdout: "null", stderr: "null" }).spawn();
  let child: Deno.ChildProcess | undefined = spawn();
  const ready = () => eventually(() => listens(port), { what: "nats-server" });
  const kill = async () => {
    const ended = child;
    child = undefined;
    ended?.kill("SIGKILL");
    await ended?.status;
  };
  const remove = () => Deno.removeSync(folder, { recursive: true });
  return {
    port,
    url: (stream = "CHAT") => `nats://127.0.0.1:${port}/${stream}`,
    ready,
    start: async () => {
      child = spawn();
      await ready();
    },
    signal: (signal) => child?.kill(signal),
    kill,
    backup: () => run(["cp", "-r", `${folder}/jetstream`, `${folder}/backup`]).then(() => {}),
    restore: async () => {
      await Deno.remove(`${folder}/jetstream`, { recursive: true });
      await Deno.rename(`${folder}/backup`, `${folder}/jetstream`);
    },
    end: () => {
      child?.kill("SIGKILL");
      remove();
    },
    [Symbol.asyncDispose]: async () => {
      await kill();
      remove();
    },
  };
}

/** True if somebody takes connections there. */
export async function listens(port: number): Promise<boolean> {
  try {
    using _ = await Deno.connect({ hostname: "127.0.0.1", port });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}
