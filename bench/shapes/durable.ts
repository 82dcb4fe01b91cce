/** Sends that are answered once they would survive a crash. */
import { connect } from "../../sdk/mod.ts";
import type { LoadReport } from "../generator/orders.ts";
import type { Figures } from "../results.ts";
import { setScene } from "../scene.ts";
import { type Search, search } from "../search.ts";
import type { Ours } from "../servers/ours.ts";
import { ours } from "../servers/peer_ours.ts";
import { type Cell, shape } from "../shape.ts";

interface DurableCell extends Cell {
  readonly door: "writers" | "session";
  readonly clients: number;
  readonly seconds: number;
  /** A rate, or how to look for the highest one. */
  readonly perSecond: number | Search;
}

/** In milliseconds. */
const p99Most = 50;

/** No client goes near what one person may: 100 commands a second in a browser, 2,000 over gRPC. */
const [browsers, programs] = [400, 30];

const highest: Search = { from: 1_000, most: 32_000, nearness: 1.1 };

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
  about:
    `Sends into the lobby that nobody reads, each answered once it is on the disk: by ${browsers} browsers ` +
    `through one gateway, and by ${programs} programs straight over Session. Beside 2,000 a second the highest rate ` +
    "at which the p99 stays below 50 ms and all are stored. What was acknowledged is counted against the room's head.",
  columns: [
    { figure: "acks", head: "acks/s", digits: 0 },
    { figure: "ackP50", head: "p50, ms", digits: 1 },
    { figure: "ackP90", head: "p90, ms", digits: 1 },
    { figure: "ackP99", head: "p99, ms", digits: 1 },
    { figure: "ackMax", head: "max, ms", digits: 0 },
    { figure: "refused", head: "refused", digits: 0 },
    { figure: "lost", head: "acknowledged and not stored", digits: 0 },
    { figure: "cpuPerAck", head: "server CPU per ack, µs", digits: 1 },
    { figure: "generator", head: "generator CPU, %", digits: 0 },
    { figure: "others", head: "other CPU, %", digits: 0 },
  ],
  cells: Object.values(durableCells),
  quickCells: [
    { name: "one gateway, 50/s", door: "writers", clients: 5, seconds: 0.3, perSecond: 50 },
    { name: "Session, 200/s", door: "session", clients: 3, seconds: 0.3, perSecond: 200 },
  ],
  peers: () => ["ours"],
  measure: async (_, cell) => {
    await using scene = await setScene(ours, {
      clients: cell.clients,
      writers: cell.clients,
      door: cell.door,
      port: (server) => cell.door === "session" ? (server as Ours).grpcPort : server.port,
    });
    const { server, generator } = scene;
    let stored = 0;
    const load = async (perSecond: number) => {
      const report = await generator.load({
        perSecond,
        warmSeconds: Math.min(1, cell.seconds),
        seconds: cell.seconds,
        drainSeconds: 10,
        pids: server.pids(),
      });
      stored += report.sent - report.refused - report.unanswered;
      return { held: isHeld(report), figures: ackFigures(report) };
    };
    const { perSecond } = cell;
    const figures = typeof perSecond === "number"
      ? (await load(perSecond)).figures
      : (await search(perSecond, load)).best?.seen.figures;
    return { acks: 0, ...figures, lost: Math.max(0, stored - await headOfLobby(server.grpcPort)) };
  },
});

function isHeld({ acks, refused, unanswered, closed }: LoadReport): boolean {
  return acks.p99 < p99Most && refused + unanswered + closed === 0;
}

function ackFigures({ acks, windowMs, ...report }: LoadReport): Figures {
  return {
    acks: report.acksInWindow * 1_000 / windowMs,
    ackP50: acks.p50 ?? NaN,
    ackP90: acks.p90 ?? NaN,
    ackP99: acks.p99 ?? NaN,
    ackMax: acks.max,
    refused: report.refused + report.unanswered,
    cpuPerAck: report.serverCpuMs * 1_000 / report.acksInWindow,
    generator: report.generatorCpuMs * 100 / windowMs,
    others: report.otherCpuMs * 100 / windowMs,
  };
}

async function headOfLobby(grpcPort: number): Promise<number> {
  await using client = await connect(`grpc://127.0.0.1:${grpcPort}`, { name: "bench reader" });
  return (await client.describeRoom()).head;
}
