/** Sends that nobody reads, at a rate or at the highest that is held. */
import { limits } from "../protos/limits.ts";
import { connect } from "../sdk/mod.ts";
import type { LoadReport } from "./generator/orders.ts";
import type { Figures } from "./results.ts";
import { setScene, type StarterOf } from "./scene.ts";
import { type Search, search } from "./search.ts";
import type { Ours } from "./servers/ours.ts";
import type { Column } from "./shape.ts";

/** Who sends, and how fast. */
export interface Sends {
  readonly door: "writers" | "session";
  readonly clients: number;
  readonly seconds: number;
  /** A rate, or how to look for the highest one. */
  readonly perSecond: number | Search;
}

/** At the highest rate that is held, in milliseconds. */
const p99Most = 50;

/** Nobody is asked for more than one may: 100 commands a second in a browser, 1,000 over gRPC. */
export const highest: Search = { from: 1_000, most: 32_000, nearness: 1.1 };

/** What is told of them. */
export const sendColumns: readonly Column[] = [
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
];

/** Measures once. What was acknowledged is counted against the lobby's head. */
export async function measureSends(peer: StarterOf<Ours>, cell: Sends): Promise<Figures> {
  await using scene = await setScene(peer, {
    clients: cell.clients,
    writers: cell.clients,
    door: cell.door,
    port: (server) => cell.door === "session" ? (server as Ours).grpcPort : server.port,
  });
  const { server, generator } = scene;
  let stored = 0;
  let wasRefused = false;
  const load = async (perSecond: number) => {
    // Whoever was refused at the rate before is so for a while, in order that theirs keep their order.
    if (wasRefused) await new Promise((resolve) => setTimeout(resolve, limits.orderHoldMostMs));
    const report = await generator.load({
      perSecond,
      warmSeconds: Math.min(1, cell.seconds),
      seconds: cell.seconds,
      drainSeconds: 10,
      pids: server.pids(),
    });
    stored += report.sent - report.refused - report.unanswered;
    wasRefused = report.refused > 0;
    return { held: isHeld(report), figures: ackFigures(report) };
  };
  const { perSecond } = cell;
  const figures = typeof perSecond === "number"
    ? (await load(perSecond)).figures
    : (await search(perSecond, load)).best?.seen.figures;
  return { acks: 0, ...figures, lost: Math.max(0, stored - await headOfLobby(server.grpcPort)) };
}

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
