/** Servers of NATS with JetStream, alone or as a cluster on this machine. */
import { eventually, quietPort, type Spawned } from "../harness.ts";
import { listens } from "../nats_server.ts";

/** One of them. */
export interface NatsPlan {
  readonly name: string;
  /** All that it keeps. */
  readonly folder: string;
  /** What the configuration says of the others; empty if there are none. */
  readonly cluster: string;
}

/** Plans so many, which know of each other, in folders of their own within `folder`. */
export function planNats(count: number, folder: string): NatsPlan[] {
  const routed = Array.from({ length: count }, quietPort);
  const routes = routed.map((port) => `nats-route://127.0.0.1:${port}`).join(", ");
  return routed.map((port, i) => ({
    name: `NATS ${i + 1}`,
    folder: `${folder}/nats-${i + 1}`,
    cluster: count === 1 ? "" : `cluster { name: chaos, listen: "127.0.0.1:${port}", routes: [${routes}] }`,
  }));
}

/** Runs one on a port, on what it has stored, and resolves when it takes connections. */
export async function runNats({ name, folder, cluster }: NatsPlan, port: number): Promise<Spawned> {
  await Deno.mkdir(folder, { recursive: true });
  const file = `${folder}/nats.conf`;
  const lines = [
    `server_name: ${JSON.stringify(name.replace(" ", "-"))}`,
    `listen: "127.0.0.1:${port}"`,
    `jetstream { store_dir: ${JSON.stringify(folder)} }`,
    cluster,
  ];
  await Deno.writeTextFile(file, `${lines.join("\n")}\n`);
  const child = new Deno.Command("nats-server", {
    args: ["--config", file, "--log", `${folder}/nats.log`],
    stdin: "null",
    stdout: "null",
    // Nothing but why it could not go on.
    stderr: "inherit",
  }).spawn();
  let ended = false;
  const status = child.status.finally(() => ended = true);
  const kill = async (signal: Deno.Signal) => {
    if (!ended) child.kill(signal);
    return await status;
  };
  await eventually(() => ended || listens(port), { what: name });
  if (ended) throw new Error(`${name} ended: ${await Deno.readTextFile(`${folder}/nats.log`)}`);
  return {
    pid: child.pid,
    port,
    output: () => "",
    kill,
    [Symbol.asyncDispose]: async () => void await kill("SIGKILL"),
  };
}

/** What `CHAT_LOG` is set to. */
export function natsAddress(ports: readonly number[]): string {
  return `nats://${ports.map((port) => `127.0.0.1:${port}`).join(",")}/CHAT`;
}
