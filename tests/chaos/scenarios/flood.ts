/** Acceptance 8: one client that sends far more than it may, on each door in turn. */
import { connect } from "../../../sdk/mod.ts";
import { run as runProgram } from "../../harness.ts";
import { check } from "../checker.ts";
import { Cluster } from "../cluster.ts";
import { checkMembers, Crowd } from "../crowd/crowd.ts";
import { fork } from "../dice.ts";
import { readLog } from "../final_log.ts";
import { type Entry, History, type RoomLog } from "../history.ts";
import { Person } from "../person.ts";
import type { RunOptions, Scenario, Verdict } from "../verdict.ts";
import { pause, unfinished } from "../wait.ts";
import type { Flooded } from "./flood_process.ts";

/** A flood. */
export const flood: Scenario = {
  name: "flood",
  about:
    "P2 P5: one client of 50,000 msg/s, on each door: answered with errors, then closed; nothing reordered, nobody slowed",
  alone: true,
  run,
};

/** In a short run a p99 below `noiseMs` says more about the machine, and how short the run is, than about the server. */
const sizes = {
  ci: { seconds: 3, calmMs: 1_000, perSecond: 20_000, noiseMs: 3_000 },
  full: { seconds: 30, calmMs: 20_000, perSecond: 50_000, noiseMs: 0 },
};

async function run({ seed, log, size, say }: RunOptions): Promise<Verdict> {
  await using cluster = await Cluster.start({ log, gateways: 1, random: fork(seed, "flood") });
  await using crowd = new Crowd();
  const history = new History();
  const [gateway = cluster.chat] = cluster.gateways;
  const ports = { ws: gateway.port, grpc: cluster.chat.port };
  for (const door of doors) {
    const where = { ports: [ports[door]], signInPort: gateway.port, room: "lobby" };
    await crowd.ask("join", { prefix: `neighbour-${door}-`, count: 5, door, seed, ...where });
  }
  await using speaker = await Person.join(cluster.ws(0), { history, name: "speaker" });
  const stop = new AbortController();
  const talking = speaker.talkAt(50, { bytes: 100, signal: stop.signal });
  await pause(1_000);

  const broken: string[] = [];
  const floods: Flood[] = [];
  const figures: Record<string, string> = {};
  for (const door of doors) {
    const { calm, busy, flooded } = await floodDoor(door, { cluster, crowd, port: ports[door], size });
    floods.push({ sender: nameOf(door), sent: flooded.sent });
    const { stored, codes, endings } = flooded;
    const refused = Object.values(codes).reduce((sum, count) => sum + count, 0);
    const p99 = `${calm.p99.toFixed(1)}/${busy.p99.toFixed(1)} ms`;
    say(`${door}: ${JSON.stringify({ stored: stored.length, codes, endings: endings.length, p99 })}`);
    // In a short run on a busy machine the flooder may not even get to flood.
    if (size === "full") broken.push(...judgeFlood(door, flooded));
    if (busy.p99 > Math.max(sizes[size].noiseMs, 2 * calm.p99)) {
      broken.push(`${door}: p99 of the others went ${p99}`);
    }
    figures[`${door} p99 calm/flooded`] = p99;
    figures[`${door} stored/refused/sent away`] = [stored.length, refused, endings.length].join("/");
  }
  stop.abort();
  broken.push(...await unfinished([talking]));
  const room = await readLog(`grpc://127.0.0.1:${cluster.chat.port}`);
  const members = await crowd.reach(room.events.length);
  const findings = [
    ...check([...saidIn(room, floods), ...history.entries], room),
    ...checkMembers(members, room),
  ];
  return { findings, broken: [...broken, ...cluster.faults()], figures };
}

const doors = ["ws", "grpc"] as const;

function nameOf(door: string): string {
  return `flooder-${door}`;
}

/** One flood, and how long the others waited for their messages while it lasted, and before or after. */
async function floodDoor(
  door: string,
  { cluster, crowd, port, size }: { cluster: Cluster; crowd: Crowd; port: number; size: keyof typeof sizes },
) {
  const { seconds, calmMs, perSecond } = sizes[size];
  await crowd.ask("latencies", {});
  await pause(calmMs);
  const before = await crowd.ask("latencies", {});
  await using client = await connect(`grpc://127.0.0.1:${cluster.chat.port}`, { name: nameOf(door) });
  const args = ["tests/chaos/scenarios/flood_process.ts", door, port, client.token, seconds, perSecond];
  // It would have a machine of its own.
  const ran = await runProgram([
    "nice",
    Deno.execPath(),
    "run",
    "-q",
    "-A",
    "--no-check",
    ...args.map(String),
  ]);
  const busy = await crowd.ask("latencies", {});
  await pause(calmMs);
  const after = await crowd.ask("latencies", {});
  // The machine may have become slower meanwhile, or faster.
  const calm = before.p99 > after.p99 ? before : after;
  return { calm, busy, flooded: JSON.parse(ran.stdout) as Flooded };
}

interface Flood {
  readonly sender: string;
  readonly sent: number;
}

/**
 * What flooders said of what the room holds: of the rest nobody cares. It comes before all else, in order, because
 * nobody knows when it was said.
 */
function saidIn({ events }: RoomLog, floods: readonly Flood[]): Entry[] {
  return floods.flatMap(({ sender, sent }) => {
    const numbers = events.flatMap((event) => event.sender === sender ? [Number(event.clientId)] : []);
    return numbers.filter((number) => number < sent).sort((a, b) => a - b).map((number) => (
      { is: "said", sender, clientId: `${number}`, text: `flood ${number}` } as const
    ));
  });
}

function judgeFlood(door: string, { codes, endings }: Flooded): string[] {
  const broken: string[] = [];
  // Either word may be lost with the connection: whoever only writes does not read it.
  if (!codes.RESOURCE_EXHAUSTED && endings.length === 0) {
    broken.push(`${door}: it was never told that it is too fast`);
  }
  if (endings.length === 0) broken.push(`${door}: it was never sent away`);
  const bad = Object.keys(codes).filter((code) => code !== "RESOURCE_EXHAUSTED" && code !== "FLOOD");
  if (bad.length > 0) broken.push(`${door}: it was refused with ${bad.join(", ")}`);
  return broken;
}
