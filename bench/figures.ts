/** What a load's report comes to. */
import { rssBytes } from "./cpu.ts";
import type { LoadReport } from "./generator/orders.ts";
import type { Figures } from "./results.ts";
import type { Column } from "./shape.ts";
import type { Server } from "./servers/peer.ts";

/** Figures of a load; those of acknowledgements only where there are any. */
export function figuresOf(report: LoadReport, server: Server): Figures {
  const { latency, acks, windowMs } = report;
  return {
    deliveries: report.inWindow * 1_000 / windowMs,
    cpu: report.inWindow === 0 ? NaN : report.serverCpuMs * 1_000 / report.inWindow,
    p50: latency.p50 ?? NaN,
    p90: latency.p90 ?? NaN,
    p99: latency.p99 ?? NaN,
    max: latency.max,
    lost: report.lost + report.refused + report.unanswered,
    disordered: report.disordered + report.diverging,
    closed: report.closed,
    rss: rssBytes(server.pids()) / 1_048_576,
    generator: report.generatorCpuMs * 100 / windowMs,
    others: report.otherCpuMs * 100 / windowMs,
    ...(acks.count > 0 && {
      acks: report.acksInWindow * 1_000 / windowMs,
      ackP50: acks.p50,
      ackP99: acks.p99,
      cpuPerAck: report.serverCpuMs * 1_000 / report.acksInWindow,
    }),
  };
}

/** The columns that every load has. */
export const loadColumns: readonly Column[] = [
  { figure: "deliveries", head: "deliveries/s", digits: 0 },
  { figure: "cpu", head: "server CPU per delivery, µs", digits: 2 },
  { figure: "p50", head: "p50, ms", digits: 1 },
  { figure: "p90", head: "p90, ms", digits: 1 },
  { figure: "p99", head: "p99, ms", digits: 1 },
  { figure: "max", head: "max, ms", digits: 0 },
  { figure: "lost", head: "lost", digits: 0 },
  { figure: "disordered", head: "out of order", digits: 0 },
  { figure: "rss", head: "RSS, MB", digits: 0 },
  { figure: "generator", head: "generator CPU, %", digits: 0 },
  { figure: "others", head: "other CPU, %", digits: 0 },
];

/** At this share of a core, in percent, the generator may be what was measured. */
export const generatorBound = 90;
