/** The end of a scenario: everybody catches up, the log is read, and the checker has its say. */
import { check } from "./checker.ts";
import type { Cluster } from "./cluster.ts";
import { readLog } from "./final_log.ts";
import type { History } from "./history.ts";
import { checkLearners, type Learner, saidByLearners } from "./learners.ts";
import type { Person } from "./person.ts";
import type { Verdict } from "./verdict.ts";
import { holds } from "./wait.ts";

/** What is judged. */
interface Case {
  readonly cluster: Cluster;
  readonly history: History;
  /** Those who have to hold everything in the end. */
  readonly readers: readonly Person[];
  /** Those who were there from the beginning. */
  readonly learners?: readonly Learner[];
  readonly broken?: readonly string[];
  readonly figures?: Verdict["figures"];
  readonly room?: string;
}

/** How long readers may need for the last events, in milliseconds, once the network is calm. */
const catchUpMs = 60_000;

/** Judges a run whose servers all serve again. */
export async function judge(
  { cluster, history, readers, learners = [], broken = [], figures = {}, room }: Case,
): Promise<Verdict> {
  const log = await readLog(`grpc://127.0.0.1:${cluster.chat.port}`, room);
  const head = log.events.length;
  const caughtUp = () =>
    readers.every(({ seq }) => seq >= head) && learners.every(({ texts }) => texts.length >= head);
  await holds(caughtUp, { ms: catchUpMs, everyMs: 100 });
  const entries = [...saidByLearners(learners, log), ...history.entries];
  const findings = check(entries, log, { complete: readers.map(({ name }) => name) });
  return {
    findings: [...findings, ...checkLearners(learners, log)],
    broken: [...broken, ...learners.flatMap((learner) => learner.broken()), ...cluster.faults()],
    figures: { stored: head, acked: history.count("acked"), read: history.count("read"), ...figures },
  };
}
