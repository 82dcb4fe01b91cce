/**
 * Carries a log from one engine to the other: `deno task import --from sqlite:data/chat.db --to nats://localhost:4222`.
 * Events keep their seqs, ids and times, and the log its epoch, so that readers go on at their cursors. What is there
 * already is left alone: an import that broke off goes on where it was, a second one changes nothing, and that of
 * another copy adds what only this one has.
 */
import { dirname } from "node:path";
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import { digestOf } from "./digest.ts";
import { keysOf } from "./import_keys.ts";
import { openSource, openTarget, type Place } from "./import_places.ts";
import { copyRecords } from "./import_rooms.ts";

/** What an import came to. */
export interface Imported {
  readonly events: number;
  /** Of these, how many the target did not have yet. */
  readonly fresh: number;
  /** True if both hold the same; false if the target holds more. */
  readonly alike: boolean;
}

/** What an import takes beside the two places. */
export interface ImportOptions {
  /** The log whose keys it takes, if these are not beside the one that it copies. */
  readonly keysFrom?: Place | undefined;
  /** Told how far it is. */
  readonly progress?: (done: number, of: number) => void;
  /** Told what else is worth knowing. */
  readonly tell?: (text: string) => void;
}

/** Copies all of a log. Throws FAILED_PRECONDITION if the target holds another history, or other events in one place. */
export async function importLog(
  from: Place,
  to: Place,
  { keysFrom, progress = () => {}, tell = () => {} }: ImportOptions = {},
): Promise<Imported> {
  const given = keysFrom && await keysOf(keysFrom);
  await using source = await openSource(from, { tell });
  const keys = given ?? source.keys;
  await using target = await openTarget(to, { epoch: source.log.epoch, keys, tell });
  if (!keys) {
    tell(
      "There are no keys beside this log: whoever has a token of it signs in anew, unless --keys names some.",
    );
  }
  const events = source.log.position();
  let done = 0;
  let fresh = 0;
  const stop = new AbortController();
  for await (const records of events > 0 ? source.log.tail(0, stop) : []) {
    fresh += await copyRecords(records, target.log);
    progress(done += records.length, events);
    if ((records.at(-1)?.position ?? 0) >= events) break;
  }
  for (let from = 0; from < source.marks.length; from += limits.batchEvents) {
    const some = source.marks.slice(from, from + limits.batchEvents);
    await Promise.all(some.map(({ reader, room, seq }) => target.log.mark(reader, room, seq)));
  }
  const alike = await digestOf(source.log) === await digestOf(target.log);
  return { events: done, fresh, alike };
}

type Places = { from: Place; to: Place } & Pick<ImportOptions, "keysFrom">;

/** The places that the command line names. */
function parseArgs(args: readonly string[]): Places | undefined {
  const flags = new Map(args.map((arg, i) => [arg, args[i + 1] ?? ""]));
  const [from, to, keys, data = "data"] = ["--from", "--to", "--keys", "--data"].map((flag) =>
    flags.get(flag)
  );
  if (!from || !to || args.length !== flags.size || args.length % 2 === 1) return undefined;
  const env = (name: string) => Deno.env.get(name) || undefined;
  const nats = {
    natsCreds: env("NATS_CREDS"),
    natsCert: env("NATS_CERT"),
    natsKey: env("NATS_KEY"),
    natsReplicas: Number(env("NATS_REPLICAS") ?? 0),
  };
  const place = (url: string) => ({
    ...nats,
    chatLog: url,
    chatData: url.startsWith("sqlite:") ? dirname(url.slice("sqlite:".length)) : data,
  });
  return { from: place(from), to: place(to), keysFrom: keys ? place(keys) : undefined };
}

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}

async function main(): Promise<number> {
  const places = parseArgs(Deno.args);
  if (!places) {
    say(
      "Cannot import: it takes --from and --to, each a log as in CHAT_LOG, for NATS --data, a folder for its copy, " +
        "and --keys, the log whose keys it takes if they are not beside the first.\n",
    );
    return 2;
  }
  const began = performance.now();
  let toldAt = -Infinity;
  const progress = (done: number, of: number) => {
    const now = performance.now();
    if (now - toldAt < 500 && done < of) return;
    toldAt = now;
    const speed = Math.round(done / Math.max(0.001, (now - began) / 1_000));
    say(
      `${Deno.stderr.isTerminal() ? "\r" : ""}${done} of ${of} events, ${speed} a second${
        Deno.stderr.isTerminal() && done < of ? "" : "\n"
      }`,
    );
  };
  try {
    const { events, fresh, alike } = await importLog(places.from, places.to, {
      keysFrom: places.keysFrom,
      progress,
      tell: (text) => say(`${text}\n`),
    });
    say(
      `${fresh} of ${events} events were new. ` +
        (alike ? "Both logs hold the same.\n" : "The target holds more.\n"),
    );
    return 0;
  } catch (error) {
    if (!(error instanceof ChatError)) throw error;
    say(`${error.message}\n`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main());
