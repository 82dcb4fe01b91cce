/** One room: everybody in it hears everybody. */
import { limits } from "../../protos/limits.ts";
import { loadColumns } from "../figures.ts";
import { setScene } from "../scene.ts";
import { type Cell, shape } from "../shape.ts";
import { steady } from "../steady.ts";

interface RoomCell extends Cell {
  readonly clients: number;
  /** Messages a second. */
  readonly perSecond: number;
  readonly seconds: number;
}

function cell(clients: number, perSecond: number, more: { seconds?: number } = {}): RoomCell {
  return {
    name: `${clients} × ${perSecond}/s`,
    clients,
    perSecond,
    seconds: defaultSeconds(clients),
    ...more,
  };
}

/** A crowd is measured for as long as it takes until each of it has given a sign of life. */
function defaultSeconds(clients: number): number {
  return clients < 1_000 ? 5 : (1.5 * limits.heartbeatMs) / 1_000;
}

/** The cells that the bars speak of. */
export const roomCells = {
  tiny: cell(9, 10, { seconds: 10 }),
  light: cell(100, 10, { seconds: 10 }),
  small: cell(100, 200),
  middle: cell(1_000, 20),
  large: cell(5_000, 4),
  busy: cell(1_000, 200),
} as const satisfies Record<string, RoomCell>;

/** The shape. */
export const room = shape<RoomCell>({
  name: "room",
  title: "One room",
  columns: [
    ...loadColumns,
    { figure: "ackP50", head: "ack p50, ms", digits: 1 },
    { figure: "ackP99", head: "ack p99, ms", digits: 1 },
  ],
  cells: [
    roomCells.tiny,
    roomCells.light,
    roomCells.small,
    cell(100, 1_000),
    roomCells.middle,
    roomCells.busy,
    roomCells.large,
    cell(5_000, 40),
  ],
  quickCells: [cell(5, 50, { seconds: 0.3 })],
  peers: (cell) =>
    cell.clients < 10 ? [...all, "tutorial"] : Object.values(roomCells).includes(cell) ? all : fewer,
  measure: async (peer, { clients, perSecond, seconds }) => {
    await using scene = await setScene(peer, {
      clients,
      writers: writersFor(perSecond, clients),
      isWarm: perSecond <= slow && seconds >= 1,
    });
    return await steady(scene, { perSecond, seconds, audience: clients });
  },
});

const all = ["ours", "deno", "bun", "ws", "socketio", "nats", "mosquitto", "c"];

/** Those who take part where no bar asks for the others. */
const fewer = ["ours", "deno", "bun", "c"];

/** So few messages a second would take minutes to warm a server. */
const slow = 20;

/** Nobody writes faster than a browser may. */
export function writersFor(perSecond: number, clients: number): number {
  return Math.min(clients, Math.ceil(perSecond / 50));
}
