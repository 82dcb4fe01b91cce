/**
 * The log in NATS JetStream: one stream, a subject a room, a message an append. Each node follows the stream and
 * applies it to a SQLite file of its own, which all reads are answered from. An append is made against the place of
 * the room's newest message, so that of two nodes one wins, and resolves when this node has applied it.
 *
 * Durability: that of the stream's publish ack. See docs/decisions/0008.
 */
import type { Appended, LogRecord, Seen } from "../chat/log.ts";
import { ChatError, toChatError } from "../protos/errors.ts";
import { type RoomEvent, speakerOf } from "../protos/events.ts";
import type { Followed } from "./nats_follow.ts";
import { type NatsLink, pause } from "./nats_link.ts";
import { NatsMarks } from "./nats_marks.ts";
import { PendingAppends } from "./nats_pending.ts";
import type { Planned, RoomPlace, Source } from "./nats_plan.ts";
import { away, closed, mustFit, publishOnce, silent } from "./nats_publish.ts";
import { encodeBatch, subjectsOf } from "./nats_records.ts";
import { type Copy, NatsReplay } from "./nats_replay.ts";
import { Turns } from "./nats_turns.ts";
import { SqliteLog, type SqliteParts } from "./sqlite.ts";
import { marksPlace, readPlaces } from "./sqlite_replica.ts";
import type { Group } from "./sqlite_writer.ts";

/** How often the stream is asked again for an event that somebody was given, and after how long, in milliseconds. */
const [askedAgain, askedAgainMs] = [10, 500];

/** What a NATS log is made of. */
export interface NatsParts {
  readonly link: NatsLink;
  readonly source: Source;
  /** The replica's file, and it opened. */
  readonly file: string;
  readonly sqlite: SqliteParts;
}

