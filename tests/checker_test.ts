/** The checker finds each anomaly: a good history passes, and every way to spoil it is seen for what it is. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Anomaly, check, type Finding, tally } from "./chaos/checker.ts";
import type { Entry, RoomLog, Stored } from "./chaos/history.ts";

/** A run that keeps all promises. */
interface Run {
  readonly entries: readonly Entry[];
  readonly log: RoomLog;
  readonly complete: readonly string[];
}

const readers = ["r1", "r2"];

/** Good runs: senders say, some are acknowledged, readers follow from somewhere, are cut off, and resume. */
const goodRun: fc.Arbitrary<Run> = fc.record({
  senders: fc.array(fc.constantFrom("ann", "bob", "cyd"), { minLength: 4, maxLength: 30 }),
  unstored: fc.nat(3),
  ackEach: fc.integer({ min: 1, max: 3 }),
  starts: fc.tuple(fc.nat(3), fc.nat(3)),
  cuts: fc.array(fc.nat(30), { maxLength: 4 }),
}).map(({ senders, unstored, ackEach, starts, cuts }) => {
  const events = senders.map((sender, i): Stored => ({
    seq: i + 1,
    sender,
    clientId: `${i}`,
    text: `text ${i}`,
  }));
  const entries: Entry[] = [];
  const places = [...starts];
  for (const [i, reader] of readers.entries()) {
    entries.push({ is: "follows", reader, epoch: "e", after: places[i] ?? 0, reset: false });
  }
  for (const event of events) {
    const { sender, clientId, text, seq } = event;
    entries.push({ is: "said", sender, clientId, text });
    if (seq % ackEach === 0) entries.push({ is: "acked", sender, clientId, epoch: "e", seq });
    for (const [i, reader] of readers.entries()) {
      const after = places[i] ?? 0;
      if (seq <= after) continue;
      if (cuts.includes(seq)) entries.push({ is: "follows", reader, epoch: "e", after, reset: false });
      entries.push({ is: "read", reader, epoch: "e", ...event });
      places[i] = seq;
    }
  }
  for (let i = 0; i < unstored; i++) {
    entries.push({ is: "said", sender: "dan", clientId: `lost ${i}`, text: "never stored" });
  }
  return { entries, log: { epoch: "e", events }, complete: readers };
});

function judge({ entries, log, complete }: Run): Finding[] {
  return check(entries, log, { complete });
}

Deno.test("checker: a run that keeps all promises has no findings", () => {
  fc.assert(fc.property(goodRun, (run) => assertEquals(judge(run), [])), { numRuns: 500 });
});

