/** Acceptance 7: readers that take nothing, in a busy room. */
import { limits } from "../../../protos/limits.ts";
import { check } from "../checker.ts";
import { Cluster } from "../cluster.ts";
import { checkMembers, Crowd } from "../crowd/crowd.ts";
import { fork } from "../dice.ts";
import { readLog } from "../final_log.ts";
import { History } from "../history.ts";
import { Memory } from "../memory.ts";
import { Person } from "../person.ts";
import type { RunOptions, Scenario, Verdict } from "../verdict.ts";
import { pause, unfinished } from "../wait.ts";

/** Stalled readers. */
export const stalled: Scenario = {
  name: "stalled",
  about:
    "P3 P5: stalled browsers and paused gRPC readers cost a stated memory, slow nobody down, and resume complete",
  alone: true,
  run,
};

/**
 * Below `noiseMs`, a p99 says more about the machine, and about how short the run is, than about the server. Those who
 * `return` in the end have to catch up with all they missed; the others only hold what they hold.
 */
const sizes = {
  ci: { ws: 10, grpc: 20, returns: 1, perSecond: 100, calmMs: 2_000, stalledMs: 3_000, noiseMs: 3_000 },
  full: { ws: 50, grpc: 100, returns: 0.2, perSecond: 500, calmMs: 30_000, stalledMs: 300_000, noiseMs: 50 },
};
type Size = typeof sizes[keyof typeof sizes];

const textBytes = 1_024;
const growthMb = 120;
/** What one reader that takes nothing may hold in a server: a full send buffer, and one batch on its way into it. */
const readerBytes = limits.socketBufferBytes + limits.batchBytes;
const catchUpMs = 300_000;

async function run({ seed, log, size: name, say }: RunOptions): Promise<Verdict> {
  const size = sizes[name];
  await using cluster = await Cluster.start({ log, gateways: 1, random: fork(seed, "stalled") });
  await using crowd = new Crowd();
  await using people = new AsyncDisposableStack();
  const history = new History();
  const join = joining(cluster, { crowd, seed });
  await join("healthy", { ws: 10, grpc: 10, stalled: false });
  const speakers = await Promise.all(
    Array.from({ length: 5 }, (_, i) => Person.join(cluster.grpc, { history, name: `speaker ${i}` })),
  );
  for (const speaker of speakers) people.use(speaker);
  const stop = new AbortController();
  const rate = { bytes: textBytes, signal: stop.signal };
  const talking = speakers.map((speaker) => speaker.talkAt(size.perSecond / speakers.length, rate));

  await pause(2_000);
  const calm = await listen(crowd, size.calmMs);
  const memory = await Memory.of(cluster.nodes);
  const [ws, grpc] = [Math.ceil(size.ws * size.returns), Math.ceil(size.grpc * size.returns)];
  await join("returning", { ws, grpc, stalled: true });
  await join("gone", { ws: size.ws - ws, grpc: size.grpc - grpc, stalled: true });
  const busy = await listen(crowd, size.stalledMs, async () => {
    say(`calm p99 ${calm.p99.toFixed(1)} ms; memory ${await memory.look()}`);
  });
  await crowd.ask("leave", { prefix: "gone" });
  await crowd.ask("release", { prefix: "returning" });
  stop.abort();
  const waiting = await unfinished(talking);

  const room = await readLog(`grpc://127.0.0.1:${cluster.chat.port}`);
  const report = await crowd.reach(room.events.length, { ms: catchUpMs });
  const slow = report.filter(({ partings }) => partings.includes("TOO_SLOW")).length;
  const p99 = `${calm.p99.toFixed(1)}/${busy.p99.toFixed(1)} ms`;
  return {
    findings: [...check(history.entries, room), ...checkMembers(report, room)],
    broken: [
      ...waiting,
      ...cluster.faults(),
      ...memory.broken({ growthMb, readerBytes, readers: size.ws + size.grpc }),
      ...(busy.p99 > Math.max(size.noiseMs, 2 * calm.p99) ? [`p99 of the others went ${p99}`] : []),
    ],
    figures: {
      "stalled": `${size.ws} + ${size.grpc}`,
      "stored": room.events.length,
      "p99 calm/stalled": p99,
      "grown": memory.grown(),
      "returned": ws + grpc,
      "told TOO_SLOW": slow,
    },
  };
}

/** Brings readers in on both doors. */
function joining(cluster: Cluster, { crowd, seed }: { crowd: Crowd; seed: number }) {
  const [gateway = cluster.chat] = cluster.gateways;
  const ports = { ws: gateway.port, grpc: cluster.chat.port };
  return async (kind: string, asked: Pick<Size, "ws" | "grpc"> & { stalled: boolean }) => {
    for (const door of ["ws", "grpc"] as const) {
      const common = { door, ports: [ports[door]], signInPort: gateway.port, room: "lobby", seed };
      const { stalled, [door]: count } = asked;
      await crowd.ask("join", { ...common, prefix: `${kind}-${door}-`, count, stalled });
    }
  };
}

/** How long the readers of a crowd waited for what was said in a time. */
async function listen(crowd: Crowd, ms: number, look: () => Promise<void> = () => Promise.resolve()) {
  await crowd.ask("latencies", {});
  const until = performance.now() + ms;
  while (performance.now() < until) {
    await pause(Math.min(5_000, ms / 4));
    await look();
  }
  return await crowd.ask("latencies", {});
}
