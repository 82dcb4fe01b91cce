/** How much a server can carry. */
import { figuresOf } from "../figures.ts";
import type { LoadReport } from "../generator/orders.ts";
import type { Figures } from "../results.ts";
import { type Scene, setScene } from "../scene.ts";
import { type Search, search } from "../search.ts";
import type { Peer, Server } from "../servers/peer.ts";
import { type Cell, shape } from "../shape.ts";
import { warm } from "../steady.ts";
import { writersFor } from "./room.ts";

interface CapacityCell extends Cell {
  readonly clients: number;
  readonly seconds: number;
  readonly search: Search;
}

/** The cell that a bar speaks of. */
export const thousand: CapacityCell = {
  name: "1,000 browsers",
  clients: 1_000,
  seconds: 3,
  search: { from: 40, most: 10_240, nearness: 1.1 },
};

/** In milliseconds. */
const p99Most = 100;

/** The shape. */
export const capacity = shape<CapacityCell>({
  name: "capacity",
  title: "Capacity",
  columns: [
    { figure: "deliveries", head: "deliveries/s", digits: 0 },
    { figure: "perSecond", head: "messages/s", digits: 0 },
    { figure: "p50", head: "p50, ms", digits: 1 },
    { figure: "p99", head: "p99, ms", digits: 1 },
    { figure: "cpu", head: "server CPU per delivery, µs", digits: 2 },
    { figure: "generator", head: "generator CPU, %", digits: 0 },
    { figure: "others", head: "other CPU, %", digits: 0 },
    { figure: "pastRate", head: "past it: messages/s", digits: 0 },
    { figure: "pastP99", head: "past it: p99, ms", digits: 0 },
    { figure: "pastLost", head: "past it: lost silently", digits: 0 },
  ],
  cells: [thousand],
  quickCells: [
    { name: "20 browsers", clients: 20, seconds: 0.3, search: { from: 20, most: 40, nearness: 2 } },
  ],
  peers: () => ["ours", "deno", "bun", "ws", "socketio", "nats", "mosquitto", "c"],
  measure: async (peer, cell) => {
    await using stage = new Stage(peer, cell);
    const { best, past } = await search(cell.search, (rate) => stage.load(rate));
    return {
      deliveries: 0,
      perSecond: best?.rate ?? 0,
      ...best?.seen.figures,
      ...(past && {
        pastRate: past.rate,
        pastP99: past.seen.figures.p99 ?? NaN,
        pastLost: past.seen.silent,
      }),
    };
  },
});

/** A server that is loaded again and again; a fresh one in the place of one that could not keep up. */
class Stage implements AsyncDisposable {
  readonly #peer: Peer;
  readonly #cell: CapacityCell;
  #scene: Scene<Server> | undefined;

  constructor(peer: Peer, cell: CapacityCell) {
    this.#peer = peer;
    this.#cell = cell;
  }

  async load(perSecond: number): Promise<{ held: boolean; silent: number; figures: Figures }> {
    const { clients, seconds, search: { most } } = this.#cell;
    if (!this.#scene) {
      this.#scene = await setScene(this.#peer, { clients, writers: writersFor(most, clients) });
      if (seconds >= 1) await warm(this.#scene.generator, clients);
    }
    const { server, generator } = this.#scene;
    const report = await generator.load({
      perSecond,
      warmSeconds: Math.min(1, seconds),
      seconds,
      drainSeconds: 10,
      pids: server.pids(),
    });
    const figures = figuresOf(report, server);
    if (!isComplete(report)) await this[Symbol.asyncDispose]();
    const held = isComplete(report) && report.latency.p99 < p99Most;
    return { held, silent: lostSilently(report), figures };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scene?.[Symbol.asyncDispose]();
    this.#scene = undefined;
  }
}

/** Everything came, in order. */
function isComplete({ lost, refused, unanswered, closed, disordered, diverging }: LoadReport): boolean {
  return lost + refused + unanswered + closed + disordered + diverging === 0;
}

/** What was refused, and those who were cut off, have been told. */
function lostSilently({ lost, refused, closed, delivered, sent }: LoadReport): number {
  if (closed > 0 || sent === 0) return 0;
  return Math.max(0, lost - refused * (delivered + lost) / sent);
}
