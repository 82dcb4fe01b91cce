/** The streams of a log: made if they are not there, and refused, saying why, if they could lose what they should keep. */
import {
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type StoredMsg,
  type StreamConfig,
} from "@nats-io/jetstream";
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import { type NatsLink, pause } from "./nats_link.ts";
import { parseRecord, subjectsOf } from "./nats_records.ts";

type Wanted = Pick<StreamConfig, "name" | "subjects"> & Partial<StreamConfig>;

const dayMs = 86_400_000;
const nanos = (ms: number) => ms * 1_000_000;

/** What a client is told for a thing that is not there. */
const notFound: readonly number[] = [10037, 10059];

/** What a publisher is told who expected another newest message. */
export const wrongSequence: readonly number[] = [10071, 10164];

/** The stream of marks, beside that of the log. */
export function marksStream(stream: string): string {
  return `${stream}_marks`;
}

/** All streams of a log, as they have to be. */
function wantedStreams(stream: string): Wanted[] {
  const subjects = subjectsOf(stream);
  const common = {
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    max_msgs: -1,
    max_bytes: -1,
    max_msg_size: -1,
  };
  return [
    {
      ...common,
      name: stream,
      subjects: [subjects.epoch, subjects.keys, subjects.rooms],
      description: "Switchboard: the log",
      // Full means that senders are told, never that the oldest goes.
      discard: DiscardPolicy.New,
      max_age: 0,
      max_msgs_per_subject: -1,
      deny_delete: true,
      deny_purge: true,
    },
    {
      ...common,
      name: marksStream(stream),
      subjects: [subjects.marks],
      description: "Switchboard: how far everybody has read",
      discard: DiscardPolicy.Old,
      // A guest's token ends before.
      max_age: nanos(limits.tokenMs + 10 * dayMs),
      max_msgs_per_subject: 1,
    },
  ];
}

/** What must be as it is wanted, or the log would not keep its promises. An operator may limit its bytes: it refuses then. */
const essential = [
  "subjects",
  "storage",
  "retention",
  "discard",
  "max_age",
  "max_msgs_per_subject",
] as const;

/**
 * Makes the streams that are not there, and checks the others. Gives what is not as it was asked for and does no harm.
 * Throws FAILED_PRECONDITION, saying all that differs, for what would.
 */
export async function openStreams(
  link: NatsLink,
  stream: string,
  { replicas = 0 }: { replicas?: number | undefined } = {},
): Promise<string[]> {
  const num_replicas = replicas || (link.nc.info?.cluster ? 3 : 1);
  const remarks = remarksOn(link.nc.info);
  for (const wanted of wantedStreams(stream)) {
    const actual = await known(link, wanted.name) ?? await make(link, { ...wanted, num_replicas });
    if (actual.num_replicas !== num_replicas) {
      remarks.push(
        `The stream "${wanted.name}" keeps ${actual.num_replicas} of each record, not ${num_replicas}: ` +
          "edit it if that is not what you want.",
      );
    }
    const wrong = essential.filter((key) => !isSame(wanted[key], actual[key]));
    if (wrong.length === 0) continue;
    const differences = wrong.map((key) =>
      `${key} is ${JSON.stringify(actual[key])} and must be ${JSON.stringify(wanted[key])}`
    );
    throw new ChatError(
      "FAILED_PRECONDITION",
      `Cannot use the stream "${wanted.name}" of "${link.shown}": ${differences.join(", ")}; ` +
        "edit it, or give another name behind the address's slash.",
    );
  }
  return remarks;
}

/** A cluster of this version kept all that it had acknowledged through `deno task chaos`; one of 2.9.10 did not. */
const clusterSince = [2, 10, 27] as const;

/** What an operator should know of the servers. */
export function remarksOn({ cluster, version = "" }: { cluster?: string; version?: string } = {}): string[] {
  const parts = version.split(/[.-]/).map(Number);
  const first = clusterSince.findIndex((part, i) => part !== parts[i]);
  const isOlder = first >= 0 && (parts[first] ?? 0) < (clusterSince[first] ?? 0);
  return cluster && isOlder
    ? [
      `A cluster of NATS ${version} may forget what it has acknowledged when its servers are killed and paused, ` +
      `as 2.9.10 does: use ${clusterSince.join(".")} or a newer one.`,
    ]
    : [];
}

