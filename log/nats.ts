/**
 * The log in NATS JetStream: one stream, a subject a room, a message an append. Each node follows the stream and
 * applies it to a SQLite file of its own, which all reads are answered from. An append is made against the place of
 * the room's newest message, so that of two nodes one wins, and resolves when this node has applied it.
 *
 * Durability: that of the stream's publish ack. See docs/decisions/0008.
 */
import type { Appended, LogRecord } from "../chat/log.ts";
import { ChatError, toChatError } from "../protos/errors.ts";
import { type RoomEvent, speakerOf } from "../protos/events.ts";
import { followStream } from "./nats_follow.ts";
import { type NatsLink, pause, untilAborted } from "./nats_link.ts";
import { NatsMarks } from "./nats_marks.ts";
import { lost, type Place, planMessages, type Planned, type Source } from "./nats_plan.ts";
import { away, publishOnce } from "./nats_publish.ts";
import { encodeBatch, subjectsOf } from "./nats_records.ts";
import { compare, isSameEvent, setAside } from "./nats_replica.ts";
import { readEpoch } from "./nats_stream.ts";
import { SqliteLog, type SqliteParts } from "./sqlite.ts";
import { marksPlace, readPlaces } from "./sqlite_replica.ts";
import type { Group } from "./sqlite_writer.ts";

/** An append that the stream has not shown yet. */
interface Pending {
  readonly id: string;
  /** The place of the room's newest message when it was made. */
  readonly expected: number;
  /** True once nobody knows whether it is stored. */
  doubtful: boolean;
  readonly shown: PromiseWithResolvers<Appended>;
}

/** What a NATS log is made of. */
export interface NatsParts {
  readonly link: NatsLink;
  readonly source: Source;
  /** The replica's file, and it opened. */
  readonly file: string;
  readonly sqlite: SqliteParts;
}

/** Appends may be a little smaller than what NATS takes: their subject and headers count, too. */
const headersBytes = 1_024;

