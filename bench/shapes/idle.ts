/** Browsers that are there, and silent. */
import { cpuMs, rssBytes } from "../cpu.ts";
import { enter, setScene } from "../scene.ts";
import { type Cell, shape } from "../shape.ts";

interface IdleCell extends Cell {
  readonly clients: number;
  readonly seconds: number;
}

/** The cell that a bar speaks of. */
export const idleCell: IdleCell = { name: "5,000 browsers", clients: 5_000, seconds: 30 };

/** The shape. */
export const idle = shape<IdleCell>({
  name: "idle",
  title: "Idle sockets",
  columns: [
    { figure: "perSocket", head: "RSS per socket, KB", digits: 1 },
    { figure: "before", head: "RSS before, MB", digits: 0 },
    { figure: "after", head: "RSS after, MB", digits: 0 },
    { figure: "cpu", head: "server CPU, %", digits: 1 },
    { figure: "closed", head: "lost sockets", digits: 0 },
  ],
  cells: [idleCell],
  quickCells: [{ name: "20 browsers", clients: 20, seconds: 0.3 }],
  peers: () => ["ours", "deno", "bun", "ws", "socketio", "nats", "mosquitto", "c"],
  measure: async (peer, { clients, seconds }) => {
    // One has been there before, so that what is done once is not counted.
    await using scene = await setScene(peer, { clients: 1, later: clients, writers: 1 });
    const { server, generator } = scene;
    const pids = server.pids();
    const before = rssBytes(pids);
    await enter(generator, { peer, server, crowd: { clients, writers: 1 } });
    await generator.stay({ seconds: Math.min(2, seconds) });
    const cpu = cpuMs(pids);
    const { closed } = await generator.stay({ seconds });
    const after = rssBytes(pids);
    return {
      perSocket: (after - before) / 1_024 / clients,
      before: before / 1_048_576,
      after: after / 1_048_576,
      cpu: (cpuMs(pids) - cpu) / seconds / 10,
      closed,
    };
  },
});
