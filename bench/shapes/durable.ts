/** Sends that are answered once they would survive a crash. */
import { highest, measureSends, sendColumns, type Sends } from "../sends.ts";
import { ours } from "../servers/peer_ours.ts";
import { type Cell, shape } from "../shape.ts";

interface DurableCell extends Cell, Sends {}

const [browsers, programs] = [400, 30];

/** The cells; bars speak of those that look for the highest rate. */
export const durableCells = {
  gateway: {
    name: "one gateway, 2,000/s",
    door: "writers",
    clients: browsers,
    seconds: 5,
    perSecond: 2_000,
  },
  session: { name: "Session, 2,000/s", door: "session", clients: programs, seconds: 5, perSecond: 2_000 },
  gatewayMost: {
    name: "one gateway, highest",
    door: "writers",
    clients: browsers,
    seconds: 3,
    perSecond: highest,
  },
  sessionMost: {
    name: "Session, highest",
    door: "session",
    clients: programs,
    seconds: 3,
    perSecond: highest,
  },
} as const satisfies Record<string, DurableCell>;

/** The shape. */
export const durable = shape<DurableCell>({
  name: "durable",
  title: "Durable sends",
  columns: sendColumns,
  cells: Object.values(durableCells),
  quickCells: [
    { name: "one gateway, 50/s", door: "writers", clients: 5, seconds: 0.3, perSecond: 50 },
    { name: "Session, 200/s", door: "session", clients: 3, seconds: 0.3, perSecond: 200 },
  ],
  peers: () => ["ours"],
  measure: (_, cell) => measureSends(ours, cell),
});