/** A log on a stream, with a replica that follows it. */
export class NatsLog extends SqliteLog {
  readonly #link: NatsLink;
  readonly #stream: string;
  /** The file of its copy. */
  readonly file: string;
  readonly #replay: NatsReplay;
  readonly #pending = new PendingAppends();
  readonly #stop = new AbortController();
  readonly #turns: Turns;
  readonly #marks: NatsMarks;
  readonly #following: Promise<unknown>;
  #commits: Promise<unknown> = Promise.resolve();
  #failure: ChatError | undefined;
  /** Questions for the stream's newest record: the one under way, and the one after it. */
  #asking: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor({ link, source, file, sqlite }: NatsParts) {
    super(file, sqlite);
    const { stream } = source;
    this.#link = link;
    this.#stream = stream;
    this.file = file;
    const places = readPlaces(sqlite.db);
    const marksAfter = places.get(marksPlace)?.sequence ?? 0;
    places.delete(marksPlace);
    const heads = places.entries().map(([room, place]): [string, RoomPlace] => [
      room,
      { ...place, head: this.head(room) },
    ]);
    const copy: Copy = {
      epoch: this.epoch,
      file,
      store: async (records) =>
        (await this.commit({ appends: records, marks: [] })).every(({ kind }) => kind === "appended"),
      stored: (record, head) => this.#show(record, head),
    };
    this.#replay = new NatsReplay({ link, source, copy, places: new Map(heads) }, this.#stop);
    this.#turns = new Turns(link, stream);
    this.#marks = new NatsMarks({ link, stream, epoch: this.epoch }, {
      after: marksAfter,
      commit: (marks) => this.commit({ appends: [], marks }),
    });
    this.#following = this.#replay.run().catch((error) => this.#fail(toChatError(error)));
  }

  /** How many records of the stream this node has not applied yet; Infinity before it heard of any. */
  get lag(): number {
    return this.#replay.lag;
  }

  /** The place in the stream up to which this node has applied it. */
  get applied(): number {
    return this.#replay.applied;
  }

  /** Why an append would be refused now; undefined if it would be tried. */
  override refusal(): ChatError | undefined {
    if (this.#stop.signal.aborted) return this.#failure ?? closed();
    return this.#link.away ?? (this.#pending.doubtful ? silent(this.#link.shown) : undefined);
  }

  /** What it follows: the log, and the marks. */
  get followed(): readonly [Followed, Followed] {
    return [this.#replay, this.#marks];
  }

  /** Resolves when one of these is applied up to a place, or the signal aborts. Rejects if it cannot follow any more. */
  async reach(followed: Followed, sequence: number, { signal } = this.#stop): Promise<void> {
    await followed.reach(sequence, { signal });
    if (this.#stop.signal.aborted) throw this.#failure ?? closed();
  }

  /**
   * In a cluster a server that does not know yet that it leads no more, or leads since a moment ago, may know less than
   * readers were given by another one.
   */
  override async catchUp(seen?: Seen): Promise<void> {
    await this.#ask();
    const most = this.#link.nc.info?.cluster ? askedAgain : 0;
    for (let tries = 0; seen && tries < most && this.head(seen.room) < seen.seq; tries++) {
      await pause(askedAgainMs, this.#stop);
      await this.#ask();
    }
  }

  /** One question for all that call while another one is under way: what it is told must be newer than their calls. */
  #ask(): Promise<void> {
    const before = this.#asking;
    this.#next ??= (async () => {
      await before?.catch(() => {});
      this.#asking = this.#next;
      this.#next = undefined;
      const newest = await this.#newest();
      const lost = new AbortController();
      this.#link.changed({ signal: lost.signal }).then(() => lost.abort());
      await this.reach(this.#replay, newest, lost);
      lost.abort();
      if (this.applied < newest) throw away(this.#link, "the connection was lost");
    })();
    return this.#next;
  }

  override async append(room: string, head: number, events: readonly RoomEvent[]): Promise<Appended> {
    await this.#turns.mine(room);
    const refusal = this.refusal();
    if (refusal) throw refusal;
    const place = this.#replay.placeOf(room);
    if (place.head !== head) return { kind: "conflict", head: place.head };
    const stored = this.#storedBefore(room, events);
    // The copy has more than this node has been told of yet.
    if (stored && stored.seq > head) return { kind: "conflict", head: stored.seq };
    if (stored) throw repeated(room, stored);
    using pending = this.#pending.add(room, place.sequence);
    const { id, expected } = pending;
    const payload = encodeBatch({ id, after: place.counted ?? "", events });
    mustFit(this.#link, payload);
    const settled = new AbortController();
    publishOnce(this.#link, { subject: subjectsOf(this.#stream).room(room), payload, expected }, {
      doubt: pending.doubt,
      signal: settled.signal,
    }).catch((error) => pending.reject(toChatError(error)));
    const appended = await pending.shown.finally(() => settled.abort());
    this.#turns.settle(room, appended.kind === "appended" ? "won" : "lost");
    return appended;
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
    // First, so that no question to a NATS that is silent is waited for.
    await this.#link.close();
    await this.#following;
    await this.#marks.close();
    await this.#commits;
    await super.close();
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

  #show({ room, events, place }: Planned, head: number): void {
    const counts = events.length > 0;
    if (counts && !this.#pending.has(room, place.id)) this.#turns.passed(room);
    this.#pending.show({ room, place, head, counts });
  }

  /** An event that was stored under the id of one of these. */
  #storedBefore(room: string, events: readonly RoomEvent[]): RoomEvent | undefined {
    const named = events.filter(({ clientId }) => clientId !== "");
    const ids = named.map((event) => JSON.stringify([speakerOf(event), event.clientId]));
    const twin = named.find((_, i) => ids.indexOf(ids[i] ?? "") < i);
    if (twin) throw repeated(room, twin);
    return named.values().map((event) => this.find(room, speakerOf(event), event.clientId)).find(Boolean);
  }

  #fail(error: ChatError): void {
    if (this.#stop.signal.aborted) return;
    this.#failure = error;
    this.#end(error);
  }

  #end(why: ChatError): void {
    this.#stop.abort();
    this.#pending.end(why);
  }
}

function repeated(room: string, { seq }: RoomEvent): ChatError {
  return new ChatError(
    "ALREADY_EXISTS",
    `Cannot store an event of ${JSON.stringify(room)}: its client_id is that of event ${seq}, use a new one.`,
  );
}
