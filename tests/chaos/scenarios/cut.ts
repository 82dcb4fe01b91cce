/** Acceptance 6, for programs: the network is gone for a while in which others talk. */
import { limits } from "../../../protos/limits.ts";
import { cannotRunHere } from "../../harness.ts";
import { Cluster } from "../cluster.ts";
import { fork } from "../dice.ts";
import { History } from "../history.ts";
import { judge } from "../judge.ts";
import { Person } from "../person.ts";
import { calm, clear } from "../proxy.ts";
import { startPythonReader } from "../python_reader.ts";
import type { RunOptions, Scenario, Verdict } from "../verdict.ts";
import { pause } from "../wait.ts";

/** A cut network. */
export const cut: Scenario = {
  name: "cut",
  about:
    "P3: the network gone while 500 messages are said: Python with the bare stubs and the library, on both doors, have all once",
  run,
};

const sizes = {
  ci: { cutMs: 4_000, silenceMs: 2_000 },
  full: { cutMs: 60_000, silenceMs: limits.silenceMs },
};
const before = 20;
const missed = 500;

async function run({ seed, log, size, say }: RunOptions): Promise<Verdict> {
  const { cutMs, silenceMs } = sizes[size];
  await using cluster = await Cluster.start({ log, gateways: 1, random: fork(seed, "cut") });
  await using people = new AsyncDisposableStack();
  const history = new History();
  const address = `127.0.0.1:${cluster.chat.proxy.port}`;
  const python = await startPythonReader(address, {
    name: "python",
    wanted: before + missed,
    silenceS: silenceMs / 1_000,
  });
  if (python) people.use(python);
  const timing = {
    firstMs: 50,
    mostMs: 2_000,
    silenceMs,
    heartbeatMs: Math.min(limits.heartbeatMs, silenceMs / 3),
  };
  const readers = await Promise.all(
    [cluster.grpc, cluster.ws(0)].map((address, i) =>
      Person.join(address, { history, name: `reader ${i}`, connect: { timing } })
    ),
  );
  for (const reader of readers) people.use(reader);
  await Promise.all(readers.map((reader) => reader.listen()));
  const speaker = people.use(
    await Person.join(`grpc://127.0.0.1:${cluster.chat.port}`, { history, name: "speaker" }),
  );
  for (let i = 0; i < before; i++) await speaker.say(`message ${i}`);

  // Not a byte passes, and no end of a connection is told: what a cut cable does.
  const gone = { ...clear, held: true };
  const networks = cluster.nodes.map(({ proxy }) => proxy);
  for (const network of networks) network.set({ up: gone, down: gone });
  for (let i = 0; i < missed; i++) {
    await speaker.say(`message ${before + i}`);
    if (i % 50 === 49) await pause(cutMs / 10);
  }
  say(`${missed} messages were said in ${cutMs / 1_000} s without a network`);
  for (const network of networks) network.set(calm);

  const texts = Array.from({ length: before + missed }, (_, i) => `message ${i}`);
  const broken: string[] = [];
  const figures: Record<string, string | number> = { missed };
  if (python) {
    const enough = new AbortController();
    const late = pause(60_000, enough).then(() => undefined);
    const read = await Promise.race([python.read, late]);
    enough.abort();
    if (!read) broken.push("the Python client does not get what it missed");
    else if (JSON.stringify(read.texts) !== JSON.stringify(texts)) {
      broken.push("the Python client has something else");
    }
    if (read?.resets) broken.push(`the Python client was reset ${read.resets} times`);
    figures["Python sessions"] = read?.sessions ?? 0;
  } else cannotRunHere("it needs Debian's python3-grpcio and python3-grpc-tools.");
  const lost = readers.map(({ counts }) => counts.lost);
  if (lost.some((times) => times === 0)) broken.push("the network was not felt, so nothing was tried");
  return await judge({ cluster, history, readers, broken, figures });
}
