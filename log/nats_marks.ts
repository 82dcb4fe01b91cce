/** How far everybody has read, shared by all nodes: a small stream that keeps the newest mark of each reader in each room. */
import type { JsMsg } from "@nats-io/jetstream";
import { ChatError } from "../protos/errors.ts";
import { Change } from "./change.ts";
import { type Followed, followStream } from "./nats_follow.ts";
import { type NatsLink, pause } from "./nats_link.ts";
import { away } from "./nats_publish.ts";
import { subjectsOf } from "./nats_records.ts";
import { marksStream } from "./nats_stream.ts";
import type { Mark } from "./sqlite_writer.ts";

/** The log that the marks belong to. */
export interface MarksSource {
  readonly link: NatsLink;
  readonly stream: string;
  /** Marks of another life of the log count in other seqs. */
  readonly epoch: string;
}

/** Where they go. */
export interface MarksSink {
  /** The place after which they are not in the replica. */
  readonly after: number;
  commit(marks: readonly Mark[]): Promise<unknown>;
}

/** Follows the marks of all nodes, and publishes those of this one. */
export class NatsMarks implements Followed {
  readonly #source: MarksSource;
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  #applied: number;
  #obstacle: unknown;
  readonly #moved = new Change();

  constructor(source: MarksSource, { after, commit }: MarksSink) {
    this.#source = source;
    this.#applied = after;
    this.#following = this.#follow(commit);
  }

  get stream(): string {
    return marksStream(this.#source.stream);
  }

  get applied(): number {
    return this.#applied;
  }

  get obstacle(): unknown {
    return this.#obstacle;
  }

  /** Keeps a mark. Resolves when this node has applied it. Rejects with UNAVAILABLE. */
  async mark({ reader, room, seq }: Mark): Promise<void> {
    const { link, stream, epoch } = this.#source;
    if (link.away) throw link.away;
    try {
      const record = JSON.stringify({ epoch, reader, room, seq });
      const ack = await link.js.publish(subjectsOf(stream).mark(reader, room), record);
      await this.reach(ack.seq, this.#stop);
    } catch (error) {
      throw away(link, error);
    }
    if (this.#stop.signal.aborted) {
      throw new ChatError("SHUTTING_DOWN", "Cannot keep how far you have read: the server is stopping.");
    }
  }

  /** Resolves when this node has applied all up to a place, or the signal aborts. */
  async reach(sequence: number, { signal }: { signal: AbortSignal }): Promise<void> {
    while (this.#applied < sequence && !signal.aborted) await this.#moved.next({ signal });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  async #follow(commit: MarksSink["commit"]): Promise<void> {
    // The log goes on without marks, so whatever happens to them is tried again.
    while (!this.#stop.signal.aborted) {
      await this.#followOnce(commit).catch((why) => {
        this.#obstacle = why;
        return pause(1_000, this.#stop);
      });
    }
  }

  async #followOnce(commit: MarksSink["commit"]): Promise<void> {
    const { link, epoch } = this.#source;
    const { signal } = this.#stop;
    const options = { after: this.#applied, signal, failed: (why: unknown) => this.#obstacle = why };
    for await (const messages of followStream(link, this.stream, options)) {
      const marks = messages.flatMap((message) => parseMark(message, epoch) ?? []);
      if (marks.length > 0) await commit(marks);
      this.#applied = messages.at(-1)?.seq ?? this.#applied;
      this.#obstacle = undefined;
      this.#moved.happen();
    }
  }
}

function parseMark(message: JsMsg, epoch: string): Mark | undefined {
  try {
    const mark = message.json<Record<string, unknown>>();
    const { reader, room, seq } = mark;
    if (mark.epoch !== epoch || typeof reader !== "string" || typeof room !== "string") return undefined;
    return typeof seq === "number"
      ? { reader, room, seq, place: { id: "", sequence: message.seq } }
      : undefined;
  } catch {
    // Not one of ours.
    return undefined;
  }
}
