/**
 * Judges a history against the room's log, in the manner of Jepsen's workloads on logs. Pure. Every number has to
 * be 0. It looks at what was promised, and does not care how it came about.
 */
import type { Entry, RoomLog, Stored } from "./history.ts";

/** What can be wrong. */
export const anomalies = [
  /** Acknowledged, and not in the log at the place that was told. P1 */
  "lost acked",
  /** In the log twice, acknowledged at two places, or given twice to one reader. P4, P3 */
  "duplicate",
  /** A sender's messages, one acknowledged before another was said, or a reader's events are not in order. P2 */
  "reordered",
  /** In the log or at a reader, and said by nobody, or refused, or not as it was said. P1 */
  "phantom",
  /** A reader or the log has a hole that nobody told it of, or a reader ended before the log did. P3 */
  "silent gap",
  /** Two readers saw different events at one place. P2 */
  "diverging",
] as const;

/** One kind of them. */
export type Anomaly = typeof anomalies[number];

/** One case of it, in words. */
export interface Finding {
  readonly anomaly: Anomaly;
  readonly what: string;
}

/** Judges a run. Readers in `complete` have to hold the log's end, and all from where they began. */
export function check(
  entries: readonly Entry[],
  log: RoomLog,
  { complete = [] }: { complete?: readonly string[] } = {},
): Finding[] {
  return [
    ...checkLog(entries, log),
    ...checkAcks(entries, log),
    ...checkOrder(entries, log),
    ...checkReaders(entries, log, complete),
    ...checkAgreement(entries),
  ];
}

/** How many findings there are of each kind. */
export function tally(findings: readonly Finding[]): Record<Anomaly, number> {
  const counts = Object.fromEntries(anomalies.map((anomaly) => [anomaly, 0])) as Record<Anomaly, number>;
  for (const { anomaly } of findings) counts[anomaly]++;
  return counts;
}

type Of<Is extends Entry["is"]> = Extract<Entry, { is: Is }>;

function only<Is extends Entry["is"]>(entries: readonly Entry[], is: Is): Of<Is>[] {
  return entries.filter((entry): entry is Of<Is> => entry.is === is);
}

function idOf({ sender, clientId }: { sender: string; clientId: string }): string {
  return `${sender}/${clientId}`;
}

/** The log alone: dense, each message once, all said by somebody. */
function* checkLog(entries: readonly Entry[], { events }: RoomLog): Generator<Finding> {
  const said = new Map(only(entries, "said").map((entry) => [idOf(entry), entry.text]));
  const refused = new Set(only(entries, "refused").map(idOf));
  const seen = new Map<string, number>();
  for (const [i, event] of events.entries()) {
    const id = idOf(event);
    if (event.seq !== i + 1) {
      yield { anomaly: "silent gap", what: `the log has seq ${event.seq} at place ${i + 1}` };
      return;
    }
    const before = seen.get(id);
    if (before !== undefined) {
      yield { anomaly: "duplicate", what: `${id} is in the log at ${before} and ${event.seq}` };
    }
    seen.set(id, event.seq);
    if (said.get(id) !== event.text) yield { anomaly: "phantom", what: `nobody said ${describe(event)}` };
    else if (refused.has(id)) yield { anomaly: "phantom", what: `${describe(event)} was refused` };
  }
}

/** Acknowledgements against the log. */
function* checkAcks(entries: readonly Entry[], { epoch, events }: RoomLog): Generator<Finding> {
  const first = new Map<string, number>();
  for (const ack of only(entries, "acked")) {
    const id = idOf(ack);
    const before = first.get(id) ?? ack.seq;
    first.set(id, before);
    if (before !== ack.seq) {
      yield { anomaly: "duplicate", what: `${id} was acknowledged at ${before} and ${ack.seq}` };
    }
    const stored = ack.epoch === epoch ? events[ack.seq - 1] : undefined;
    if (!stored || idOf(stored) !== id) {
      yield {
        anomaly: "lost acked",
        what: `${id} was acknowledged at ${ack.seq}, where there is ${describe(stored)}`,
      };
    }
  }
}

