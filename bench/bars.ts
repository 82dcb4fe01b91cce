/** The bars that Switchboard is held to: ratios from one run, so that the machine matters little. */
import type { Results } from "./results.ts";
import { thousand } from "./shapes/capacity.ts";
import { durableCells } from "./shapes/durable.ts";
import { gatewaysCells } from "./shapes/gateways.ts";
import { idleCell } from "./shapes/idle.ts";
import { pageCells } from "./shapes/page.ts";
import { roomCells } from "./shapes/room.ts";
import { manyRooms } from "./shapes/rooms.ts";
import { startCell } from "./shapes/start.ts";
import { stormCell } from "./shapes/storm.ts";
import { number } from "./table.ts";

/** One thing that is asked, and what came of it. */
export interface Verdict {
  readonly bar: number;
  readonly what: string;
  /** Such as "at most 1.15". */
  readonly asked: string;
  /** NaN if it was not measured in this run. */
  readonly value: number;
  readonly met: boolean;
}

/** Holds the results to the bars. */
export function judge(results: Results): Verdict[] {
  const judged = [costs, capacities, durables, joins, idles, manySmall, growth, pages, scaleOut];
  return judged.flatMap((judges, i) => judges(figuresFrom(results)).map((one) => ({ bar: i + 1, ...one })));
}

/** The verdicts as rows of a table: the bar, what, asked, value, verdict. */
export function verdictRows(verdicts: readonly Verdict[]): string[][] {
  return verdicts.map(({ bar, what, asked, value, met }) => [
    String(bar),
    what,
    asked,
    Number.isNaN(value) ? "–" : number(value, value >= 100 ? 0 : 2),
    Number.isNaN(value) ? "not measured" : met ? "met" : "**not met**",
  ]);
}

type Judged = Omit<Verdict, "bar">;

/** Medians. */
type Figure = (shape: string, cell: { readonly name: string }, peer: string, figure: string) => number;

function figuresFrom(results: Results): Figure {
  return (shape, { name: cell }, peer, figure) =>
    results.spread({ shape, cell, peer }, figure)?.median ?? NaN;
}

function atMost(what: string, value: number, most: number): Judged {
  return { what, asked: `at most ${most}`, value, met: value <= most };
}

function atLeast(what: string, value: number, least: number): Judged {
  return { what, asked: `at least ${number(least, least % 1 ? 2 : 0)}`, value, met: value >= least };
}

function below(what: string, value: number, bound: number): Judged {
  return { what, asked: `below ${bound}`, value, met: value < bound };
}

function costs(figure: Figure): Judged[] {
  const { large, middle, small, tiny } = roomCells;
  const cpu = (cell: { name: string }, peer: string) => figure("room", cell, peer, "cpu");
  const bounds = [[large, 1.05], [middle, 1.15], [small, 1.3], [tiny, 2.5]] as const;
  return [
    ...bounds.map(([cell, most]) =>
      atMost(`CPU per delivery against bare Deno, ${cell.name}`, cpu(cell, "ours") / cpu(cell, "deno"), most)
    ),
    ...[large, middle, small].flatMap((cell) =>
      ["socketio", "ws", "nats"].map((peer) =>
        below(`CPU per delivery against ${peer}, ${cell.name}`, cpu(cell, "ours") / cpu(cell, peer), 1)
      )
    ),
    ...bounds.map(([cell]) => {
      const p50 = (peer: string) => figure("room", cell, peer, "p50");
      return atMost(`p50 above bare Deno's, ms, ${cell.name}`, p50("ours") - p50("deno"), 5);
    }),
    ...[middle, small, tiny].map((cell) =>
      below(`p99, ms, ${cell.name}`, figure("room", cell, "ours", "p99"), 50)
    ),
  ];
}

function capacities(figure: Figure): Judged[] {
  const deliveries = (peer: string) => figure("capacity", thousand, peer, "deliveries");
  const busy = (peer: string) => figure("room", roomCells.busy, peer, "cpu");
  const times = [["socketio", 15], ["bun", 3], ["c", 5]] as const;
  return [
    ...times.map(([peer, least]) =>
      atLeast(`capacity against ${peer}'s`, deliveries("ours") / deliveries(peer), least)
    ),
    atMost(
      `CPU per delivery against socketio, ${roomCells.busy.name}`,
      busy("ours") / busy("socketio"),
      0.333,
    ),
    atMost("lost silently past saturation", figure("capacity", thousand, "ours", "pastLost"), 0),
  ];
}

function durables(figure: Figure): Judged[] {
  const { gatewayMost, sessionMost } = durableCells;
  const acks = (cell: { name: string }) => figure("durable", cell, "ours", "acks");
  return [
    atLeast("durable sends/s through one gateway, p99 below 50 ms", acks(gatewayMost), 10_000),
    atLeast("durable sends/s straight over Session, p99 below 50 ms", acks(sessionMost), 20_000),
    below("ack p50 at light load, ms", figure("room", roomCells.light, "ours", "ackP50"), 5),
  ];
}

function joins(figure: Figure): Judged[] {
  const rate = (peer: string) => figure("storm", stormCell, peer, "joins");
  return [
    atLeast(
      "joins/s with a replay of 100 against bare Deno's without",
      rate("ours") / rate("deno"),
      0.7,
    ),
  ];
}

function idles(figure: Figure): Judged[] {
  const rss = (peer: string) => figure("idle", idleCell, peer, "perSocket");
  return [
    atMost("RSS per idle socket against bare Deno's", rss("ours") / rss("deno"), 1.5),
    below("gateway start to first byte, ms", figure("start", startCell, "ours", "firstByte"), 300),
  ];
}

function manySmall(figure: Figure): Judged[] {
  const [many, one] = [
    figure("rooms", manyRooms, "ours", "cpu"),
    figure("room", roomCells.middle, "ours", "cpu"),
  ];
  return [atMost("CPU per delivery in 1,000 rooms against one room", many / one, 1.5)];
}

function growth(figure: Figure): Judged[] {
  const factor = (peer: string) =>
    figure("room", roomCells.large, peer, "cpu") / figure("room", roomCells.middle, peer, "cpu");
  return [
    atMost(
      "growth of CPU per delivery from 1,000 to 5,000 browsers against bare Deno's",
      factor("ours") / factor("deno"),
      1,
    ),
  ];
}

function pages(figure: Figure): Judged[] {
  const { open, scroll, slowScroll, read } = pageCells;
  return [
    below(`ms until the page can be used, ${open.name}`, figure("page", open, "ours", "interactive"), 1_000),
    // Of the 60 that a display has.
    ...[scroll, slowScroll].map((cell) =>
      atLeast(`frames/s, ${cell.name}`, figure("page", cell, "ours", "frames"), 59)
    ),
    below(`page's thread, %, ${read.name}`, figure("page", read, "ours", "busy"), 50),
  ];
}

function scaleOut(figure: Figure): Judged[] {
  const { one, two } = gatewaysCells;
  const cpu = (cell: { name: string }) => figure("gateways", cell, "ours", "cpu");
  return [
    atLeast("fan-out of two gateways against one's, each with a core", 2 * cpu(one) / cpu(two), 1.8),
  ];
}
