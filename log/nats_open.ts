/** Opens a log in NATS: the streams, this node's replica, and all that happened since it was last here. */
import type { Keys } from "../chat/tokens.ts";
import { ChatError } from "../protos/errors.ts";
import { NatsLog } from "./nats.ts";
import { openNatsKeys } from "./nats_keys.ts";
import { connectNats, type NatsLink } from "./nats_link.ts";
import { connectionOptions, type NatsSettings } from "./nats_options.ts";
import { NatsSignals } from "./nats_signals.ts";
import { compare, inspect, setAside } from "./nats_replica.ts";
import { asking, beginEpoch, type Epoch, openStreams, readEpoch } from "./nats_stream.ts";
import { openFile } from "./sqlite.ts";

/** What opening takes. */
export interface OpenNatsOptions {
  /** The folder of this node's replica. */
  readonly folder: string;
  /** Told what happens, for the operator. */
  readonly tell: (text: string) => void;
}

/** A log in NATS, and what goes with it. All of it ends when the log is closed. */
export interface NatsEngine {
  readonly log: NatsLog;
  readonly signals: NatsSignals;
  readonly keys: Keys;
}

/** Opens the log; resolves when this node has all that is in the stream. Throws a ChatError that says what to do. */
export async function openNats(settings: NatsSettings, options: OpenNatsOptions): Promise<NatsEngine> {
  const { stream, ...address } = await connectionOptions(settings);
  const link = await connectNats({ stream, ...address });
  try {
    for (const remark of await openStreams(link, stream, settings)) options.tell(remark);
    const file = `${options.folder}/${stream}.replica.db`;
    const { epoch, begun } = await settle(link, stream, { file, ...options });
    const sqlite = await openFile(file, { replicaOf: epoch });
    const log = new NatsLog({ link, source: { stream, begun }, file, sqlite });
    try {
      await catchUp(log, link, { stream, ...options });
      return { log, signals: new NatsSignals(link, stream), keys: await openNatsKeys(link, stream) };
    } catch (error) {
      await log.close();
      throw error;
    }
  } catch (error) {
    await link.close();
    throw error;
  }
}

/** Finds the life that the log is in, and puts a replica out of the way that is of another one, or damaged. */
async function settle(
  link: NatsLink,
  stream: string,
  { file, tell }: { file: string; tell: (text: string) => void },
): Promise<Epoch> {
  const known = await readEpoch(link, stream);
  const epoch = known.epoch ? known : await beginEpoch(link, stream, { after: known.begun });
  const replica = inspect(file);
  if (replica === undefined) return epoch;
  if (replica === "damaged") {
    tell(
      `The copy of the log on this node was damaged; making another, the old one is "${
        setAside(file, "damaged")
      }".`,
    );
    return epoch;
  }
  const standing = replica.epoch === epoch.epoch ? await compare(link, stream, replica.newest) : "other";
  if (standing === "continues") return epoch;
  const aside = setAside(file, replica.epoch);
  tell(
    `The stream "${stream}" does not go on where this node's copy ends: it holds another history now. ` +
      `What was here is kept in "${aside}", and can be imported.`,
  );
  if (standing === "other") return epoch;
  // Seqs that readers have seen will be given out again: they must be told that it is not the same past.
  return await beginEpoch(link, stream, { after: epoch.begun });
}

async function catchUp(
  log: NatsLog,
  link: NatsLink,
  { stream, tell }: OpenNatsOptions & { stream: string },
): Promise<void> {
  const { state } = await asking(link, () => link.jsm.streams.info(stream));
  if (state.first_seq > 1) {
    throw new ChatError(
      "DATA_LOSS",
      `Cannot use the stream "${stream}": its first ${
        state.first_seq - 1
      } records are gone, restore it from a backup.`,
    );
  }
  const began = performance.now();
  const records = state.last_seq - log.applied;
  await log.begin(state.last_seq);
  const seconds = (performance.now() - began) / 1_000;
  if (records >= 100) {
    tell(
      `Applied ${records} records of the stream "${stream}" in ${seconds.toFixed(1)} s ` +
        `(${Math.round(records / seconds)} a second).`,
    );
  }
}