/** Each sender's order, and the order of time: who spoke after another's acknowledgement comes after it. */
function* checkOrder(entries: readonly Entry[], { events }: RoomLog): Generator<Finding> {
  const places = new Map(events.map((event) => [idOf(event), event.seq]));
  const last = new Map<string, { id: string; seq: number }>();
  let acked = { id: "", seq: 0 };
  for (const entry of entries) {
    if (entry.is === "acked" && entry.seq > acked.seq) acked = { id: idOf(entry), seq: entry.seq };
    if (entry.is !== "said") continue;
    const id = idOf(entry);
    const seq = places.get(id);
    if (seq === undefined) continue;
    const before = last.get(entry.sender);
    if (before && seq < before.seq) {
      yield {
        anomaly: "reordered",
        what: `${id} is at ${seq}, and was said after ${before.id} at ${before.seq}`,
      };
    } else if (seq < acked.seq) {
      yield {
        anomaly: "reordered",
        what: `${id} is at ${seq}, and was said after the ack of ${acked.id} at ${acked.seq}`,
      };
    }
    if (!before || seq > before.seq) last.set(entry.sender, { id, seq });
  }
}

/** Each reader: one after the other from where it began, as the log has it, to the log's end. */
function* checkReaders(
  entries: readonly Entry[],
  log: RoomLog,
  complete: readonly string[],
): Generator<Finding> {
  const places = new Map<string, { epoch: string; seq: number }>();
  for (const entry of entries) {
    if (entry.is === "fault") yield { anomaly: "silent gap", what: `${entry.reader} found: ${entry.what}` };
    if (entry.is === "follows") {
      const before = places.get(entry.reader);
      if (before && !entry.reset && (before.epoch !== entry.epoch || before.seq !== entry.after)) {
        const what =
          `${entry.reader} was moved from ${before.epoch}/${before.seq} to ${entry.epoch}/${entry.after}`;
        yield { anomaly: entry.after < before.seq ? "duplicate" : "silent gap", what };
      }
      places.set(entry.reader, { epoch: entry.epoch, seq: entry.after });
    }
    if (entry.is !== "read") continue;
    const place = places.get(entry.reader);
    if (place) yield* checkRead(entry, { place, log });
    else {yield {
        anomaly: "phantom",
        what: `${entry.reader} was given ${describe(entry)} before it followed`,
      };}
    places.set(entry.reader, { epoch: entry.epoch, seq: Math.max(entry.seq, place?.seq ?? 0) });
  }
  for (const reader of complete) {
    const { epoch, seq } = places.get(reader) ?? { epoch: "", seq: 0 };
    if (epoch === log.epoch && seq === log.events.length) continue;
    const what = `${reader} ended at ${epoch}/${seq}, and the log at ${log.epoch}/${log.events.length}`;
    yield { anomaly: "silent gap", what };
  }
}

function* checkRead(
  read: Of<"read">,
  { place, log: { epoch, events } }: { place: { epoch: string; seq: number }; log: RoomLog },
): Generator<Finding> {
  const where = `${read.reader} was given ${describe(read)} after ${place.seq}`;
  if (read.epoch !== place.epoch) yield { anomaly: "silent gap", what: `${where}, of another epoch` };
  else if (read.seq <= place.seq) yield { anomaly: "duplicate", what: where };
  else if (read.seq > place.seq + 1) yield { anomaly: "silent gap", what: where };
  if (read.epoch !== epoch) return;
  const stored = events[read.seq - 1];
  if (stored && idOf(stored) === idOf(read) && stored.text === read.text) return;
  const elsewhere = events.some((event) => idOf(event) === idOf(read) && event.text === read.text);
  const what = `${where}, where the log has ${describe(stored)}`;
  yield { anomaly: elsewhere ? "reordered" : "phantom", what };
}

/** Readers against each other, also in epochs whose log is gone. */
function* checkAgreement(entries: readonly Entry[]): Generator<Finding> {
  const first = new Map<string, Of<"read">>();
  for (const read of only(entries, "read")) {
    const place = `${read.epoch}/${read.seq}`;
    const other = first.get(place);
    if (!other) first.set(place, read);
    else if (idOf(other) !== idOf(read) || other.text !== read.text) {
      const what = `at ${place} ${other.reader} saw ${describe(other)} and ${read.reader} saw ${
        describe(read)
      }`;
      yield { anomaly: "diverging", what };
    }
  }
}

function describe(event: Stored | undefined): string {
  if (!event) return "nothing";
  return `${event.seq} ${idOf(event)} ${JSON.stringify(event.text.slice(0, 40))}`;
}
