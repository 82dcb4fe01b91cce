/**
 * Signals between nodes over core NATS, which loses what it cannot deliver. So each node numbers its signals, and who
 * misses one asks that node what still holds. A node that falls silent takes its people with it.
 */
import type { Msg } from "@nats-io/transport-node";
import type { Signal, Signals } from "../chat/signals.ts";
import { limits } from "../protos/limits.ts";
import { LocalSignals } from "./local_signals.ts";
import type { NatsLink } from "./nats_link.ts";
import { News, parseFrame, type SignalFrame, Standing } from "./nats_signals_frames.ts";
import { subjectsOf } from "./nats_records.ts";

/** Signals that happen within so long travel together. */
const togetherMs = 10;

/** Signals in one frame: below the 1 MB that NATS takes, with the longest names and rooms. */
const signalsPerFrame = 1_000;

/** Signals of all nodes on a stream. */
export class NatsSignals implements Signals {
  readonly #link: NatsLink;
  readonly #subject: string;
  readonly #local = new LocalSignals();
  readonly #me = crypto.randomUUID().slice(0, 8);
  /** What this node told, and what takes something away for good whoever told it: that must not end with its node. */
  readonly #standing = new Standing();
  readonly #news: News;
  readonly #sweeps: ReturnType<typeof setInterval>;
  #count = 0;
  #waiting: Signal[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Ends when the connection is closed. */
  constructor(
    link: NatsLink,
    stream: string,
    { silentMs = limits.presenceMs, everyMs = limits.heartbeatMs / 2 }: {
      silentMs?: number;
      everyMs?: number;
    } = {},
  ) {
    this.#link = link;
    this.#subject = subjectsOf(stream).signals;
    this.#news = new News({
      tell: (signal) => {
        if (signal.kind === "revoked") this.#standing.take(signal);
        this.#local.publish(signal);
      },
      ask: (node) => this.#send(`${this.#subject}.${node}`, { ask: this.#me }),
      silentMs,
    });
    const callback = (_: Error | null, message: Msg) => this.#take(message);
    link.nc.subscribe(this.#subject, { callback });
    link.nc.subscribe(`${this.#subject}.${this.#me}`, { callback });
    this.#sweeps = setInterval(() => this.#news.sweep(performance.now()), everyMs);
    this.#askAll();
  }

  publish(signal: Signal): void {
    this.#local.publish(signal);
    this.#standing.take(signal);
    this.#waiting.push(signal);
    this.#timer ??= setTimeout(() => this.#flush(), togetherMs);
  }

  listen(listener: (signal: Signal) => void): () => void {
    // Others may have answered before somebody listened.
    for (const signal of this.#news.standing) listener(signal);
    return this.#local.listen(listener);
  }

  #flush(): void {
    this.#timer = undefined;
    const signals = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < signals.length; from += signalsPerFrame) {
      const part = signals.slice(from, from + signalsPerFrame);
      this.#count += part.length;
      this.#send(this.#subject, { node: this.#me, count: this.#count, signals: part });
    }
  }

  #take(message: Msg): void {
    const frame = parseFrame(message);
    if (!frame) return;
    if ("ask" in frame && frame.ask !== this.#me) this.#answer(frame.ask);
    if ("node" in frame && frame.node !== this.#me) this.#news.take(frame, performance.now());
  }

  /** Asks all who is there, now and whenever NATS comes back: signals were lost meanwhile. */
  async #askAll(): Promise<void> {
    const ended = new AbortController();
    this.#link.nc.closed().then(() => ended.abort());
    while (!ended.signal.aborted) {
      if (this.#link.state === "up") this.#send(this.#subject, { ask: this.#me });
      await this.#link.changed(ended);
    }
    clearInterval(this.#sweeps);
    clearTimeout(this.#timer);
  }

  /** Tells one node all that still holds. */
  #answer(node: string): void {
    // What waits is in the answer already; told again behind it, it changes nothing.
    const { all } = this.#standing;
    const parts = Math.max(1, Math.ceil(all.length / signalsPerFrame));
    for (let part = 0; part < parts; part++) {
      const standing = all.slice(part * signalsPerFrame, (part + 1) * signalsPerFrame);
      const frame = { node: this.#me, count: this.#count, standing, more: part < parts - 1 };
      this.#send(`${this.#subject}.${node}`, frame);
    }
  }

  #send(subject: string, frame: SignalFrame): void {
    // While NATS is away they are lost, and asked for when it is back.
    if (this.#link.state !== "down" && !this.#link.nc.isClosed()) {
      this.#link.nc.publish(subject, JSON.stringify(frame));
    }
  }
}
