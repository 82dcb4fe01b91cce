/** Our servers, as a user starts them: a ChatService and its gateways, each in a process of its own. */
import { connect } from "../../sdk/mod.ts";
import { limits } from "../../protos/limits.ts";
import { here } from "../cache.ts";
import type { Place, Server } from "./peer.ts";
import { type Process, quietPort, start } from "../process.ts";

/** All of them. */
export interface Ours extends Server {
  readonly grpcPort: number;
  readonly service: () => Process;
  /** Of all gateways; the first one's is `port`. */
  readonly ports: readonly number[];
  /** The processes of the gateways alone. */
  gatewayPids(): number[];
  /** Ends ChatService with a signal, and starts it again in the same place. */
  restart(signal: Deno.Signal): Promise<void>;
}

/** Where the log is. */
export interface Engine extends AsyncDisposable {
  /** As CHAT_LOG has it. */
  readonly url: string;
  /** The processes that keep it beside ChatService. */
  pids(): number[];
}

/** How they are started. */
export interface OursOptions {
  /** The guests of these keys may come in. */
  readonly keys?: string | undefined;
  readonly gateways?: number;
  /** By default the log is a file in the folder. */
  readonly openEngine?: (folder: string, options: { keys: string | undefined }) => Promise<Engine>;
}

/** The repository. */
export const root = here("..");

/** Starts all with a fresh log. */
export async function startOurs(
  { folder, rooms }: Place,
  { keys, gateways: count = 1, openEngine = openFile }: OursOptions = {},
): Promise<Ours> {
  await using stack = new AsyncDisposableStack();
  const engine = stack.use(await openEngine(folder, { keys }));
  // The same again after a restart.
  const grpcPort = quietPort();
  let service = await startService(folder, grpcPort, engine.url);
  stack.defer(() => service.end());
  const gateways: { process: Process; port: number }[] = [];
  for (let i = 0; i < count; i++) {
    const gateway = await startGateway(grpcPort, quietPort());
    stack.defer(() => gateway.process.end());
    gateways.push(gateway);
  }
  if (rooms.length > 0) await makeRooms(grpcPort, rooms);
  const rest = stack.move();
  const gatewayPids = () => gateways.flatMap(({ process }) => process.pids());
  return {
    port: gateways[0]?.port ?? 0,
    ports: gateways.map(({ port }) => port),
    grpcPort,
    service: () => service,
    gatewayPids,
    pids: () => [...gatewayPids(), ...service.pids(), ...engine.pids()],
    restart: async (signal) => {
      await service.end(signal);
      service = await startService(folder, grpcPort, engine.url);
    },
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

/** SQLite, which is a part of ChatService. */
async function openFile(folder: string, { keys }: { keys: string | undefined }): Promise<Engine> {
  await keepKeys(folder, keys);
  return { url: fileIn(folder), pids: () => [], [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** Puts keys where a log in SQLite has them. */
export async function keepKeys(folder: string, keys: string | undefined): Promise<void> {
  if (keys !== undefined) await Deno.writeTextFile(`${folder}/keys.json`, keys, { mode: 0o600 });
}

/** The log of a folder, in SQLite. */
export function fileIn(folder: string): string {
  return `sqlite:${folder}/chat.db`;
}

/** Starts a ChatService on a port, with a folder of its own. */
export function startService(folder: string, port: number, log = fileIn(folder)): Promise<Process> {
  return start(Deno.execPath(), {
    args: argsOf("grpc"),
    cwd: root,
    env: { CHAT_DATA: folder, CHAT_LOG: log, GRPC_PORT: String(port) },
    until: /gRPC server started on port (\d+)/,
  });
}

/** Starts a gateway, and waits until it reaches ChatService. */
async function startGateway(grpcPort: number, port: number): Promise<{ process: Process; port: number }> {
  const process = await start(Deno.execPath(), gatewayStart(grpcPort, port));
  const ready = async () => (await fetch(`http://127.0.0.1:${port}/readyz`).then(async (response) => {
    await response.body?.cancel();
    return response.ok;
  }));
  while (!await ready()) await new Promise((resolve) => setTimeout(resolve, 20));
  return { process, port };
}

/** How a gateway is started. */
export function gatewayStart(grpcPort: number, port: number): Parameters<typeof start>[1] {
  return {
    args: argsOf("web"),
    cwd: root,
    env: { CHAT_ADDRESS: `127.0.0.1:${grpcPort}`, PORT: String(port) },
    until: /Chat page on \S+:(\d+)/,
  };
}

async function makeRooms(grpcPort: number, rooms: readonly string[]): Promise<void> {
  const wanted = rooms.filter((room) => room !== "lobby");
  for (let i = 0; i < wanted.length; i += limits.roomsBurst) {
    await using client = await connect(`grpc://127.0.0.1:${grpcPort}`, { name: `bench rooms ${i}` });
    const some = wanted.slice(i, i + limits.roomsBurst);
    await Promise.all(some.map((room) => client.createRoom({ room })));
  }
}

/** As its task has them. */
function argsOf(role: "grpc" | "web"): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(here("../deno.json")));
  return tasks[role].command.split(" ").slice(1);
}
