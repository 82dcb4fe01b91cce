/** Our servers, as a user starts them: a ChatService and a gateway, each in a process of its own. */
import { connect } from "../../sdk/mod.ts";
import { limits } from "../../protos/limits.ts";
import { here } from "../cache.ts";
import type { Place, Server } from "./peer.ts";
import { type Process, quietPort, start } from "../process.ts";

/** Both servers. */
export interface Ours extends Server {
  readonly grpcPort: number;
  readonly service: () => Process;
  /** Ends ChatService with a signal, and starts it again in the same place. */
  restart(signal: Deno.Signal): Promise<void>;
}

/** The repository. */
export const root = here("..");

/** Starts both with a fresh log. The guests of these keys may come in. */
export async function startOurs({ folder, rooms }: Place, keys: string | undefined): Promise<Ours> {
  if (keys !== undefined) await Deno.writeTextFile(`${folder}/keys.json`, keys, { mode: 0o600 });
  // The same again after a restart.
  const grpcPort = quietPort();
  let service = await startService(folder, grpcPort);
  try {
    const gateway = await startGateway(grpcPort, quietPort());
    if (rooms.length > 0) await makeRooms(grpcPort, rooms);
    return {
      port: gateway.port,
      grpcPort,
      service: () => service,
      pids: () => [...gateway.process.pids(), ...service.pids()],
      restart: async (signal) => {
        await service.end(signal);
        service = await startService(folder, grpcPort);
      },
      [Symbol.asyncDispose]: async () => {
        await gateway.process.end();
        await service.end();
      },
    };
  } catch (error) {
    await service.end();
    throw error;
  }
}

/** Starts a ChatService on a port, with its log in a folder. */
export function startService(folder: string, port: number): Promise<Process> {
  return start(Deno.execPath(), {
    args: ["run", "-q", "-P=grpc", "grpc_server.ts"],
    cwd: root,
    env: { CHAT_DATA: folder, CHAT_LOG: `sqlite:${folder}/chat.db`, GRPC_PORT: String(port) },
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
    args: ["run", "-q", "-P=web", "gateway/main.ts"],
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
