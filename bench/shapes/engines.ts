/** The same on both engines: what a log in NATS costs and gives beside one in SQLite. */
import { loadColumns } from "../figures.ts";
import { setScene } from "../scene.ts";
import { highest, measureSends, sendColumns, type Sends } from "../sends.ts";
import { ours } from "../servers/peer_ours.ts";
import { oursOnNats } from "../servers/peer_ours_nats.ts";
import { type Cell, type Column, shape } from "../shape.ts";
import { steady } from "../steady.ts";

/** Sends that nobody reads, or a room of browsers. */
type EnginesCell = Cell & ({ readonly sends: Sends } | { readonly room: Room });

interface Room {
  readonly clients: number;
  readonly perSecond: number;
  readonly seconds: number;
}

const programs = { door: "session", clients: 30 } as const;

/** Of the figures of a room, those that are told beside those of sends. */
const ofRoom = ["deliveries", "cpu", "p50", "p99", "lost", "generator", "others"];

const columns: readonly Column[] = [
  ...columnsOf(sendColumns, ["acks", "ackP50", "ackP99", "cpuPerAck"], "sends"),
  ...columnsOf(loadColumns, ["deliveries", "cpu", "p50", "p99"], "deliveries"),
  { figure: "refused", head: "refused", digits: 0 },
  { figure: "lost", head: "lost", digits: 0 },
  ...columnsOf(loadColumns, ["generator", "others"]),
];

/** The shape. */
export const engines = shape<EnginesCell>({
  name: "engines",
  title: "SQLite and NATS",
  columns,
  cells: [
    { name: "Session, 500/s", sends: { ...programs, seconds: 5, perSecond: 500 } },
    { name: "Session, 2,000/s", sends: { ...programs, seconds: 5, perSecond: 2_000 } },
    { name: "Session, highest", sends: { ...programs, seconds: 3, perSecond: highest } },
    { name: "1000 × 20/s", room: { clients: 1_000, perSecond: 20, seconds: 5 } },
  ],
  quickCells: [
    { name: "Session, 100/s", sends: { ...programs, clients: 3, seconds: 0.3, perSecond: 100 } },
    { name: "5 × 50/s", room: { clients: 5, perSecond: 50, seconds: 0.3 } },
  ],
  peers: () => [ours.name, oursOnNats.name],
  measure: async ({ name }, cell) => {
    const peer = name === ours.name ? ours : oursOnNats;
    if ("sends" in cell) return await measureSends(peer, cell.sends);
    const { clients, perSecond, seconds } = cell.room;
    await using scene = await setScene(peer, { clients, writers: 1, isWarm: seconds >= 1 });
    const figures = await steady(scene, { perSecond, seconds, audience: clients });
    return Object.fromEntries(Object.entries(figures).filter(([figure]) => ofRoom.includes(figure)));
  },
});

/** Some of a table's columns, with what they are of where that is not said. */
function columnsOf(all: readonly Column[], figures: readonly string[], of = ""): Column[] {
  return all.filter(({ figure }) => figures.includes(figure)).map((column) =>
    of !== "" && /^p\d/.test(column.head) ? { ...column, head: `${of}: ${column.head}` } : column
  );
}
