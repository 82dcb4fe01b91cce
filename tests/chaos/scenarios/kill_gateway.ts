/** Acceptance 2: gateways are killed again and again; what each client holds in the end is the log. */
import { Cluster } from "../cluster.ts";
import { between, fork, pick } from "../dice.ts";
import { History } from "../history.ts";
import { judge } from "../judge.ts";
import { Person } from "../person.ts";
import type { RunOptions, Scenario, Verdict } from "../verdict.ts";
import { holds, pause, unfinished } from "../wait.ts";

/** `kill -9` of gateways. */
export const killGateway: Scenario = {
  name: "kill-gateway",
  about: "P2 P3 P4: kill -9 of a gateway: what each client holds after it resumed is the log exactly",
  run,
};

async function run(
  { seed, log, size, rounds = size === "full" ? 200 : 4, say }: RunOptions,
): Promise<Verdict> {
  const random = fork(seed, "kill-gateway");
  await using cluster = await Cluster.start({ log, gateways: 2, random });
  await using people = new AsyncDisposableStack();
  const history = new History();
  const crowd = await Promise.all(Array.from({ length: 30 }, (_, i) => {
    const address = i < 5 ? cluster.grpc : cluster.ws(i);
    return Person.join(address, { history, name: `person ${i}` });
  }));
  for (const person of crowd) people.use(person);
  await Promise.all(crowd.map((person) => person.listen()));

  const stop = new AbortController();
  const talking = crowd.map((person) =>
    person.talk({ paceMs: between(random, [30, 150]), signal: stop.signal })
  );
  const broken: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    const before = history.count("acked");
    if (!await holds(() => history.count("acked") >= before + 50, { ms: 30_000 })) {
      broken.push(`round ${round}: nothing is acknowledged any more`);
      break;
    }
    await pause(between(random, [0, 200]));
    await pick(random, cluster.gateways).crash();
    if (round % 20 === 0) say(`${round} of ${rounds} kills, ${history.count("acked")} acked`);
  }
  stop.abort();
  broken.push(...await unfinished(talking));
  const resets = crowd.reduce((sum, { counts }) => sum + counts.resets, 0);
  if (resets > 0) broken.push(`${resets} readers were told that they could not be recovered, and could`);
  const lost = crowd.reduce((sum, { counts }) => sum + counts.lost, 0);
  return await judge({ cluster, history, readers: crowd, broken, figures: { kills: rounds, lost } });
}
