/** The keys of a log, of which nothing else is read: the stream that they are in may be damaged. */
import type { Keys } from "../chat/tokens.ts";
import { ChatError } from "../protos/errors.ts";
import { parseKeys, readKeys } from "./keys.ts";
import { connectNats } from "./nats_link.ts";
import { connectionOptions, type NatsSettings, parseNatsUrl } from "./nats_options.ts";
import { subjectsOf } from "./nats_records.ts";
import { readMessage } from "./nats_stream.ts";
import { type EngineSettings, natsSettings } from "./open.ts";
import { keysBeside } from "./sqlite_replica.ts";

/** Gives them. Throws NOT_FOUND if there are none. */
export async function keysOf(place: EngineSettings): Promise<Keys> {
  const isFile = place.chatLog.startsWith("sqlite:");
  const keys = await (isFile ? keysOfFile(place) : keysInNats(natsSettings(place)));
  if (keys) return keys;
  const shown = isFile ? `${place.chatData}/keys.json` : parseNatsUrl(place.chatLog).shown;
  throw new ChatError("NOT_FOUND", `Cannot take the keys of "${shown}": there are none, check its name.`);
}

/** Those of a log in a file: beside it if it is a node's copy. Undefined if there are none. */
export async function keysOfFile({ chatLog, chatData }: EngineSettings): Promise<Keys | undefined> {
  const file = chatLog.slice("sqlite:".length);
  return await readKeys(keysBeside(file)) ?? await readKeys(`${chatData}/keys.json`);
}

async function keysInNats(settings: NatsSettings): Promise<Keys | undefined> {
  const { stream, ...address } = await connectionOptions(settings);
  const link = await connectNats({ stream, ...address });
  try {
    const message = await readMessage(link, stream, { last_by_subj: subjectsOf(stream).keys });
    return await parseKeys(message?.json<{ keys?: unknown }>().keys);
  } finally {
    await link.close();
  }
}
