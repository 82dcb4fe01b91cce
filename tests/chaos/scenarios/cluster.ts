/** Many machines: a cluster of NATS, ChatServices and gateways, of which any is killed or stopped while everybody talks. */
import { hasNats } from "../../nats_server.ts";
import type { Finding } from "../checker.ts";
import { Cluster } from "../cluster.ts";
import { checkMembers, Crowd } from "../crowd/crowd.ts";
import { fork } from "../dice.ts";
import { readLog } from "../final_log.ts";
import { History } from "../history.ts";
import { judge } from "../judge.ts";
import { Person } from "../person.ts";
import type { RunOptions, Scenario, Verdict } from "../verdict.ts";
import { unfinished } from "../wait.ts";
import { compareCopies } from "./cluster_copies.ts";
import { type Found, joinLate, loseLog, loseService } from "./cluster_losses.ts";
import { strikeAtRandom } from "./cluster_strikes.ts";

/** Kills and stops of all that a cluster is made of. */
export const cluster: Scenario = {
  name: "cluster",
  about:
    "P1 P2 P3 P4: kill -9 and SIGSTOP of any NATS, ChatService and gateway; a new node, a lost node, a lost log: four zeros, all copies alike",
  alone: true,
  run,
};

/** How much of everything. */
export interface ClusterSize {
  readonly nats: number;
  readonly chats: number;
  readonly gateways: number;
  /** Clients of the library, on both doors in turn: all talk, … */
  readonly people: number;
  /** … and so many of them write down what they are given. */
  readonly listening: number;
  /** Readers beside them, on both doors in turn. */
  readonly crowd: number;
  /** Messages a second, of all people together. */
  readonly perSecond: number;
  readonly stormMs: number;
  readonly longestStopMs: number;
  /** Messages a second while a new ChatService catches up. */
  readonly rush: number;
  readonly rushMs: number;
  /** Browsers who are there when a ChatService is lost. */
  readonly browsers: number;
  /** How long all of NATS is away. */
  readonly awayMs: number;
}

const sizes: Readonly<Record<RunOptions["size"], ClusterSize>> = {
  ci: {
    ...{ nats: 1, chats: 2, gateways: 2, people: 12, listening: 4, crowd: 12, browsers: 20 },
    ...{ perSecond: 100, stormMs: 2_500, longestStopMs: 1_000, rush: 200, rushMs: 500, awayMs: 2_000 },
  },
  full: {
    ...{ nats: 3, chats: 3, gateways: 3, people: 60, listening: 12, crowd: 240, browsers: 1_000 },
    ...{ perSecond: 200, stormMs: 600_000, longestStopMs: 8_000, rush: 500, rushMs: 10_000, awayMs: 60_000 },
  },
};

/** A stopped server is found soon, and a busy machine is not taken for one. */
const timing = { firstMs: 50, mostMs: 500, heartbeatMs: 1_000, silenceMs: 5_000, openingMs: 5_000 };

/** Who and what takes part. */
export interface ClusterScene {
  readonly cluster: Cluster;
  readonly crowd: Crowd;
  readonly people: readonly Person[];
  readonly size: ClusterSize;
  readonly say: (line: string) => void;
}

async function run({ seed, size: named, rounds, say }: RunOptions): Promise<Verdict> {
  if (!hasNats()) return { findings: [], broken: [], figures: { "NOT TESTED HERE": "no nats-server" } };
  const size = sizes[named];
  const random = fork(seed, "cluster");
  const { nats, chats, gateways } = size;
  await using cluster = await Cluster.start({ log: "nats", nats, chats, gateways, random });
  await using crowd = new Crowd();
  await using stack = new AsyncDisposableStack();
  const history = new History();
  const people = await assemble(cluster, { history, size, stack });
  const readers = people.slice(0, size.listening);
  await fill(crowd, { cluster, size, seed });
  const scene = { cluster, crowd, people, size, say };

  const done: Found[] = [];
  await talkDuring(people, size.perSecond, async () => {
    done.push(await strikeAtRandom(scene, { random, rounds }));
    done.push(await talkDuring(people, size.rush - size.perSecond, () => joinLate(scene)));
  });
  // Each of them is given all of it: fewer messages to more people.
  done.push(await talkDuring(people, 20, () => loseService(scene)));
  done.push(await talkDuring(people, size.perSecond / 4, () => loseLog(scene)));

  const broken = done.flatMap(({ broken }) => broken);
  const figures = Object.assign({}, ...done.map(({ figures }) => figures)) as Verdict["figures"];
  const resets = people.reduce((sum, { counts }) => sum + counts.resets, 0);
  if (resets > 0) broken.push(`${resets} readers were told that they could not be recovered, and could`);
  const verdict = await judge({ cluster, history, readers, broken, figures });
  return withFindings(verdict, [...await checkCrowd(scene), ...await compareCopies(cluster)]);
}

/** The people, on all gateways and all ChatServices. */
async function assemble(
  { chats, gateways }: Cluster,
  { history, size, stack }: { history: History; size: ClusterSize; stack: AsyncDisposableStack },
): Promise<Person[]> {
  const doors = [
    ...chats.map(({ port }) => ({ name: "caller", address: `grpc://127.0.0.1:${port}` })),
    ...gateways.map(({ port }) => ({ name: "framer", address: `ws://127.0.0.1:${port}` })),
  ];
  const people = await Promise.all(Array.from({ length: size.people }, (_, i) => {
    const { name = "", address = "" } = doors[i % doors.length] ?? {};
    return Person.join(address, { history, name: `${name} ${i}`, connect: { timing } });
  }));
  for (const person of people) stack.use(person);
  await Promise.all(people.slice(0, size.listening).map((person) => person.listen()));
  return people;
}

/** The readers beside them. */
async function fill(
  crowd: Crowd,
  { cluster: { chats, gateways }, size, seed }: { cluster: Cluster; size: ClusterSize; seed: number },
): Promise<void> {
  const where = { signInPort: gateways[0]?.port ?? 0, room: "lobby", seed };
  const count = Math.floor(size.crowd / 2);
  const ports = (nodes: typeof chats) => nodes.map(({ port }) => port);
  await crowd.ask("join", { prefix: "reader-", count, door: "grpc", ports: ports(chats), ...where });
  await crowd.ask("join", { prefix: "page-", count, door: "ws", ports: ports(gateways), ...where });
}

/** Lets all talk while something happens. */
async function talkDuring<T>(
  people: readonly Person[],
  perSecond: number,
  happen: () => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const pace = perSecond / people.length;
  const talking = people.map((person) => person.talkAt(pace, { bytes: 80, signal: stop.signal }));
  const happened = await happen().finally(() => stop.abort());
  const [waiting] = await unfinished(talking);
  if (waiting) throw new Error(waiting);
  return happened;
}

/** What those hold who wrote nothing down. */
async function checkCrowd({ cluster: { chat }, crowd }: ClusterScene): Promise<Finding[]> {
  const log = await readLog(`grpc://127.0.0.1:${chat.port}`);
  return checkMembers(await crowd.reach(log.events.length), log);
}

function withFindings(verdict: Verdict, findings: readonly Finding[]): Verdict {
  return { ...verdict, findings: [...verdict.findings, ...findings] };
}
