/** The peers that npm has: `ws` and Socket.IO on Node, and Bun. */
import { here } from "../cache.ts";
import { npmPackages, npmVersion } from "./npm.ts";
import { listening, serving } from "./peer_deno.ts";
import { Missing, type Peer } from "./peer.ts";
import { output, start } from "../process.ts";

/** `ws` on Node. */
export const ws: Peer = {
  name: "ws",
  label: "ws on Node",
  door: "plain",
  prepare: async () => `ws ${await npmVersion("ws")} on ${await nodeVersion()}`,
  start: () => startOnNode("ws"),
};

/** Socket.IO on Node. */
export const socketio: Peer = {
  name: "socketio",
  label: "Socket.IO on Node",
  door: "socketio",
  prepare: async () => `Socket.IO ${await npmVersion("socket.io")} on ${await nodeVersion()}`,
  start: () => startOnNode("socketio"),
};

/** Bun's own publish. */
export const bun: Peer = {
  name: "bun",
  label: "Bun's publish",
  door: "plain",
  prepare: async () => `Bun ${await output(await bunProgram(), ["--version"])}`,
  start: async () =>
    serving(await start(await bunProgram(), { args: [here("peers/bun.js")], until: listening })),
};

async function startOnNode(name: "ws" | "socketio") {
  const env = { NODE_PATH: await npmPackages(), NODE_ENV: "production" };
  return serving(await start("node", { args: [here(`peers/${name}.cjs`)], env, until: listening }));
}

async function nodeVersion(): Promise<string> {
  const version = await output("node", ["--version"]);
  if (version === undefined) throw new Missing("it needs Node");
  return `Node ${version.replace("v", "")}`;
}

/** Of Bun's packages, the one that this processor can run. */
async function bunProgram(): Promise<string> {
  const packages = await npmPackages();
  for await (const { name } of Deno.readDir(`${packages}/@oven`)) {
    const program = `${packages}/@oven/${name}/bin/bun`;
    if (await output(program, ["--version"]) !== undefined) return program;
  }
  throw new Missing("there is no Bun for this processor");
}