/** Ways to spoil a good run. Undefined where that run cannot be spoiled so. */
const spoilers: Record<string, { finds: Anomaly; spoil: (run: Run, at: number) => Run | undefined }> = {
  "an acknowledged message is not in the log": {
    finds: "lost acked",
    spoil: (run, at) =>
      withLog(run, (events) => renumber(events.filter((_, i) => i !== ackedPlace(run, at)))),
  },
  "an acknowledged message is in the log elsewhere": {
    finds: "lost acked",
    spoil: (run, at) =>
      mapNth(run, { is: "acked", at }, (ack) => ({ ...ack, seq: ack.seq === 1 ? 2 : ack.seq - 1 })),
  },
  "an acknowledgement is of another epoch": {
    finds: "lost acked",
    spoil: (run, at) => mapNth(run, { is: "acked", at }, (ack) => ({ ...ack, epoch: "other" })),
  },
  "the log has a message twice": {
    finds: "duplicate",
    spoil: (run, at) => withLog(run, (events) => renumber([...events, nth(events, at)])),
  },
  "a message is acknowledged at two places": {
    finds: "duplicate",
    spoil: (run, at) => insertAfterNth(run, { is: "acked", at }, (ack) => ({ ...ack, seq: ack.seq + 1 })),
  },
  "a reader is given an event twice": {
    finds: "duplicate",
    spoil: (run, at) => insertAfterNth(run, { is: "read", at }, (read) => read),
  },
  "a reader is moved back without a word": {
    finds: "duplicate",
    spoil: (run, at) =>
      insertAfterNth(run, { is: "read", at }, ({ reader, epoch, seq }) => ({
        is: "follows",
        reader,
        epoch,
        after: seq - 1,
        reset: false,
      })),
  },
  "two messages of one sender change places in the log": {
    finds: "reordered",
    spoil: (run, at) => {
      const { sender } = nth(run.log.events, at);
      const [a, b] = run.log.events.filter((event) => event.sender === sender);
      return a && b && withLog(run, (events) => swap(events, a, b));
    },
  },
  "a message is stored before one that was acknowledged when it was said": {
    finds: "reordered",
    spoil: (run) => {
      const ack = run.entries.find((entry) => entry.is === "acked");
      const [a] = run.log.events.filter(({ sender }) => ack && sender !== ack.sender);
      const later = ack && run.log.events.find(({ seq, sender }) => seq > ack.seq && sender !== ack.sender);
      if (!ack || !a || !later) return undefined;
      const events = renumber([later, ...run.log.events.filter((event) => event !== later)]);
      const acked = (entry: Entry) => entry.is === "acked" ? { ...entry, seq: entry.seq + 1 } : entry;
      return { ...run, entries: run.entries.map(acked), log: { ...run.log, events } };
    },
  },
  "a reader is given two events in the wrong order": {
    finds: "reordered",
    spoil: (run, at) => {
      const reads = run.entries.filter((entry) => entry.is === "read" && entry.reader === "r1");
      const [a, b] = [reads[at % reads.length], reads[(at + 1) % reads.length]];
      if (a?.is !== "read" || b?.is !== "read" || a === b) return undefined;
      const swapped = (entry: Entry) =>
        entry === a ? { ...b, seq: a.seq } : entry === b ? { ...a, seq: b.seq } : entry;
      return { ...run, entries: run.entries.map(swapped) };
    },
  },
  "the log has a message that nobody said": {
    finds: "phantom",
    spoil: (run, at) =>
      withLog(run, (events) => renumber([...events, { ...nth(events, at), clientId: "?" }])),
  },
  "the log has another text than was said": {
    finds: "phantom",
    spoil: (run, at) =>
      withLog(run, (events) => events.map((e) => e === nth(events, at) ? { ...e, text: "?" } : e)),
  },
  "the log has what was refused": {
    finds: "phantom",
    spoil: (run, at) => {
      const { sender, clientId } = nth(run.log.events, at);
      return {
        ...run,
        entries: [...run.entries, { is: "refused", sender, clientId, code: "INVALID_ARGUMENT" }],
      };
    },
  },
  "a reader is given what is not in the log": {
    finds: "phantom",
    spoil: (run, at) => mapNth(run, { is: "read", at }, (read) => ({ ...read, text: "?" })),
  },
  "a reader is not given an event": {
    finds: "silent gap",
    spoil: (run, at) => dropNth(run, { is: "read", at }),
  },
  "a reader does not get to the end": {
    finds: "silent gap",
    spoil: (run) => {
      const last = run.entries.findLastIndex((entry) => entry.is === "read" && entry.reader === "r2");
      return last < 0 ? undefined : { ...run, entries: run.entries.filter((_, i) => i !== last) };
    },
  },
  "a reader is moved on without a word": {
    finds: "silent gap",
    spoil: (run, at) =>
      insertAfterNth(run, { is: "read", at }, ({ reader, epoch, seq }) => ({
        is: "follows",
        reader,
        epoch,
        after: seq + 1,
        reset: false,
      })),
  },
  "a reader is given an event of another epoch without a word": {
    finds: "silent gap",
    spoil: (run, at) => mapNth(run, { is: "read", at }, (read) => ({ ...read, epoch: "other" })),
  },
  "the log has a hole": {
    finds: "silent gap",
    spoil: (run, at) => withLog(run, (events) => events.filter((event) => event !== nth(events, at % 3))),
  },
  "a client says that it found a fault": {
    finds: "silent gap",
    spoil: (run) => ({
      ...run,
      entries: [...run.entries, { is: "fault", reader: "r1", what: "event 7 came after 5" }],
    }),
  },
  "two readers see different events at one place": {
    finds: "diverging",
    spoil: (run, at) =>
      mapNth(run, { is: "read", at, where: ({ seq }) => seq > 3 }, (read) => ({ ...read, sender: "eve" })),
  },
};

