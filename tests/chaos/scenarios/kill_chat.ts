/** Acceptance 1: ChatService is killed again and again while everybody talks, on both doors. */
import { Cluster } from "../cluster.ts";
import { between, fork } from "../dice.ts";
import { History } from "../history.ts";
import { judge } from "../judge.ts";
import { Learner } from "../learners.ts";
import { Person } from "../person.ts";
import type { RunOptions, Scenario, Verdict } from "../verdict.ts";
import { holds, pause, unfinished } from "../wait.ts";

/** `kill -9` of ChatService. */
export const killChat: Scenario = {
  name: "kill-chat",
  about:
    "P1 P2 P3 P4: kill -9 of ChatService under 50 retrying senders on both doors, and learners: four zeros, seq dense 1..N",
  run,
};

async function run(
  { seed, log, size, rounds = size === "full" ? 200 : 4, say }: RunOptions,
): Promise<Verdict> {
  const random = fork(seed, "kill-chat");
  await using cluster = await Cluster.start({ log, gateways: 2, random });
  await using people = new AsyncDisposableStack();
  const history = new History();
  const crowd = await Promise.all(Array.from({ length: 50 }, (_, i) => {
    const [door, address] = i < 25 ? ["caller", cluster.grpc] : ["framer", cluster.ws(i)];
    return Person.join(address, { history, name: `${door} ${i}` });
  }));
  for (const person of crowd) people.use(person);
  const readers = crowd.filter((_, i) => i % 5 === 0);
  await Promise.all(readers.map((reader) => reader.listen()));
  const ports = cluster.gateways.map(({ port }) => port);
  const joining = Array.from(
    { length: 10 },
    (_, i) => Learner.join(ports[i % ports.length] ?? 0, `learner-${i}`),
  );
  const learners = (await Promise.all(joining)).map((learner) => people.use(learner));

  const stop = new AbortController();
  const talking = crowd.map((person) =>
    person.talk({ paceMs: between(random, [10, 50]), signal: stop.signal })
  );
  const learning = learners.slice(0, 5).map((learner) => learner.talk({ paceMs: 60, signal: stop.signal }));
  const broken: string[] = [];
  const newest = (among: readonly Person[]) => Math.max(...among.map(({ acked }) => acked));
  const doors = [crowd.slice(0, 25), crowd.slice(25)];
  for (let round = 1; round <= rounds; round++) {
    const [before, stored] = [history.count("acked"), newest(crowd)];
    // On both doors, or a gateway that comes back later than the programs would never be there when it dies.
    const talked = () =>
      history.count("acked") >= before + 50 && doors.every((door) => newest(door) > stored);
    if (!await holds(talked, { ms: 30_000 })) {
      broken.push(`round ${round}: nothing is acknowledged any more`);
      break;
    }
    await pause(between(random, [0, 200]));
    await cluster.chat.crash();
    if (round % 20 === 0) say(`${round} of ${rounds} kills, ${history.count("acked")} acked`);
  }
  stop.abort();
  broken.push(...await unfinished([...talking, ...learning]));
  const sum = (of: (person: Person) => number, among = crowd) =>
    among.reduce((sum, person) => sum + of(person), 0);
  const framers = crowd.slice(25);
  const lost = sum(({ counts }) => counts.lost, framers);
  if (lost > 0) {
    broken.push(`${lost} browsers' connections were lost, which only their gateway's death may do`);
  }
  const repeated = sum(({ counts }) => counts.repeated);
  if (rounds >= 20 && repeated === 0) {
    broken.push("no kill fell between a store and its answer: nothing was tried");
  }
  return await judge({ cluster, history, readers, learners, broken, figures: { kills: rounds, repeated } });
}
