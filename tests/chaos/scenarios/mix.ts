/** Everything at once: processes are killed and stopped, networks cut, held, slowed and reset, while everybody talks. */
import { Cluster, type Node } from "../cluster.ts";
import { between, type Dice, fork, pick } from "../dice.ts";
import { History } from "../history.ts";
import { judge } from "../judge.ts";
import { Person } from "../person.ts";
import { calm, clear, type Proxy } from "../proxy.ts";
import type { RunOptions, Scenario, Verdict } from "../verdict.ts";
import { holds, pause, unfinished } from "../wait.ts";

/** A mix of all faults. */
export const mix: Scenario = {
  name: "chaos",
  about:
    "P1 P2 P3 P4: a random mix of kill, stop, cut, half-open, trickle and reset on all processes and links",
  run,
};

async function run(
  { seed, log, size, rounds = size === "full" ? 200 : 8, say }: RunOptions,
): Promise<Verdict> {
  const random = fork(seed, "chaos");
  await using cluster = await Cluster.start({ log, gateways: 2, random: fork(seed, "network") });
  await using people = new AsyncDisposableStack();
  const history = new History();
  // Silence is found sooner than by default, so that a half-open connection is no long round.
  const connect = {
    timing: { firstMs: 50, mostMs: 500, heartbeatMs: 500, silenceMs: 2_000, openingMs: 2_000 },
  };
  const crowd = await Promise.all(Array.from({ length: 24 }, (_, i) => {
    const address = i % 3 === 0 ? cluster.grpc : cluster.ws(i);
    return Person.join(address, { history, name: `person ${i}`, connect });
  }));
  for (const person of crowd) people.use(person);
  await Promise.all(crowd.map((person) => person.listen()));

  const stop = new AbortController();
  const talking = crowd.map((person) =>
    person.talk({ paceMs: between(random, [20, 200]), signal: stop.signal })
  );
  const broken: string[] = [];
  const done: Record<string, number> = {};
  for (let round = 1; round <= rounds && broken.length === 0; round++) {
    const fault = pick(random, Object.keys(faults));
    done[fault] = (done[fault] ?? 0) + 1;
    const undo = await faults[fault]?.(cluster, random);
    await pause(between(random, [100, 1_500]));
    await undo?.();
    const before = history.count("acked");
    // A gateway takes up to 25 s to find that ChatService is half gone.
    if (!await holds(() => history.count("acked") >= before + 30, { ms: 60_000 })) {
      broken.push(`round ${round}: nothing is acknowledged any more after "${fault}"`);
    }
    if (round % 20 === 0) say(`${round} of ${rounds} rounds, ${history.count("acked")} acked`);
  }
  for (const node of cluster.nodes) node.go();
  for (const proxy of cluster.proxies) proxy.set(calm);
  stop.abort();
  broken.push(...await unfinished(talking));
  const sum = (of: (person: Person) => number) => crowd.reduce((sum, person) => sum + of(person), 0);
  if (sum(({ counts }) => counts.resets) > 0) {
    broken.push("readers were told that they could not be recovered, and could");
  }
  const figures = {
    ...done,
    lost: sum(({ counts }) => counts.lost),
    repeated: sum(({ counts }) => counts.repeated),
  };
  return await judge({ cluster, history, readers: crowd, broken, figures });
}

type Fault = (
  cluster: Cluster,
  random: Dice,
) => (() => void | Promise<void>) | Promise<(() => void | Promise<void>)>;

const faults: Readonly<Record<string, Fault>> = {
  kill: async (cluster, random) => {
    const node = pick(random, cluster.nodes);
    await node.kill("SIGKILL");
    return () => node.restart();
  },
  stop: (cluster, random) => {
    const node: Node = pick(random, cluster.nodes);
    node.stop();
    return () => node.go();
  },
  drain: async (cluster, random) => {
    const node = pick(random, cluster.nodes);
    await node.kill("SIGTERM");
    return () => node.restart();
  },
  cut: onNetwork((proxy) => {
    proxy.set({ refusing: true });
    proxy.cut();
  }),
  reset: onNetwork((proxy) => {
    proxy.set({ refusing: true });
    proxy.cut({ reset: true });
  }),
  "half-open": onNetwork((proxy, random) => {
    const held = { ...clear, held: true };
    proxy.set(pick(random, [{ up: held }, { down: held }, { up: held, down: held }]));
  }),
  trickle: onNetwork((proxy, random) => {
    const slow = { ...clear, bytesPerSecond: between(random, [2_000, 50_000]) };
    proxy.set({ up: slow, down: slow });
  }),
  delay: onNetwork((proxy, random) => {
    const late = { ...clear, delayMs: between(random, [20, 300]), jitterMs: between(random, [0, 300]) };
    proxy.set({ up: late, down: late });
  }),
};

/** A fault of one network, that ends when it is calm again. */
function onNetwork(strike: (proxy: Proxy, random: Dice) => void): Fault {
  return (cluster, random) => {
    const proxy = pick(random, cluster.proxies);
    strike(proxy, random);
    return () => proxy.set(calm);
  };
}
