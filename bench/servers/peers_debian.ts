/** The peers that Debian has: brokers that speak WebSocket themselves. */
import { Missing, type Peer } from "./peer.ts";
import { output, quietPort, start } from "../process.ts";

/** NATS, without JetStream. */
export const nats: Peer = {
  name: "nats",
  label: "nats-server",
  door: "nats",
  prepare: () => versionOf("nats-server", ["--version"], /v([\d.]+)/),
  start: async ({ folder }) => {
    const port = quietPort();
    const config = `${folder}/nats.conf`;
    await Deno.writeTextFile(
      config,
      `listen: "127.0.0.1:${quietPort()}"\nwebsocket { listen: "127.0.0.1:${port}", no_tls: true }\n`,
    );
    const process = await start("nats-server", { args: ["-c", config], until: /Server is ready/ });
    return { ...process, port };
  },
};

/** Mosquitto, keeping nothing. */
export const mosquitto: Peer = {
  name: "mosquitto",
  label: "mosquitto",
  door: "mqtt",
  prepare: () => versionOf("mosquitto", ["-h"], /version ([\d.]+)/, { failsAnyway: true }),
  start: async ({ folder }) => {
    const port = quietPort();
    const config = `${folder}/mosquitto.conf`;
    const lines = [
      // Debian's version starts no WebSocket listener without another one beside it.
      `listener ${quietPort()} 127.0.0.1`,
      `listener ${port} 127.0.0.1`,
      "protocol websockets",
      "allow_anonymous true",
      "set_tcp_nodelay true",
      "persistence false",
      "log_dest stderr",
    ];
    await Deno.writeTextFile(config, lines.join("\n") + "\n");
    const process = await start("mosquitto", { args: ["-c", config], until: /mosquitto version .* running/ });
    return { ...process, port };
  },
};

async function versionOf(
  program: string,
  args: readonly string[],
  version: RegExp,
  { failsAnyway = false } = {},
): Promise<string> {
  const shell = ["-c", `"$0" "$@" 2>&1${failsAnyway ? " || true" : ""}`, program, ...args];
  const found = version.exec(await output("sh", shell) ?? "")?.[1];
  if (found === undefined) throw new Missing(`it needs Debian's package ${program}`);
  return `${program} ${found}`;
}
