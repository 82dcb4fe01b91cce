/** What a node does before it serves: it applies all that is in the streams, says how far it is, and does not wait for ever. */
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import type { NatsLog } from "./nats.ts";
import type { Followed } from "./nats_follow.ts";
import { type NatsLink, pause } from "./nats_link.ts";
import { lost } from "./nats_plan.ts";
import { asking } from "./nats_stream.ts";

/** What catching up takes. */
export interface CatchUpOptions {
  /** Told how far it is, for the operator. */
  readonly tell: (text: string) => void;
  /** How long nothing may come. */
  readonly patienceMs?: number;
}

/** How often it is told how far it is. */
const tellMs = 5_000;

/** Resolves when a node has all that is in its streams now. Throws DATA_LOSS, and UNAVAILABLE when nothing comes any more. */
export async function catchUp(log: NatsLog, link: NatsLink, options: CatchUpOptions): Promise<void> {
  const [ofLog, marks] = log.followed;
  const { stream, applied } = ofLog;
  const { first_seq, last_seq } = await stateOf(link, stream);
  if (first_seq > 1) throw lost(stream, `its records 1 to ${first_seq - 1} are gone`);
  const began = performance.now();
  await reach(log, link, { followed: ofLog, last: last_seq, ...options });
  const ofMarks = await stateOf(link, marks.stream);
  if (ofMarks.messages > 0) await reach(log, link, { followed: marks, last: ofMarks.last_seq, ...options });
  const seconds = (performance.now() - began) / 1_000;
  const records = last_seq - applied;
  if (records < 100) return;
  options.tell(
    `Applied ${records} records of the stream "${stream}" in ${seconds.toFixed(1)} s ` +
      `(${Math.round(records / seconds)} a second).`,
  );
}

async function stateOf(link: NatsLink, stream: string) {
  return (await asking(link, () => link.jsm.streams.info(stream))).state;
}

interface Reaching extends CatchUpOptions {
  readonly followed: Followed;
  readonly last: number;
}

async function reach(log: NatsLog, link: NatsLink, reaching: Reaching): Promise<void> {
  const ended = new AbortController();
  const reached = log.reach(reaching.followed, reaching.last).finally(() => ended.abort());
  await Promise.race([reached, watch(link, reaching, ended)]);
  await reached;
}

/** Tells how far it is until the signal aborts. Throws UNAVAILABLE when nothing has come for so long. */
async function watch(
  link: NatsLink,
  { followed, last, tell, patienceMs = limits.catchUpSilenceMs }: Reaching,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const everyMs = Math.min(tellMs, patienceMs / 3);
  // Counted, not read from a clock: this process may have been stopped meanwhile.
  for (let known = followed.applied, silentMs = 0;; known = followed.applied) {
    await pause(everyMs, { signal });
    if (signal.aborted) return;
    silentMs = followed.applied > known ? 0 : silentMs + everyMs;
    if (silentMs >= patienceMs) throw stuck(link, { followed, last, silentMs });
    tell(`Catching up with the stream "${followed.stream}": at record ${followed.applied} of ${last}.`);
  }
}

function stuck(
  link: NatsLink,
  { followed, last, silentMs }: Pick<Reaching, "followed" | "last"> & { silentMs: number },
): ChatError {
  const { stream, applied, obstacle } = followed;
  const cause = link.away ?? obstacle;
  const why = cause instanceof Error ? cause.message : cause;
  return new ChatError(
    "UNAVAILABLE",
    `Cannot catch up with the stream "${stream}": nothing has come after record ${applied} of ${last} ` +
      `for ${Math.round(silentMs / 1_000)} s${
        why ? ` (${why})` : ""
      }, check NATS and this node's disk and restart, ` +
      "and if it ends so again make a new one of the copies: see docs/operations.md.",
    { cause },
  );
}
