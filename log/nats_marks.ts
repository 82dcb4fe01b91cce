/** How far everybody has read, shared by all nodes: a small stream that keeps the newest mark of each reader in each room. */
import type { JsMsg } from "@nats-io/jetstream";
import { ChatError } from "../protos/errors.ts";
import { Change } from "./change.ts";
import { followStream } from "./nats_follow.ts";
import { type NatsLink, pause } from "./nats_link.ts";
import { away } from "./nats_publish.ts";
import { subjectsOf } from "./nats_records.ts";
import { asking, marksStream } from "./nats_stream.ts";
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
export class NatsMarks {
  readonly #source: MarksSource;
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  #applied: number;
  readonly #moved = new Change();

  constructor(source: MarksSource, { after, commit }: MarksSink) {
    this.#source = source;
    this.#applied = after;
    this.#following = this.#follow(commit);
  }

  /** Keeps a mark. Resolves when this node has applied it. Rejects with UNAVAILABLE. */
  async mark({ reader, room, seq }: Mark): Promise<void> {
    const { link, stream, epoch } = this.#source;
    if (link.away) throw link.away;
    try {
      const record = JSON.stringify({ epoch, reader, room, seq });
      const ack = await link.js.publish(subjectsOf(stream).mark(reader, room), record);
      await this.#reach(ack.seq, this.#stop);
    } catch (error) {
      throw away(link, error);
    }
    if (this.#stop.signal.aborted) {
      throw new ChatError("SHUTTING_DOWN", "Cannot keep how far you have read: the server is stopping.");
    }
  }

  /** Resolves when this node has applied all that were there when it was asked. */
  async caughtUp({ signal }: { signal: AbortSignal }): Promise<void> {
    const { link, stream } = this.#source;
    const { state } = await asking(link, () => link.jsm.streams.info(marksStream(stream)));
    if (state.messages > 0) {
      await this.#reach(state.last_seq, { signal: AbortSignal.any([signal, this.#stop.signal]) });
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  async #reach(sequence: number, { signal }: { signal: AbortSignal }): Promise<void> {
    while (this.#applied < sequence && !signal.aborted) await this.#moved.next({ signal });
  }

  async #follow(commit: MarksSink["commit"]): Promise<void> {
    // The log goes on without marks, so whatever happens to them is tried again.
    while (!this.#stop.signal.aborted) {
      await this.#followOnce(commit).catch(() => pause(1_000, this.#stop));
    }
  }

  async #followOnce(commit: MarksSink["commit"]): Promise<void> {
    const { link, stream, epoch } = this.#source;
    const { signal } = this.#stop;
    const options = { after: this.#applied, signal };
    for await (const messages of followStream(link, marksStream(stream), options)) {
      const marks = messages.flatMap((message) => parseMark(message, epoch) ?? []);
      if (marks.length > 0) await commit(marks);
      this.#applied = messages.at(-1)?.seq ?? this.#applied;
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
