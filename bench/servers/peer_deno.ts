/** The runtime's floor. */
import { here } from "../cache.ts";
import type { Peer } from "./peer.ts";
import { type Process, start } from "../process.ts";

/** A bare `Deno.upgradeWebSocket` broadcaster: no gRPC, no log. */
export const bare: Peer = {
  name: "deno",
  label: "bare Deno broadcaster",
  door: "plain",
  prepare: () => Promise.resolve(`Deno ${Deno.version.deno}`),
  start: async () =>
    serving(
      await start(Deno.execPath(), {
        args: ["run", "-q", "--allow-net", here("peers/deno.ts")],
        until: listening,
      }),
    ),
};

/** What a server of ours in bench/peers prints. */
export const listening = /listening on (\d+)/;

/** A process that printed its port. */
export function serving(process: Process): Process & { readonly port: number } {
  return { ...process, port: Number(process.said) };
}
