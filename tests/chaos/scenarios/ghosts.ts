/** Who is shown as being here is here: the people of a gateway that is gone, or cut off, are gone everywhere. */
import { Cluster } from "../cluster.ts";
import { fork } from "../dice.ts";
import { History } from "../history.ts";
import { Person } from "../person.ts";
import { calm, clear } from "../proxy.ts";
import type { RunOptions, Scenario, Verdict } from "../verdict.ts";
import { holds } from "../wait.ts";

/** People whose gateway is gone. */
export const ghosts: Scenario = {
  name: "ghosts",
  about:
    "P7: the people of a gateway that was killed, stopped or cut off are gone everywhere within 30 s, and come back with it",
  run,
};

const goneMs = 30_000;
const backMs = 60_000;
const held = { ...clear, held: true };

type Strike = (cluster: Cluster) => (() => void | Promise<void>) | Promise<() => void | Promise<void>>;

const strikes: Readonly<Record<string, Strike>> = {
  killed: async ({ gateways: [gateway] }) => {
    await gateway?.kill("SIGKILL");
    return async () => await gateway?.restart();
  },
  stopped: ({ gateways: [gateway] }) => {
    gateway?.stop();
    return () => gateway?.go();
  },
  "cut off": ({ links: [link] }) => {
    link?.set({ up: held, down: held });
    return () => link?.set(calm);
  },
};

async function run({ seed, log, size, say }: RunOptions): Promise<Verdict> {
  await using cluster = await Cluster.start({ log, gateways: 2, random: fork(seed, "ghosts") });
  await using people = new AsyncDisposableStack();
  const history = new History();
  const join = async (address: string, name: string) => {
    const person = people.use(await Person.join(address, { history, name }));
    await person.chat.presence();
    return person;
  };
  for (let i = 0; i < 5; i++) await join(cluster.ws(0), `guest ${i}`);
  const watchers = [
    await join(cluster.ws(1), "watcher over ws"),
    await join(cluster.grpc, "watcher over grpc"),
  ];
  const counts = async () => await Promise.all(watchers.map(async ({ chat }) => (await chat.who()).count));
  const seen = (count: number) => async () => (await counts()).every((one) => one === count);

  const broken: string[] = [];
  const figures: Record<string, string> = {};
  for (const [how, strike] of Object.entries(strikes).slice(0, size === "full" ? undefined : 1)) {
    if (!await holds(seen(7), { ms: backMs })) {
      broken.push(`${how}: there are ${await counts()} people before, not 7`);
    }
    const undo = await strike(cluster);
    const began = performance.now();
    if (!await holds(seen(2), { ms: goneMs, everyMs: 100 })) {
      broken.push(`${how}: ${await counts()} people are seen after ${goneMs / 1_000} s, where 2 are there`);
    }
    figures[`${how}, gone after`] = `${((performance.now() - began) / 1_000).toFixed(1)} s`;
    await undo();
    say(`${how}: gone after ${figures[`${how}, gone after`]}`);
    if (!await holds(seen(7), { ms: backMs })) {
      broken.push(`${how}: ${await counts()} people are back, not 7`);
    }
  }
  return { findings: [], broken: [...broken, ...cluster.faults()], figures };
}
