/** Everybody comes at once. */
import { cpuMs } from "../cpu.ts";
import { enter, setScene } from "../scene.ts";
import type { Server } from "../servers/peer.ts";
import { type Cell, shape } from "../shape.ts";

interface StormCell extends Cell {
  readonly clients: number;
}

/** The cell that a bar speaks of. */
export const stormCell: StormCell = { name: "5,000 browsers", clients: 5_000 };

/** What ours are given before they count as joined. The others have no past. */
const replay = 100;

/** The shape. */
export const storm = shape<StormCell>({
  name: "storm",
  title: "Join storm",
  columns: [
    { figure: "joins", head: "joins/s", digits: 0 },
    { figure: "p50", head: "p50 of a join, ms", digits: 1 },
    { figure: "p99", head: "p99 of a join, ms", digits: 1 },
    { figure: "cpu", head: "server CPU per join, µs", digits: 0 },
    { figure: "service", head: "of it ChatService, µs", digits: 0 },
    { figure: "generator", head: "generator CPU, %", digits: 0 },
  ],
  cells: [stormCell],
  quickCells: [{ name: "20 browsers", clients: 20 }],
  peers: () => ["ours", "deno", "bun", "ws", "socketio", "nats", "mosquitto", "c"],
  measure: async (peer, { clients }) => {
    const isOurs = peer.name === "ours";
    // The one who writes what is replayed; the storm takes its place.
    await using scene = await setScene(peer, { clients: 1, later: clients, writers: 1 });
    const { server, generator } = scene;
    if (isOurs) {
      const silent = { warmSeconds: 0, drainSeconds: 5, pids: [] };
      await generator.load({ perSecond: 50, seconds: replay / 50, ...silent });
    }
    const crowd = { clients, writers: 1, replay: isOurs ? replay : 0 };
    const [pids, service] = [server.pids(), serviceOf(server)];
    const before = [cpuMs(pids), cpuMs(service), cpuMs([generator.pid])] as const;
    const { ms, latency } = await enter(generator, { peer, server, crowd });
    const perJoin = (now: number, then: number) => (now - then) * 1_000 / clients;
    return {
      joins: clients * 1_000 / ms,
      p50: latency.p50,
      p99: latency.p99,
      cpu: perJoin(cpuMs(pids), before[0]),
      ...(isOurs && { service: perJoin(cpuMs(service), before[1]) }),
      generator: (cpuMs([generator.pid]) - before[2]) * 100 / ms,
    };
  },
});

function serviceOf(server: Server & { service?: () => { pids(): number[] } }): number[] {
  return server.service?.().pids() ?? [];
}
