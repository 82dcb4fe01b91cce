/** Acceptance 12: an operator restarts the servers, one after the other, in the middle of the day. */
import { check } from "../checker.ts";
import { Cluster, type Node } from "../cluster.ts";
import { checkMembers, Crowd } from "../crowd/crowd.ts";
import { fork } from "../dice.ts";
import { readLog } from "../final_log.ts";
import { History } from "../history.ts";
import { Person } from "../person.ts";
import type { RunOptions, Scenario, Verdict } from "../verdict.ts";
import { pause, unfinished } from "../wait.ts";

/** A polite restart. */
export const sigterm: Scenario = {
  name: "sigterm",
  about:
    "P1 P2 P3 P4: SIGTERM with 2,000 sockets, 50 of them stalled, at 200 msg/s: four zeros, exit within 20 s",
  run,
};

const sizes = {
  ci: { sockets: 60, stalled: 6, perSecond: 100, talkMs: 1_000 },
  full: { sockets: 2_000, stalled: 50, perSecond: 200, talkMs: 15_000 },
};
const exitMs = 20_000;
/** What is said in the room of the stalled, so that their send buffers are full when the signal comes. */
const busy = { room: "busy", perSecond: 200, bytes: 4_000 };

async function run({ seed, log, size, say }: RunOptions): Promise<Verdict> {
  const { sockets, stalled, perSecond, talkMs } = sizes[size];
  await using cluster = await Cluster.start({ log, gateways: 1, random: fork(seed, "sigterm") });
  await using crowd = new Crowd();
  await using people = new AsyncDisposableStack();
  const history = new History();
  const [gateway = cluster.chat] = cluster.gateways;
  const noise = people.use(
    await Person.join(cluster.grpc, { history: new History(), name: "noise", room: busy.room }),
  );
  await noise.chat.createRoom({ room: busy.room });
  const common = { door: "ws", ports: [gateway.port], signInPort: gateway.port, seed } as const;
  await crowd.ask("join", { ...common, room: "lobby", prefix: "socket-", count: sockets - stalled });
  await crowd.ask("join", { ...common, room: busy.room, prefix: "stalled-", count: stalled, stalled: true });
  const speakers = await Promise.all(Array.from({ length: 4 }, (_, i) => {
    const address = i % 2 === 0 ? cluster.grpc : cluster.ws(0);
    return Person.join(address, { history, name: `speaker ${i}` });
  }));
  for (const speaker of speakers) people.use(speaker);
  const stop = new AbortController();
  const rate = perSecond / speakers.length;
  const talking = speakers.map((speaker) => speaker.talkAt(rate, { bytes: 100, signal: stop.signal }));
  talking.push(noise.talkAt(busy.perSecond, { bytes: busy.bytes, signal: stop.signal }));
  await pause(talkMs);

  const broken: string[] = [];
  const figures: Record<string, string | number> = { sockets, stalled };
  for (const node of [gateway, cluster.chat]) {
    const { code, ms } = await endPolitely(node);
    figures[`${node.name} exit`] = inSeconds(ms);
    say(`${node.name} ended with ${code} after ${inSeconds(ms)}`);
    if (code !== 0) broken.push(`${node.name} ended with ${code}: ${node.output.slice(-500)}`);
    if (ms > exitMs) broken.push(`${node.name} took ${inSeconds(ms)} to end`);
    await node.restart();
    await pause(talkMs);
  }
  stop.abort();
  broken.push(...await unfinished(talking));
  await crowd.ask("release", { prefix: "stalled-" });

  const address = `grpc://127.0.0.1:${cluster.chat.port}`;
  const [lobby, noisy] = [await readLog(address), await readLog(address, busy.room)];
  const readers = await crowd.reach(lobby.events.length, { prefix: "socket-" });
  const returned = await crowd.reach(noisy.events.length, { prefix: "stalled-" });
  const untold = readers.filter(({ partings }) => partings.length === 0).length;
  if (untold > 0) broken.push(`${untold} sockets that were reading were not told that the gateway stops`);
  figures["away at most"] = inSeconds(Math.max(...readers.map(({ awayMs }) => awayMs)));
  return {
    findings: [
      ...check(history.entries, lobby),
      ...checkMembers(readers, lobby),
      ...checkMembers(returned, noisy),
    ],
    broken: [...broken, ...cluster.faults()],
    figures: { ...figures, stored: lobby.events.length },
  };
}

async function endPolitely(node: Node): Promise<{ code: number; ms: number }> {
  const began = performance.now();
  const { code } = await node.kill("SIGTERM");
  return { code, ms: performance.now() - began };
}

function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
