/** The machine's floor. */
import { cached, here, isFresh } from "../cache.ts";
import { listening, serving } from "./peer_deno.ts";
import { Missing, type Peer } from "./peer.ts";
import { output, start } from "../process.ts";

/** A broadcaster in C: epoll, a frame for each message. */
export const broadcaster: Peer = {
  name: "c",
  label: "C with epoll",
  door: "plain",
  prepare: async () => {
    const [program, source] = [cached("broadcaster"), here("peers/broadcaster.c")];
    const version = await output("cc", ["-dumpfullversion"]);
    if (version === undefined) throw new Missing("it needs a C compiler");
    if (!await isFresh(program, source)) {
      await Deno.mkdir(cached(""), { recursive: true });
      if (await output("cc", ["-O2", "-o", program, source]) === undefined) {
        throw new Missing("its C does not compile here");
      }
    }
    return `C, cc ${version} -O2`;
  },
  start: async () => serving(await start(cached("broadcaster"), { args: [], until: listening })),
};
