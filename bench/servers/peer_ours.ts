/** Ours among the servers that are measured. */
import { keysOfGuests } from "./guests.ts";
import { root, startOurs } from "./ours.ts";
import type { Peer, Place } from "./peer.ts";
import { output } from "../process.ts";

/** Switchboard: every message is on the disk before it is shown to anybody. */
export const ours = {
  name: "ours",
  label: "Switchboard",
  door: "ours",
  prepare: async () => {
    await bundle();
    const commit = await output("git", ["-C", root, "describe", "--always", "--dirty"]);
    return `Switchboard ${commit ?? "of no commit"} on Deno ${Deno.version.deno}`;
  },
  start: (place: Place) => startOurs(place, { keys: keysOfGuests() }),
} satisfies Peer;

/** Bundles the page, as `deno task web` does. */
async function bundle(): Promise<void> {
  if (await output(Deno.execPath(), ["task", "-q", "bundle"], { cwd: root }) !== undefined) return;
  throw new Error("Cannot start Switchboard: its page cannot be bundled.");
}
