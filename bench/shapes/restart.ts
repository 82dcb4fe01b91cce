/** ChatService goes away and comes back, and the browsers stay. */
import { setScene } from "../scene.ts";
import { ours } from "../servers/peer_ours.ts";
import { type Cell, shape } from "../shape.ts";

interface RestartCell extends Cell {
  readonly clients: number;
  readonly signal: Deno.Signal;
  readonly seconds: number;
}

/** The shape. */
export const restart = shape<RestartCell>({
  name: "restart",
  title: "ChatService restarts",
  columns: [
    { figure: "resumed", head: "until all have resumed, ms", digits: 0 },
    { figure: "restarted", head: "of it until ChatService serves, ms", digits: 0 },
    { figure: "max", head: "longest delay of a message, ms", digits: 0 },
    { figure: "lost", head: "lost", digits: 0 },
    { figure: "disordered", head: "out of order", digits: 0 },
    { figure: "closed", head: "lost sockets", digits: 0 },
  ],
  cells: [
    { name: "2,000 browsers, SIGKILL", clients: 2_000, signal: "SIGKILL", seconds: 12 },
    { name: "2,000 browsers, SIGTERM", clients: 2_000, signal: "SIGTERM", seconds: 12 },
  ],
  quickCells: [{ name: "20 browsers, SIGKILL", clients: 20, signal: "SIGKILL", seconds: 3 }],
  peers: () => ["ours"],
  measure: async (_, { clients, signal, seconds }) => {
    await using scene = await setScene(ours, { clients, writers: 2 });
    const { server, generator } = scene;
    const { promise: restarting, resolve } = Promise.withResolvers<Promise<number>>();
    const marked = () => resolve(timed(() => server.restart(signal)));
    const report = await generator.load({
      perSecond: 10,
      warmSeconds: 0,
      seconds,
      drainSeconds: 20,
      pids: [],
      markSeconds: seconds / 4,
    }, { marked });
    return {
      resumed: report.markMs ?? NaN,
      restarted: await restarting,
      max: report.latency.max,
      lost: report.lost + report.refused + report.unanswered,
      disordered: report.disordered + report.diverging,
      closed: report.closed,
    };
  },
});

async function timed(act: () => Promise<void>): Promise<number> {
  const since = performance.now();
  await act();
  return performance.now() - since;
}
