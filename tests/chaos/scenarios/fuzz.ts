/** Acceptance 11: mutated frames on both doors. */
import { root, run as runProgram } from "../../harness.ts";
import { check } from "../checker.ts";
import { Cluster } from "../cluster.ts";
import { fork } from "../dice.ts";
import { readLog } from "../final_log.ts";
import { History } from "../history.ts";
import { Person } from "../person.ts";
import type { RunOptions, Scenario, Verdict } from "../verdict.ts";
import { unfinished } from "../wait.ts";
import type { Fuzzed } from "./fuzz_process.ts";

/** Frames that are nearly right. */
export const fuzz: Scenario = {
  name: "fuzz",
  about:
    "P5 P6: a million mutated frames, JSON and protobuf: no exit, no unhandled rejection, errors with codes",
  run,
};

const sizes = { ci: 10_000, full: 1_000_000 };

async function run({ seed, log, size, say }: RunOptions): Promise<Verdict> {
  const count = sizes[size];
  await using cluster = await Cluster.start({ log, gateways: 1, random: fork(seed, "fuzz") });
  const history = new History();
  const [gateway = cluster.chat] = cluster.gateways;
  const pids = cluster.nodes.map(({ pid }) => pid);
  // Somebody who behaves, in a room of their own, so that what the fuzzer says cannot be taken for theirs.
  await using person = await Person.join(cluster.ws(0), { history, name: "neighbour", room: "quiet" });
  await person.chat.createRoom({ room: "quiet" });
  await person.listen();
  const stop = new AbortController();
  const talking = person.talk({ paceMs: 20, signal: stop.signal });
  const results = await Promise.all((["ws", "grpc"] as const).map(async (door) => {
    const port = door === "ws" ? gateway.port : cluster.chat.port;
    const args = ["tests/chaos/scenarios/fuzz_process.ts", door, port, gateway.port, count / 2, seed].map(
      String,
    );
    const ran = await runProgram([Deno.execPath(), "run", "-q", "-A", "--no-check", ...args], { cwd: root });
    if (ran.code !== 0) throw new Error(`The fuzzer of ${door} failed: ${ran.stderr}`);
    const fuzzed = JSON.parse(ran.stdout) as Fuzzed;
    say(`${door}: ${JSON.stringify({ ...fuzzed, strange: fuzzed.strange.length })}`);
    return { door, fuzzed };
  }));
  stop.abort();
  const broken = await unfinished([talking]);
  broken.push(...results.flatMap(({ door, fuzzed }) => judgeAnswers(door, fuzzed)));
  for (const [i, node] of cluster.nodes.entries()) {
    if (!isAlive(pids[i] ?? 0)) broken.push(`${node.name} has ended: ${node.output.slice(-500)}`);
  }
  const room = await readLog(`grpc://127.0.0.1:${cluster.chat.port}`, "quiet");
  // The room's first event is its settings, which nobody of this run said.
  const [settings] = room.events;
  const made = {
    is: "said",
    sender: settings?.sender ?? "",
    clientId: settings?.clientId ?? "",
    text: "",
  } as const;
  const findings = check([made, ...history.entries], room);
  const sent = results.reduce((sum, { fuzzed }) => sum + fuzzed.sent, 0);
  const replies = results.reduce((sum, { fuzzed }) => sum + fuzzed.replies, 0);
  return { findings, broken: [...broken, ...cluster.faults()], figures: { frames: sent, replies } };
}

function judgeAnswers(door: string, { codes, strange, replies }: Fuzzed): string[] {
  const broken = strange.slice(0, 3).map((frame) => `${door}: an answer is not as it should be: ${frame}`);
  if (codes.INTERNAL) broken.push(`${door}: ${codes.INTERNAL} answers were INTERNAL`);
  if (!codes.INVALID_ARGUMENT || replies === 0) {
    broken.push(`${door}: nothing was refused, so nothing was tried`);
  }
  return broken;
}

function isAlive(pid: number): boolean {
  try {
    // Signal 0 would do, and Deno has none; SIGCONT changes nothing in a process that runs.
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
}
