/**
 * Carries a log from one engine to the other: `deno task import --from sqlite:data/chat.db --to nats://localhost:4222`.
 * Events keep their seqs, ids and times, and the log its epoch, so that readers go on at their cursors. What is there
 * already is left alone: an import that broke off goes on where it was, and a second one changes nothing.
 */
import { dirname } from "node:path";
import type { Log, LogRecord } from "../chat/log.ts";
import { ChatError } from "../protos/errors.ts";
import { type RoomEvent, takeBatch } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { digestOf } from "./digest.ts";
import { openSource, openTarget, type Place } from "./import_places.ts";

/** What an import came to. */
export interface Imported {
  readonly events: number;
  /** Of these, how many the target did not have yet. */
  readonly fresh: number;
  /** True if both hold the same; false if the target has gone on since. */
  readonly alike: boolean;
}

/** What an import takes beside the two places. */
export interface ImportOptions {
  /** Told how far it is. */
  readonly progress?: (done: number, of: number) => void;
  /** Told what else is worth knowing. */
  readonly tell?: (text: string) => void;
}

/** One append of an import: a character counts as 3 bytes, and NATS takes messages of 1 MB. */
const appendBytes = 400_000;

/** Copies all of a log. Throws FAILED_PRECONDITION if the target holds another history. */
export async function importLog(
  from: Place,
  to: Place,
  { progress = () => {}, tell = () => {} }: ImportOptions = {},
): Promise<Imported> {
  await using source = await openSource(from, { tell });
  await using target = await openTarget(to, { epoch: source.log.epoch, keys: source.keys, tell });
  const events = source.log.position();
  let done = 0;
  let fresh = 0;
  const stop = new AbortController();
  for await (const records of events > 0 ? source.log.tail(0, stop) : []) {
    fresh += await copy(records, target.log);
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

/** Copies a page. Gives how many events the target did not have. */
async function copy(records: readonly LogRecord[], target: Log): Promise<number> {
  const rooms = [...Map.groupBy(records, ({ room }) => room)];
  const fresh = await Promise.all(
    rooms.map(([room, ofRoom]) => copyRoom(room, ofRoom.map(({ event }) => event), target)),
  );
  return fresh.reduce((sum, count) => sum + count, 0);
}

async function copyRoom(room: string, events: readonly RoomEvent[], target: Log): Promise<number> {
  const missing = events.filter(({ seq }) => seq > target.head(room));
  for (let from = 0; from < missing.length;) {
    const batch = takeBatch(missing, { from, count: limits.batchEvents, bytes: appendBytes });
    const head = (batch[0]?.seq ?? 1) - 1;
    const appended = await target.append(room, head, batch);
    if (appended.kind === "conflict") {
      throw new ChatError(
        "FAILED_PRECONDITION",
        `Cannot import ${JSON.stringify(room)} after event ${head}: the target is at ${appended.head}, ` +
          "stop whatever writes to it and import again.",
      );
    }
    from += batch.length;
  }
  return missing.length;
}

/** The places that the command line names. */
function parseArgs(args: readonly string[]): { from: Place; to: Place } | undefined {
  const flags = new Map(args.map((arg, i) => [arg, args[i + 1] ?? ""]));
  const [from, to, data = "data"] = [flags.get("--from"), flags.get("--to"), flags.get("--data")];
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
  return { from: place(from), to: place(to) };
}

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}

async function main(): Promise<number> {
  const places = parseArgs(Deno.args);
  if (!places) {
    say(
      "Cannot import: it takes --from and --to, each a log as in CHAT_LOG, and for NATS --data, a folder for its copy.\n",
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
      progress,
      tell: (text) => say(`${text}\n`),
    });
    say(
      `${fresh} of ${events} events were new. ` +
        (alike ? "Both logs hold the same.\n" : "The target has gone on since: it holds more.\n"),
    );
    return 0;
  } catch (error) {
    if (!(error instanceof ChatError)) throw error;
    say(`${error.message}\n`);
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main());
