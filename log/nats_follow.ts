/** Follows a stream with one ordered consumer after the other: each connection gets its own. */
import { type ConsumerMessages, DeliverPolicy, type JsMsg } from "@nats-io/jetstream";
import { PermissionViolationError } from "@nats-io/transport-node";
import { ChatError } from "../protos/errors.ts";
import { type NatsLink, pause } from "./nats_link.ts";

/** Messages that are asked for ahead, and at most as many that wait to be taken. */
const ahead = 500;

/** A stream that a node applies to its copy. */
export interface Followed {
  readonly stream: string;
  /** The place up to which it is applied. */
  readonly applied: number;
  /** What kept it from going on when it last could not; undefined if it could. */
  readonly obstacle: unknown;
  /** Resolves when it is applied up to a place, or the signal aborts. */
  reach(sequence: number, options: { signal: AbortSignal }): Promise<void>;
}

/** What following takes. */
export interface FollowOptions {
  /** The place after which it begins. */
  readonly after: number;
  readonly signal: AbortSignal;
  /** Asked before each consumer begins; what it throws but UNAVAILABLE ends the following. */
  readonly check?: () => Promise<void>;
  /** Told why it cannot begin now; it tries again. */
  readonly failed?: (why: unknown) => void;
}

/**
 * Gives every message that is in the stream after a place, in order, in groups as they come, whatever happens to the
 * connection; pull-based. Ends when the signal aborts.
 */
export async function* followStream(
  link: NatsLink,
  stream: string,
  { after, signal, check = () => Promise.resolve(), failed = () => {} }: FollowOptions,
): AsyncGenerator<readonly JsMsg[]> {
  while (!signal.aborted) {
    await link.up({ signal });
    if (signal.aborted) return;
    const messages = await consume(link, stream, { after, check, failed });
    if (!messages) {
      await pause(250, { signal });
      continue;
    }
    for await (const group of groups(link, messages, { signal })) {
      after = group.at(-1)?.seq ?? after;
      yield group;
    }
    await pause(50, { signal });
  }
}

/** The messages after a place, from a new consumer; undefined if there is none to be had now. */
async function consume(
  link: NatsLink,
  stream: string,
  { after, check, failed }: Required<Omit<FollowOptions, "signal">>,
): Promise<ConsumerMessages | undefined> {
  try {
    await check();
    const consumer = await link.js.consumers.get(stream, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: after + 1,
      // Those that are left behind go soon.
      inactive_threshold: 30_000,
    });
    return await consumer.consume({ max_messages: ahead, expires: 10_000, idle_heartbeat: 1_000 });
  } catch (error) {
    if (isLasting(error)) throw error;
    failed(error);
    return undefined;
  }
}

/** The messages of one consumer in groups, until it or its connection is lost. */
async function* groups(
  link: NatsLink,
  messages: ConsumerMessages,
  { signal }: { signal: AbortSignal },
): AsyncGenerator<readonly JsMsg[]> {
  let waiting: JsMsg[] = [];
  let change = Promise.withResolvers<void>();
  let room = Promise.withResolvers<void>();
  let lost = false;
  const stop = () => {
    lost = true;
    change.resolve();
    room.resolve();
    messages.stop();
  };
  const reading = (async () => {
    for await (const message of messages) {
      waiting.push(message);
      change.resolve();
      while (waiting.length >= ahead && !lost) await room.promise;
    }
  })().catch(() => {}).finally(stop);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  watch(link, messages, stop);
  try {
    while (!lost || waiting.length > 0) {
      await change.promise;
      change = Promise.withResolvers();
      const group = waiting;
      waiting = [];
      room.resolve();
      room = Promise.withResolvers();
      if (group.length > 0) yield group;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
    await reading;
  }
}

/** Gives up a consumer as soon as it may be gone: a new one costs less than to find out. */
async function watch(link: NatsLink, messages: ConsumerMessages, stop: () => void): Promise<void> {
  const gone = ["heartbeats_missed", "consumer_not_found", "stream_not_found", "consumer_deleted", "reset"];
  const down = new AbortController();
  link.changed({ signal: down.signal }).then(stop);
  for await (const { type } of messages.status()) if (gone.includes(type)) stop();
  down.abort();
}

/** True for what another try would not change. */
function isLasting(error: unknown): boolean {
  return error instanceof PermissionViolationError ||
    (error instanceof ChatError && error.code !== "UNAVAILABLE");
}