for (const [what, { finds, spoil }] of Object.entries(spoilers)) {
  Deno.test(`checker: finds "${finds}" when ${what}`, () => {
    let spoiled = 0;
    fc.assert(fc.property(goodRun, fc.nat(1_000), (run, at) => {
      const bad = spoil(run, at);
      if (!bad) return;
      spoiled++;
      const findings = judge(bad);
      assert(tally(findings)[finds] > 0, JSON.stringify(findings));
    }));
    assert(spoiled > 30, `only ${spoiled} of 100 runs could be spoiled so`);
  });
}

Deno.test("checker: a reader that is told to begin anew has no gap; one that is cut off for good has, if it had to be complete", () => {
  fc.assert(fc.property(goodRun, fc.nat(1_000), (run, at) => {
    const { entries, log } = run;
    const reads = entries.flatMap((entry, i) => entry.is === "read" && entry.reader === "r1" ? [i] : []);
    const cut = reads[at % reads.length] ?? 0;
    const read = entries[cut];
    if (read?.is !== "read") return;
    const { reader, epoch, seq: after } = read;
    const reset = entries.with(cut, { is: "follows", reader, epoch, after, reset: true });
    assertEquals(check(reset, log, { complete: readers }), []);
    const cutOff = entries.filter((entry, i) => i < cut || !("reader" in entry) || entry.reader !== "r1");
    assertEquals(check(cutOff, log, { complete: ["r2"] }), []);
    assertEquals(tally(check(cutOff, log, { complete: readers }))["silent gap"], 1);
  }));
});

function nth(events: readonly Stored[], at: number): Stored {
  return events[at % events.length] as Stored;
}

function renumber(events: readonly Stored[]): Stored[] {
  return events.map((event, i) => ({ ...event, seq: i + 1 }));
}

function withLog(run: Run, change: (events: readonly Stored[]) => readonly Stored[]): Run {
  return { ...run, log: { ...run.log, events: change(run.log.events) } };
}

function swap(events: readonly Stored[], a: Stored, b: Stored): Stored[] {
  return events.map((event) =>
    event === a ? { ...b, seq: a.seq } : event === b ? { ...a, seq: b.seq } : event
  );
}

type Of<Is extends Entry["is"]> = Extract<Entry, { is: Is }>;

/** The n-th entry of a kind, counted round and round. */
interface Spot<Is extends Entry["is"]> {
  readonly is: Is;
  readonly at: number;
  readonly where?: (entry: Of<Is>) => boolean;
}

function indexOf<Is extends Entry["is"]>(
  { entries }: Run,
  { is, at, where = () => true }: Spot<Is>,
): number | undefined {
  const places = entries.flatMap((entry, i) => entry.is === is && where(entry as Of<Is>) ? [i] : []);
  return places[at % places.length];
}

function mapNth<Is extends Entry["is"]>(
  run: Run,
  spot: Spot<Is>,
  change: (entry: Of<Is>) => Entry,
): Run | undefined {
  const place = indexOf(run, spot);
  if (place === undefined) return undefined;
  return { ...run, entries: run.entries.with(place, change(run.entries[place] as Of<Is>)) };
}

function insertAfterNth<Is extends Entry["is"]>(
  run: Run,
  spot: Spot<Is>,
  make: (entry: Of<Is>) => Entry,
): Run | undefined {
  const place = indexOf(run, spot);
  if (place === undefined) return undefined;
  return { ...run, entries: run.entries.toSpliced(place + 1, 0, make(run.entries[place] as Of<Is>)) };
}

function dropNth(run: Run, spot: Spot<Entry["is"]>): Run | undefined {
  const place = indexOf(run, spot);
  return place === undefined ? undefined : { ...run, entries: run.entries.toSpliced(place, 1) };
}

/** The place in the log of the n-th acknowledged message; one that is not there if none was. */
function ackedPlace({ entries }: Run, at: number): number {
  const acks = entries.filter((entry) => entry.is === "acked");
  const ack = acks[at % acks.length];
  return ack?.is === "acked" ? ack.seq - 1 : -1;
}
