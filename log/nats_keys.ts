/** The keys that tokens are signed with, in the stream: all nodes take each other's tokens. */
import type { Keys } from "../chat/tokens.ts";
import { ChatError } from "../protos/errors.ts";
import { keepKeys, newKeys, parseKeys, readKeys } from "./keys.ts";
import type { NatsLink } from "./nats_link.ts";
import { subjectsOf } from "./nats_records.ts";
import { publishFirst, readMessage } from "./nats_stream.ts";
import { keysBeside } from "./sqlite_replica.ts";

/** The keys of a log, which are made if it has none; `own` is what it is given then. Throws FAILED_PRECONDITION. */
export async function openNatsKeys(link: NatsLink, stream: string, own?: Keys): Promise<Keys> {
  const subject = subjectsOf(stream).keys;
  const first = await readMessage(link, stream, { last_by_subj: subject });
  if (!first) {
    await publishFirst(link, subject, {
      payload: JSON.stringify({ keys: own ?? await newKeys() }),
      after: 0,
    });
  }
  const message = first ?? await readMessage(link, stream, { last_by_subj: subject });
  const keys = await parseKeys(message?.json<{ keys?: unknown }>().keys);
  if (keys) return keys;
  throw new ChatError(
    "FAILED_PRECONDITION",
    `Cannot use the keys in "${subject}" of "${link.shown}": it is not a set of keys, publish one there.`,
  );
}

/** The same for a node, which keeps them beside its copy as well, and gives them back to a stream that lost them. */
export async function openNodeKeys(
  link: NatsLink,
  stream: string,
  { copy, tell }: { copy: string; tell: (text: string) => void },
): Promise<Keys> {
  const file = keysBeside(copy);
  const keys = await openNatsKeys(link, stream, await readKeys(file).catch(() => undefined));
  const why = await keepKeys(file, keys).then(
    (kept) => kept ? undefined : "it holds others, move it away if these are needed no more",
    ({ message }) => `${message}, see to it or move it away`,
  );
  if (why) tell(`Cannot keep the keys of the stream in "${file}": ${why}.`);
  return keys;
}
