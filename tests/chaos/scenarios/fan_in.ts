/** Acceptance 5: many senders, one room, readers over three gateways: one identical order. */
import { Cluster } from "../cluster.ts";
import { fork } from "../dice.ts";
import { History } from "../history.ts";
import { judge } from "../judge.ts";
import { Person } from "../person.ts";
import type { RunOptions, Scenario, Verdict } from "../verdict.ts";
import { unfinished } from "../wait.ts";

/** Everybody at once. */
export const fanIn: Scenario = {
  name: "fan-in",
  about:
    "P2 P3: 200 senders at depth 16, one room, 20 readers over 3 gateways: one identical order, each sender's kept",
  run,
};

const sizes = {
  ci: { senders: 20, readers: 6, messages: 2_000 },
  full: { senders: 200, readers: 20, messages: 100_000 },
};

async function run({ seed, log, size, say }: RunOptions): Promise<Verdict> {
  const { senders, readers, messages } = sizes[size];
  await using cluster = await Cluster.start({ log, gateways: 3, random: fork(seed, "fan-in") });
  await using people = new AsyncDisposableStack();
  const history = new History();
  const join = async (count: number, kind: string) => {
    const joined = Array.from({ length: count }, (_, i) => {
      const address = i % 4 === 3 ? cluster.grpc : cluster.ws(i);
      return Person.join(address, { history, name: `${kind} ${i}`, connect: { depth: 16 } });
    });
    return (await Promise.all(joined)).map((person) => people.use(person));
  };
  const crowd = await join(readers, "reader");
  await Promise.all(crowd.map((reader) => reader.listen()));
  const speakers = await join(senders, "sender");
  const began = performance.now();
  // All at once, so that the depth is always used up.
  const saying = speakers.flatMap((speaker) =>
    Array.from({ length: messages / senders }, () => speaker.say())
  );
  const telling = setInterval(() => say(`${history.count("acked")} of ${messages} acked`), 5_000);
  const broken = await unfinished(saying, { ms: 600_000 });
  clearInterval(telling);
  const seconds = (performance.now() - began) / 1_000;
  const figures = { senders, readers, "messages/s": Math.round(messages / seconds) };
  return await judge({ cluster, history, readers: crowd, broken, figures });
}
