/** Applies a stream to this node's copy of the log, record by record, for as long as both go together. */
import { ChatError, toChatError } from "../protos/errors.ts";
import { Change } from "./change.ts";
import { type Followed, followStream } from "./nats_follow.ts";
import { type NatsLink, pause } from "./nats_link.ts";
import {
  lost,
  type Message,
  type Plan,
  planMessages,
  type Planned,
  type RoomPlace,
  type Source,
} from "./nats_plan.ts";
import { compare, setAside } from "./nats_replica.ts";
import { readEpoch, readMessage } from "./nats_stream.ts";
import { newestPlace } from "./sqlite_replica.ts";

/** How often the stream is followed anew where not all of its servers have a fault, and after how long, in milliseconds. */
const [triesMost, triesMs] = [60, 1_000];

/** The copy that it is applied to. */
export interface Copy {
  readonly epoch: string;
  readonly file: string;
  /** Stores records, all or none; false if the copy has others in their places. */
  readonly store: (records: readonly Planned[]) => Promise<boolean>;
  /** Told of each record that is stored, with the room's head after it. */
  readonly stored: (record: Planned, head: number) => void;
}

/** What is applied, and how far. */
export class NatsReplay implements Followed {
  readonly #link: NatsLink;
  readonly #source: Source;
  readonly #copy: Copy;
  readonly #places: Map<string, RoomPlace>;
  readonly #signal: AbortSignal;
  readonly #moved = new Change();
  #applied: number;
  #behind = Infinity;
  #obstacle: unknown;

  /** Ends when the signal aborts. */
  constructor(
    { link, source, copy, places }: {
      link: NatsLink;
      source: Source;
      copy: Copy;
      places: Map<string, RoomPlace>;
    },
    { signal }: { signal: AbortSignal },
  ) {
    this.#link = link;
    this.#source = source;
    this.#copy = copy;
    this.#places = places;
    this.#signal = signal;
    this.#applied = newestPlace(places.values())?.sequence ?? 0;
    signal.addEventListener("abort", () => this.#moved.happen());
  }

  /** How many records of the stream are not applied yet; Infinity before it heard of any. */
  get lag(): number {
    return this.#behind;
  }

  /** The place in the stream up to which it is applied. */
  get applied(): number {
    return this.#applied;
  }

  get stream(): string {
    return this.#source.stream;
  }

  get obstacle(): unknown {
    return this.#obstacle;
  }

  /** How far a room is. */
  placeOf(room: string): RoomPlace {
    return this.#places.get(room) ?? { head: 0, sequence: 0, id: "" };
  }

  /** Resolves when the stream is applied up to a place, when the signal aborts, or when all ends. */
  async reach(sequence: number, { signal }: { signal: AbortSignal }): Promise<void> {
    while (this.#applied < sequence && !signal.aborted && !this.#signal.aborted) {
      await this.#moved.next({ signal });
    }
  }

  /**
   * Applies all that comes. Rejects when stream and copy do not go together any more: a fault that
   * only some servers of a cluster have is none, and the stream is followed from another one.
   */
  async run(): Promise<void> {
    for (let tries = 1, last = -1; !this.#signal.aborted; tries = this.#applied === last ? tries + 1 : 1) {
      last = this.#applied;
      const fault = await this.#runToFault();
      if (!fault) return;
      if (tries === triesMost || await this.#isTold(fault)) throw fault;
      this.#obstacle = fault;
      await pause(triesMs, { signal: this.#signal });
    }
  }

  async #runToFault(): Promise<ChatError | undefined> {
    const signal = this.#signal;
    const options = {
      after: this.#applied,
      signal,
      check: () => this.#check(),
      failed: (why: unknown) => this.#obstacle = why,
    };
    for await (const messages of followStream(this.#link, this.stream, options)) {
      for (let from = 0; from < messages.length && !signal.aborted;) {
        const plan = this.#plan(messages.slice(from));
        await this.#apply(plan.records);
        from += plan.messages;
        this.#applied = Math.max(this.#applied, messages[from - 1]?.seq ?? 0);
        this.#behind = (messages.at(-1)?.info.pending ?? 0) + messages.length - from;
        if (plan.messages > 0) this.#obstacle = undefined;
        this.#moved.happen();
        if (plan.fault) return plan.fault;
      }
    }
  }

  #plan(messages: readonly Message[]): Plan {
    const placeOf = (room: string) => this.#places.get(room);
    return planMessages(messages, this.#source, { after: this.#applied, placeOf });
  }

  /** True if the leader's next record has this fault, too. */
  async #isTold({ message }: ChatError): Promise<boolean> {
    try {
      const next = await readMessage(this.#link, this.#source.stream, { seq: this.#applied + 1 });
      return next !== undefined && this.#plan([next]).fault?.message === message;
    } catch (error) {
      if (toChatError(error).code !== "UNAVAILABLE") throw error;
      return false;
    }
  }

  async #apply(records: readonly Planned[]): Promise<void> {
    if (records.length === 0) return;
    await this.#store(records);
    for (const record of records) {
      const head = record.head + record.events.length;
      this.#places.set(record.room, { ...record.place, head });
      this.#copy.stored(record, head);
    }
  }

  /** Waits for a disk that is full or a file that is locked: to leave records out would be worse than to be late. */
  async #store(records: readonly Planned[]): Promise<void> {
    for (let failures = 0; !this.#signal.aborted; failures++) {
      try {
        if (await this.#copy.store(records)) return;
        throw lost(this.#source.stream, "its copy on this node has other records");
      } catch (error) {
        const known = toChatError(error);
        if (known.code === "DATA_LOSS") setAside(this.#copy.file, "damaged");
        const passes = known.code === "STORAGE_FULL" || (known.code === "UNAVAILABLE" && failures < 30);
        if (!passes) throw known;
        this.#obstacle = known;
        await pause(1_000, { signal: this.#signal });
      }
    }
  }

  /** Finds out, after each loss of the connection, whether the stream is still the one that the copy is of. */
  async #check(): Promise<void> {
    const [{ stream }, signal] = [this.#source, this.#signal];
    let { epoch } = await readEpoch(this.#link, stream);
    // A cluster that begins anew may not know the stream yet.
    for (let tries = 0; epoch === "" && tries < 20 && !signal.aborted; tries++) {
      await pause(500, { signal });
      ({ epoch } = await readEpoch(this.#link, stream));
    }
    if (epoch !== this.#copy.epoch && !signal.aborted) throw lost(stream, "it holds another history");
    const standing = await compare(this.#link, stream, newestPlace(this.#places.values()));
    if (standing === "lost") throw lost(stream, "it has lost records that were acknowledged");
  }
}
