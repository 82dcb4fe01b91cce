/** Acceptance 10: all browsers of a gateway come back at once. */
import { check } from "../checker.ts";
import { Cluster } from "../cluster.ts";
import { checkMembers, Crowd } from "../crowd/crowd.ts";
import { fork } from "../dice.ts";
import { readLog } from "../final_log.ts";
import { History } from "../history.ts";
import { Person } from "../person.ts";
import { calm } from "../proxy.ts";
import type { RunOptions, Scenario, Verdict } from "../verdict.ts";
import { pause } from "../wait.ts";

/** A storm of returns. */
export const storm: Scenario = {
  name: "storm",
  about:
    "P3 P5: 2,000 browsers drop together: all are resumed within 30 s, at one read per room and range of ChatService",
  run,
};

const sizes = {
  ci: { browsers: 100, missed: 2_200, outageMs: 500 },
  full: { browsers: 2_000, missed: 2_200, outageMs: 2_000 },
};
const mostMs = 30_000;

async function run({ seed, log, size, say }: RunOptions): Promise<Verdict> {
  const { browsers: count } = sizes[size];
  await using cluster = await Cluster.start({ log, gateways: 1, random: fork(seed, "storm"), tapped: true });
  await using crowd = new Crowd();
  const history = new History();
  const [gateway = cluster.chat] = cluster.gateways;
  const address = `grpc://127.0.0.1:${cluster.chat.port}`;
  await using speaker = await Person.join(address, { history, name: "speaker" });
  await speaker.say();
  const where = { ports: [gateway.proxy.port], signInPort: gateway.port, room: "lobby", door: "ws" } as const;
  await crowd.ask("join", { prefix: "browser-", count, seed, ...where });
  say(`${count} browsers are there`);

  const strikes = { "the network": () => Promise.resolve(), "the gateway": () => gateway.crash() };
  const broken: string[] = [];
  const figures: Record<string, string | number> = { browsers: count };
  for (const [what, strike] of Object.entries(strikes)) {
    const { backMs, away, reads } = await strikeAll({ cluster, crowd, speaker, strike, size });
    say(`${what}: all back after ${inSeconds(backMs)}, ChatService was asked ${JSON.stringify(reads)}`);
    if (away.length > 0) {
      broken.push(`after ${what}: ${away.length} are not back: ${JSON.stringify(away[0])}`);
    }
    if (backMs > mostMs) broken.push(`after ${what}: all were back only after ${inSeconds(backMs)}`);
    for (const [read, times] of reads) {
      if (times > 1) broken.push(`after ${what}: ChatService was asked ${times} times to ${read}`);
    }
    figures[`${what} back after`] = inSeconds(backMs);
    figures[`${what} reads`] = reads.length;
  }
  const room = await readLog(address);
  const findings = [...check(history.entries, room), ...checkMembers(await crowd.members(), room)];
  return {
    findings,
    broken: [...broken, ...cluster.faults()],
    figures: { ...figures, stored: room.events.length },
  };
}

/** Takes everybody's connection away, lets them miss something, and looks how they come back. */
async function strikeAll({ cluster, crowd, speaker, strike, size }: {
  cluster: Cluster;
  crowd: Crowd;
  speaker: Person;
  strike: () => Promise<void>;
  size: keyof typeof sizes;
}) {
  const { missed, outageMs } = sizes[size];
  const [gateway = cluster.chat] = cluster.gateways;
  gateway.proxy.set({ refusing: true });
  gateway.proxy.cut({ reset: true });
  await strike();
  cluster.tap?.asked.clear();
  // More than a tail holds, so that they cannot all be served from memory.
  await Promise.all([pause(outageMs), ...Array.from({ length: missed }, () => speaker.say())]);
  const began = performance.now();
  gateway.proxy.set(calm);
  const head = speaker.acked;
  const members = await crowd.reach(head, { ms: 2 * mostMs });
  return {
    backMs: performance.now() - began,
    away: members.filter(({ live, seq }) => !live || seq < head),
    reads: [...cluster.tap?.asked ?? []],
  };
}

function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