async function known(link: NatsLink, name: string): Promise<StreamConfig | undefined> {
  return (await orMissing(asking(link, () => link.jsm.streams.info(name))))?.config;
}

async function make(link: NatsLink, wanted: Wanted): Promise<StreamConfig> {
  try {
    return (await asking(link, () => link.jsm.streams.add(wanted))).config;
  } catch (error) {
    // Another node made it in this moment.
    const made = await known(link, wanted.name);
    if (made) return made;
    const why = error instanceof Error ? error.message : error;
    throw new ChatError(
      "FAILED_PRECONDITION",
      `Cannot make the stream "${wanted.name}" with ${wanted.num_replicas} replicas in "${link.shown}": ${why}, ` +
        "check that JetStream is on, and NATS_REPLICAS.",
      { cause: error },
    );
  }
}

function isSame(wanted: unknown, actual: unknown): boolean {
  if (!Array.isArray(wanted) || !Array.isArray(actual)) return wanted === actual;
  return wanted.toSorted().join() === actual.toSorted().join();
}

/** What a cluster says as long as not enough of its servers have come up. */
const noPeers = 10005;

/** Asks until it is answered: a cluster that has just begun, or lost its leader, is silent for some seconds. */
export async function asking<T>(
  link: NatsLink,
  ask: () => Promise<T>,
  { patienceMs = 30_000 }: { patienceMs?: number } = {},
): Promise<T> {
  for (const end = performance.now() + patienceMs;;) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof JetStreamApiError && error.status !== 503 && error.code !== noPeers) throw error;
      if (link.nc.isClosed() || performance.now() > end) {
        const why = error instanceof Error ? error.message : error;
        throw new ChatError(
          "UNAVAILABLE",
          `Cannot use "${link.shown}": JetStream does not answer (${why}), start it or try again.`,
          { cause: error },
        );
      }
      await pause(250);
    }
  }
}

/** The answer, or undefined for what is not there. */
export async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof JetStreamApiError && notFound.includes(error.code)) return undefined;
    throw error;
  }
}

/** A message of a stream; undefined if it is not there. */
export async function readMessage(
  link: NatsLink,
  stream: string,
  query: { seq: number } | { last_by_subj: string },
): Promise<StoredMsg | undefined> {
  return await orMissing(asking(link, () => link.jsm.streams.getMessage(stream, query))) ?? undefined;
}

/** A life of the log, and the place of the record that began it. */
export interface Epoch {
  readonly epoch: string;
  readonly begun: number;
}

/** The life that the log is in; both empty before the first. */
export async function readEpoch(link: NatsLink, stream: string): Promise<Epoch> {
  const subject = subjectsOf(stream).epoch;
  const message = await readMessage(link, stream, { last_by_subj: subject });
  const record = message && parseRecord(stream, subject, () => message.json());
  return { epoch: record?.kind === "epoch" ? record.epoch : "", begun: message?.seq ?? 0 };
}

/** Begins a life of the log, unless another node did so first. Gives the one that it is in then. */
export async function beginEpoch(
  link: NatsLink,
  stream: string,
  { epoch = newEpoch(), after }: { epoch?: string; after: number },
): Promise<Epoch> {
  await publishFirst(link, subjectsOf(stream).epoch, { payload: JSON.stringify({ epoch }), after });
  return await readEpoch(link, stream);
}

/** Publishes a message unless another one came after the place `after` of its subject: who asks for the newest then knows. */
export async function publishFirst(
  link: NatsLink,
  subject: string,
  { payload, after }: { payload: string; after: number },
): Promise<void> {
  try {
    await asking(link, () => link.js.publish(subject, payload, { expect: { lastSubjectSequence: after } }));
  } catch (error) {
    if (!(error instanceof JetStreamApiError && wrongSequence.includes(error.code))) throw error;
  }
}

/** As short as that of a SQLite log. */
function newEpoch(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 12);
}
