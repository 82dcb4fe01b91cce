/** Opens a log in NATS: the streams, this node's replica, and all that happened since it was last here. */
import type { Keys } from "../chat/tokens.ts";
import { NatsLog } from "./nats.ts";
import { catchUp } from "./nats_catch_up.ts";
import { openNodeKeys } from "./nats_keys.ts";
import { connectNats, type NatsLink } from "./nats_link.ts";
import { connectionOptions, type NatsSettings } from "./nats_options.ts";
import { keepMarks } from "./nats_marks_kept.ts";
import { NatsSignals } from "./nats_signals.ts";
import { compare, inspect, setAside } from "./nats_replica.ts";
import { beginEpoch, type Epoch, openStreams, readEpoch } from "./nats_stream.ts";
import { openFile } from "./sqlite.ts";

/** What opening takes. */
export interface OpenNatsOptions {
  /** The folder of this node's replica. */
  readonly folder: string;
  /** Told what happens, for the operator. */
  readonly tell: (text: string) => void;
  /** How long nothing may come of what this node has to catch up with. */
  readonly patienceMs?: number;
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
    const { epoch, begun, aside } = await settle(link, stream, { file, ...options });
    const sqlite = await openFile(file, { replicaOf: epoch });
    const log = new NatsLog({ link, source: { stream, begun }, file, sqlite });
    try {
      await catchUp(log, link, options);
      if (aside) {
        await keepMarks(aside, log, options).catch(({ message }) => options.tell(unread(aside, message)));
      }
      const keys = await openNodeKeys(link, stream, { copy: file, ...options });
      return { log, signals: new NatsSignals(link, stream), keys };
    } catch (error) {
      await log.close();
      throw error;
    }
  } catch (error) {
    await link.close();
    throw error;
  }
}

function unread(aside: string, why: string): string {
  return `Cannot keep how far people have read, as "${aside}" tells it: ${why}, so they find messages unread.`;
}

/** A life of the log, and the copy that was put aside since it is of another one. */
interface Settled extends Epoch {
  readonly aside?: string;
}

/** Finds the life that the log is in, and puts a replica out of the way that is of another one, or damaged. */
async function settle(
  link: NatsLink,
  stream: string,
  { file, tell }: { file: string; tell: (text: string) => void },
): Promise<Settled> {
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
  if (standing === "other") return { ...epoch, aside };
  // Seqs that readers have seen will be given out again: they must be told that it is not the same past.
  return { ...await beginEpoch(link, stream, { after: epoch.begun }), aside };
}
