/** A storm: one process is killed and started again, and often another one is stopped meanwhile. */
import type { Node } from "../cluster.ts";
import { between, type Dice } from "../dice.ts";
import { holds, pause } from "../wait.ts";
import type { ClusterScene } from "./cluster.ts";
import type { Found } from "./cluster_losses.ts";

/** How long after a strike everything may need to go on: a cluster of NATS chooses another leader within 10 s. */
const goesOnMs = 60_000;

/** Strikes until its time is over, or so many times. */
export async function strikeAtRandom(
  { cluster, people, size, say }: ClusterScene,
  { random, rounds = Infinity }: { random: Dice; rounds?: number | undefined },
): Promise<Found> {
  const broken: string[] = [];
  const counts = { kills: 0, stops: 0 };
  const newest = () => Math.max(...people.map(({ acked }) => acked));
  const began = performance.now();
  const over = (round: number) =>
    Number.isFinite(rounds) ? round > rounds : performance.now() - began > size.stormMs;
  let longestMs = 0;
  for (let round = 1; !over(round) && broken.length === 0; round++) {
    const strike = throwStrike(random, cluster.nodes, size.longestStopMs);
    counts.kills++;
    counts.stops += strike.stopped ? 1 : 0;
    await carryOut(strike);
    const [struck, before] = [performance.now(), newest()];
    if (!await holds(() => newest() >= before + 30, { ms: goesOnMs })) {
      broken.push(`round ${round}: nothing is acknowledged any more after ${describe(strike)}`);
    }
    longestMs = Math.max(longestMs, performance.now() - struck);
    if (round % 20 === 0) say(`${round} strikes, ${newest()} acked`);
    await pause(between(random, [0, size.longestStopMs / 2]));
  }
  return {
    broken,
    figures: { ...counts, "longest until it went on": `${(longestMs / 1_000).toFixed(1)} s` },
  };
}

interface Strike {
  readonly killed: Node;
  readonly downMs: number;
  readonly stopped: Node | undefined;
  readonly stoppedMs: number;
}

function throwStrike(random: Dice, nodes: readonly Node[], longestStopMs: number): Strike {
  const shuffled = nodes.map((node) => ({ node, at: random() })).sort((a, b) => a.at - b.at);
  const [killed, other] = shuffled.map(({ node }) => node) as [Node, Node];
  return {
    killed,
    downMs: between(random, [0, longestStopMs / 2]),
    stopped: random() < 0.5 ? other : undefined,
    stoppedMs: between(random, [100, longestStopMs]),
  };
}

async function carryOut({ killed, downMs, stopped, stoppedMs }: Strike): Promise<void> {
  const stopping = async () => {
    stopped?.stop();
    await pause(stopped ? stoppedMs : 0);
    stopped?.go();
  };
  const killing = async () => {
    await killed.kill("SIGKILL");
    await pause(downMs);
    await killed.restart();
  };
  await Promise.all([stopping(), killing()]);
}

function describe({ killed, downMs, stopped, stoppedMs }: Strike): string {
  const stop = stopped ? ` and a stop of ${stopped.name} for ${stoppedMs} ms` : "";
  return `a kill of ${killed.name} for ${downMs} ms${stop}`;
}
