/** Ours with the log in NATS: one server with JetStream, and one ChatService. */
import { keysOfGuests } from "./guests.ts";
import { type Engine, fileIn, keepKeys, root, startOurs, startService } from "./ours.ts";
import type { Peer, Place } from "./peer.ts";
import { nats } from "./peers_debian.ts";
import { ours } from "./peer_ours.ts";
import { output, quietPort, start } from "../process.ts";

/** Switchboard on NATS, which acknowledges before it syncs. */
export const oursOnNats = {
  name: "ours-nats",
  label: "Switchboard on NATS",
  door: "ours",
  prepare: async () => `${await ours.prepare()}, ${await nats.prepare()}`,
  start: (place: Place) => startOurs(place, { keys: keysOfGuests(), openEngine: openNats }),
} satisfies Peer;

async function openNats(folder: string, { keys }: { keys: string | undefined }): Promise<Engine> {
  const port = quietPort();
  const config = `${folder}/nats.conf`;
  await Deno.writeTextFile(
    config,
    `listen: "127.0.0.1:${port}"\njetstream { store_dir: ${JSON.stringify(`${folder}/nats`)} }\n`,
  );
  const { pids, ...process } = await start("nats-server", { args: ["-c", config], until: /Server is ready/ });
  const url = `nats://127.0.0.1:${port}/CHAT`;
  try {
    await takeKeys(folder, { keys, url });
    return { url, pids, [Symbol.asyncDispose]: () => process.end() };
  } catch (error) {
    await process.end();
    throw error;
  }
}

/** Keys are a part of the stream there: they come with an import of an empty log. */
async function takeKeys(
  folder: string,
  { keys, url }: { keys: string | undefined; url: string },
): Promise<void> {
  if (keys === undefined) return;
  const empty = `${folder}/empty`;
  await Deno.mkdir(empty);
  await keepKeys(empty, keys);
  await (await startService(empty, quietPort())).end("SIGTERM");
  const from = ["run", "-q", "-P=grpc", "log/import.ts", "--from", fileIn(empty), "--to", url];
  const done = await output(Deno.execPath(), [...from, "--data", `${folder}/import`], {
    cwd: root,
  });
  if (done === undefined) throw new Error("Cannot start: NATS did not take the keys of the guests.");
}
