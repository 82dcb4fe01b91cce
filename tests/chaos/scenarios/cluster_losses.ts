/** What happens to a cluster in its life: one more ChatService, one less, and no log for a while. */
import { grpcClient } from "../../doors.ts";
import { call, signInAs } from "../../sessions.ts";
import type { Node } from "../cluster.ts";
import type { Person } from "../person.ts";
import type { Verdict } from "../verdict.ts";
import { holds, pause } from "../wait.ts";
import type { ClusterScene } from "./cluster.ts";

/** What was found out. */
export type Found = Pick<Verdict, "broken" | "figures">;

/** A node that has little to catch up with does not say how fast it did. */
const tellsFrom = 10_000;

/** A new ChatService joins while everybody talks: it serves once it has all there is, and says how fast that went. */
export async function joinLate({ cluster, people, size, say }: ClusterScene): Promise<Found> {
  const newest = () => Math.max(...people.map(({ acked }) => acked));
  const [began, before] = [performance.now(), newest()];
  await pause(size.rushMs / 2);
  const { output } = await cluster.grow();
  await pause(size.rushMs / 2);
  const perSecond = Math.round((newest() - before) / ((performance.now() - began) / 1_000));
  const applied = /Applied (\d+) records .*\((\d+) a second\)/.exec(output);
  say(`a new ChatService at ${perSecond} messages a second: ${applied?.[0] ?? "it said nothing"}`);
  return {
    broken: applied || newest() < tellsFrom
      ? []
      : [`a new ChatService did not say how fast it caught up: ${output}`],
    figures: { "rush/s": perSecond, "new node records/s": applied?.[2] ?? "none" },
  };
}

const [mostMs, nearlyAllMs] = [10_000, 3_000];

/** Each ChatService is killed in its turn: whoever is in a browser goes on reading, on the same connection. */
export async function loseService(scene: ClusterScene): Promise<Found> {
  const { cluster, crowd, people, size, say } = scene;
  const { gateways } = cluster;
  await crowd.ask("join", {
    ...{ prefix: "browser-", count: size.browsers, door: "ws", room: "lobby", seed: 1 },
    ...{ ports: gateways.map(({ proxy }) => proxy.port), signInPort: gateways[0]?.port ?? 0 },
  });
  const broken: string[] = [];
  const slowest = { nearlyAll: 0, all: 0 };
  const connections = () => gateways.reduce((sum, { proxy }) => sum + proxy.counts.connections, 0);
  const sockets = connections();
  // No gateway knows the one that came late.
  for (const [i, chat] of cluster.chats.slice(0, size.chats).entries()) {
    await chat.kill("SIGKILL");
    const struck = performance.now();
    // Somebody on another one, so that it is a message which nobody can have had before.
    const speaker = people[(i + 1) % size.chats] as Person;
    await speaker.say();
    const times = await readOn(scene, { after: speaker.acked, struck });
    const words = `99 % read on after ${inSeconds(times.nearlyAll)}, all after ${inSeconds(times.all)}`;
    say(`${chat.name} lost: ${words}`);
    if (times.nearlyAll > nearlyAllMs || times.all > mostMs) broken.push(`after ${chat.name}: ${words}`);
    slowest.nearlyAll = Math.max(slowest.nearlyAll, times.nearlyAll);
    slowest.all = Math.max(slowest.all, times.all);
    await chat.restart();
  }
  if (connections() > sockets) broken.push(`${connections() - sockets} browsers had to connect again`);
  await crowd.ask("leave", { prefix: "browser-" });
  return {
    broken,
    figures: { "99 % read on after": inSeconds(slowest.nearlyAll), "all after": inSeconds(slowest.all) },
  };
}

/** How long after `struck` the browsers had the message at `after`. */
async function readOn(
  { crowd, size }: ClusterScene,
  { after, struck }: { after: number; struck: number },
): Promise<{ nearlyAll: number; all: number }> {
  const times = { nearlyAll: Infinity, all: Infinity };
  await holds(async () => {
    const waiting = (await crowd.members("browser-")).filter(({ seq }) => seq < after).length;
    const ms = performance.now() - struck;
    if (waiting <= size.browsers / 100) times.nearlyAll = Math.min(times.nearlyAll, ms);
    if (waiting === 0) times.all = ms;
    return waiting === 0;
  }, { ms: 3 * mostMs, everyMs: 50 });
  return times;
}

/** All of NATS is away: no process ends, what is sent is refused soon and plainly, reading goes on, and all heals. */
export async function loseLog({ cluster, people, size, say }: ClusterScene): Promise<Found> {
  const { nats, chats, gateways } = cluster;
  const probes = await Promise.all(chats.map(openProbe));
  const servers = [...chats, ...gateways];
  const pids = servers.map(({ pid }) => pid);
  await Promise.all(nats.map((node) => node.kill("SIGKILL")));
  const end = performance.now() + size.awayMs;
  const broken: string[] = [];
  let refusals = 0;
  do {
    // It takes a moment to see that a connection is gone.
    await pause(Math.min(1_000, size.awayMs / 2));
    for (const probe of probes) broken.push(...await probe.try());
    refusals += probes.length;
  } while (performance.now() < end);
  await Promise.all(nats.map((node) => node.restart()));
  const back = performance.now();
  const newest = () => Math.max(...people.map(({ acked }) => acked));
  const before = newest();
  if (!await holds(() => newest() > before, { ms: 60_000 })) {
    broken.push("nothing is acknowledged since NATS is back");
  }
  const healed = inSeconds(performance.now() - back);
  say(`NATS was away for ${inSeconds(size.awayMs)}: ${refusals} sends refused, went on after ${healed}`);
  for (const [i, server] of servers.entries()) {
    const lives = await server.rss().then(() => true, () => false);
    if (!lives || server.pid !== pids[i]) broken.push(`${server.name} ended while NATS was away`);
  }
  for (const probe of probes) probe[Symbol.dispose]();
  return { broken, figures: { "NATS away": inSeconds(size.awayMs), "healed after": healed } };
}

interface Probe extends Disposable {
  /** Sends and reads while there is no log; says what was not as it should be. */
  try(): Promise<string[]>;
}

/** How long a refusal may take. */
const refusedMs = 5_000;

/** A room of its own, where nothing is in doubt when the log goes away. */
async function openProbe({ name, port }: Node): Promise<Probe> {
  const client = grpcClient(port, { "grpc.initial_reconnect_backoff_ms": 1 });
  const room = `probe-${port}`;
  const { token } = await signInAs(client, room);
  await call(client, "createRoom", { room, clientId: "probe" }, token);
  return {
    try: async () => {
      const began = performance.now();
      const said = await Promise.race([
        call(client, "say", { room, text: "hello?", clientId: "probe 2" }, token).then(
          () => "it was stored",
          ({ details }: { details?: string }) =>
            /^Cannot .*try again/.test(details ?? "") ? "" : `${details}`,
        ),
        pause(refusedMs).then(() => `no answer after ${inSeconds(performance.now() - began)}`),
      ]);
      const read = await call(client, "readHistory", { room: "lobby", count: 10 }, token).then(
        () => "",
        ({ details }: { details?: string }) => `${details}`,
      );
      return [
        ...(said ? [`${name} without NATS, asked to store: ${said}`] : []),
        ...(read ? [`${name} without NATS, asked to read: ${read}`] : []),
      ];
    },
    [Symbol.dispose]: () => client[Symbol.dispose](),
  };
}

function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