/** A log on a stream, with a replica that follows it. */
export class NatsLog extends SqliteLog {
  readonly #link: NatsLink;
  readonly #source: Source;
  readonly #stream: string;
  readonly #file: string;
  readonly #places = new Map<string, Place>();
  readonly #pending = new Map<string, Set<Pending>>();
  readonly #stop = new AbortController();
  readonly #marks: NatsMarks;
  readonly #following: Promise<unknown>;
  #applied = 0;
  #behind = Infinity;
  #moved = Promise.withResolvers<void>();
  #commits: Promise<unknown> = Promise.resolve();
  #failure: ChatError | undefined;
  /** Questions for the stream's newest record: the one under way, and the one after it. */
  #asking: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor({ link, source, file, sqlite }: NatsParts) {
    super(file, sqlite);
    const { stream } = source;
    this.#link = link;
    this.#source = source;
    this.#stream = stream;
    this.#file = file;
    const places = readPlaces(sqlite.db);
    const marksAfter = places.get(marksPlace) ?? 0;
    places.delete(marksPlace);
    for (const [room, sequence] of places) this.#places.set(room, { head: this.head(room), sequence });
    this.#applied = Math.max(0, ...places.values());
    this.#marks = new NatsMarks({ link, stream, epoch: this.epoch }, {
      after: marksAfter,
      commit: (marks) => this.commit({ appends: [], marks }),
    });
    this.#following = this.#follow().catch((error) => this.#fail(toChatError(error)));
  }

  /** How many records of the stream this node has not applied yet; Infinity before it heard of any. */
  get lag(): number {
    return this.#behind;
  }

  /** The place in the stream up to which this node has applied it. */
  get applied(): number {
    return this.#applied;
  }

  /** Why an append would be refused now; undefined if it would be tried. */
  refusal(): ChatError | undefined {
    if (this.#stop.signal.aborted) return this.#failure ?? closed();
    const doubtful = this.#pending.values().some((room) => [...room].some((one) => one.doubtful));
    return this.#link.away ?? (doubtful ? silent(this.#link.shown) : undefined);
  }

  /** Resolves when this node has applied the stream up to a place, and all marks. Rejects if it cannot follow any more. */
  async begin(sequence: number): Promise<void> {
    await this.#reach(sequence);
    await this.#marks.caughtUp(this.#stop);
  }

  /** One question for all that call while another one is under way: what it is told must be newer than their calls. */
  override catchUp(): Promise<void> {
    const before = this.#asking;
    this.#next ??= (async () => {
      await before?.catch(() => {});
      this.#asking = this.#next;
      this.#next = undefined;
      const newest = await this.#newest();
      await this.#reach(newest);
    })();
    return this.#next;
  }

  override async append(room: string, head: number, events: readonly RoomEvent[]): Promise<Appended> {
    const refusal = this.refusal();
    if (refusal) throw refusal;
    const place = this.#places.get(room) ?? { head: 0, sequence: 0 };
    if (place.head !== head) return { kind: "conflict", head: place.head };
    this.#mustBeNew(room, events);
    const id = crypto.randomUUID();
    const payload = encodeBatch(id, events);
    this.#mustFit(payload, events.length);
    const pending = {
      id,
      expected: place.sequence,
      doubtful: false,
      shown: Promise.withResolvers<Appended>(),
    };
    const ofRoom = this.#pending.get(room) ?? new Set();
    this.#pending.set(room, ofRoom.add(pending));
    const known = new AbortController();
    const subject = subjectsOf(this.#stream).room(room);
    publishOnce(this.#link, { subject, id, payload, expected: pending.expected }, {
      doubt: () => pending.doubtful = true,
      signal: AbortSignal.any([known.signal, this.#stop.signal]),
    }).catch((error) => pending.shown.reject(toChatError(error)));
    try {
      return await pending.shown.promise;
    } finally {
      known.abort();
      ofRoom.delete(pending);
      if (ofRoom.size === 0) this.#pending.delete(room);
    }
  }

  override async mark(reader: string, room: string, seq: number): Promise<void> {
    if (this.#stop.signal.aborted) throw this.#failure ?? closed();
    // Again if a lower one of another device came last: the stream keeps one of each reader and room.
    while (seq > this.marked(reader, room)) await this.#marks.mark({ reader, room, seq });
  }

  override async *tail(
    after: number,
    { signal }: { signal: AbortSignal },
  ): AsyncGenerator<readonly LogRecord[]> {
    yield* super.tail(after, { signal: AbortSignal.any([signal, this.#stop.signal]) });
    if (this.#failure) throw this.#failure;
  }

  override async close(): Promise<void> {
    this.#end(this.#failure ?? closed());
    await this.#following;
    await this.#marks.close();
    await this.#commits;
    await super.close();
    await this.#link.close();
  }

  /** One group at a time: records and marks come from streams of their own. */
  protected override commit(group: Group): Promise<readonly Appended[]> {
    const commit = this.#commits.then(() => super.commit(group));
    this.#commits = commit.catch(() => {});
    return commit;
  }

  /** The place of the stream's newest record. */
  async #newest(): Promise<number> {
    if (this.#stop.signal.aborted) throw this.#failure ?? closed();
    if (this.#link.away) throw this.#link.away;
    try {
      return (await this.#link.jsm.streams.info(this.#stream)).state.last_seq;
    } catch (error) {
      throw away(this.#link, error);
    }
  }

  async #reach(sequence: number): Promise<void> {
    while (this.#applied < sequence && !this.#stop.signal.aborted) {
      await untilAborted(this.#moved.promise, this.#stop.signal);
    }
    if (this.#stop.signal.aborted) throw this.#failure ?? closed();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    const check = () => this.#check();
    for await (
      const messages of followStream(this.#link, this.#stream, { after: this.#applied, signal, check })
    ) {
      for (let from = 0; from < messages.length && !signal.aborted;) {
        const plan = planMessages(messages.slice(from), this.#source, {
          after: this.#applied,
          placeOf: (room) => this.#places.get(room),
        });
        await this.#apply(plan.records);
        from += plan.messages;
        this.#applied = messages[from - 1]?.seq ?? this.#applied;
        this.#behind = (messages.at(-1)?.info.pending ?? 0) + messages.length - from;
        const { resolve } = this.#moved;
        this.#moved = Promise.withResolvers();
        resolve();
        if (plan.fault) throw plan.fault;
      }
    }
  }

  async #apply(records: readonly Planned[]): Promise<void> {
    if (records.length === 0) return;
    await this.#store(records);
    for (const { id, room, head, events, sequence } of records) {
      const place = { head: head + events.length, sequence };
      this.#places.set(room, place);
      for (const pending of this.#pending.get(room) ?? []) {
        if (pending.id === id) pending.shown.resolve({ kind: "appended" });
        else if (sequence > pending.expected) pending.shown.resolve({ kind: "conflict", head: place.head });
      }
    }
  }

  /** Waits for a disk that is full or a file that is locked: to leave records out would be worse than to be late. */
  async #store(records: readonly Planned[]): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted; failures++) {
      try {
        const results = await this.commit({ appends: records, marks: [] });
        if (results.every(({ kind }) => kind === "appended")) return;
        throw lost(this.#stream, "its copy on this node has other records");
      } catch (error) {
        const known = toChatError(error);
        if (known.code === "DATA_LOSS") setAside(this.#file, "damaged");
        const passes = known.code === "STORAGE_FULL" || (known.code === "UNAVAILABLE" && failures < 30);
        if (!passes) throw known;
        await pause(1_000, this.#stop);
      }
    }
  }

  /** Finds out, after each loss of the connection, whether the stream is still the one that this replica follows. */
  async #check(): Promise<void> {
    let { epoch } = await readEpoch(this.#link, this.#stream);
    // A cluster that begins anew may not know the stream yet.
    for (let tries = 0; epoch === "" && tries < 20 && !this.#stop.signal.aborted; tries++) {
      await pause(500, this.#stop);
      ({ epoch } = await readEpoch(this.#link, this.#stream));
    }
    if (epoch !== this.epoch && !this.#stop.signal.aborted) {
      throw lost(this.#stream, "it holds another history");
    }
    const standing = await compare(this.#link, this.#stream, {
      after: Math.max(0, ...this.#places.values().map(({ sequence }) => sequence)),
      has: (room, event) => isSameEvent(this.read(room, event.seq - 1, 1)[0], event),
    });
    if (standing === "lost") throw lost(this.#stream, "it has lost records that were acknowledged");
  }

  #mustBeNew(room: string, events: readonly RoomEvent[]): void {
    const ids = new Set<string>();
    for (const event of events) {
      if (event.clientId === "") continue;
      const speaker = speakerOf(event);
      const key = JSON.stringify([speaker, event.clientId]);
      if (ids.has(key) || this.find(room, speaker, event.clientId)) {
        throw new ChatError(
          "ALREADY_EXISTS",
          `Cannot store event ${event.seq} of ${
            JSON.stringify(room)
          }: its client_id was stored before, use a new one.`,
        );
      }
      ids.add(key);
    }
  }

  #mustFit({ length }: Uint8Array, events: number): void {
    const most = (this.#link.nc.info?.max_payload ?? Infinity) - headersBytes;
    if (length <= most) return;
    throw new ChatError(
      "INVALID_ARGUMENT",
      `Cannot store ${events} events at once: they take ${length} bytes and "${this.#link.shown}" takes ${most}, ` +
        "raise its max_payload.",
    );
  }

  #fail(error: ChatError): void {
    if (this.#stop.signal.aborted) return;
    this.#failure = error;
    this.#end(error);
  }

  #end(why: ChatError): void {
    this.#stop.abort();
    this.#moved.resolve();
    for (const pending of [...this.#pending.values()].flatMap((room) => [...room])) pending.shown.reject(why);
  }
}

function closed(): ChatError {
  return new ChatError("SHUTTING_DOWN", "Cannot send the message: the server is stopping, try again.");
}

function silent(shown: string): ChatError {
  return new ChatError(
    "UNAVAILABLE",
    `Cannot write to "${shown}": an earlier message was not answered yet, try again in a moment.`,
  );
}
