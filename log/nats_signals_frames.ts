/** What nodes tell each other of signals, and what one makes of it: a state of the others, moved by their frames. */
import type { Signal } from "../chat/signals.ts";
import { limits } from "../protos/limits.ts";

/** What travels. `count` is how many signals the node has told of so far. */
export type SignalFrame =
  | { readonly node: string; readonly count: number; readonly signals: readonly Signal[] }
  /** What still holds of all that the node has told, in one or more frames. */
  | {
    readonly node: string;
    readonly count: number;
    readonly standing: readonly Signal[];
    readonly more: boolean;
  }
  /** The node that asks what still holds. */
  | { readonly ask: string };

type Telling = Exclude<SignalFrame, { ask: string }>;

/** Signals that hold until another kind of the same takes them back. */
const ends: Readonly<Record<string, Signal["kind"]>> = { present: "gone", named: "unnamed" };

/** Those that take one back. */
const begins: Readonly<Record<string, Signal["kind"]>> = { gone: "present", unnamed: "named" };

/** Of the signals that were given, those that still hold. */
export class Standing {
  readonly #signals = new Map<string, Signal>();
  /** Those that hold for good, as long as there are not too many. */
  readonly #lasting = new Map<string, Signal>();

  take(signal: Signal): void {
    if (signal.kind in ends) this.#signals.set(keyOf(signal), signal);
    if (signal.kind in begins) this.#signals.delete(keyOf(signal));
    if (signal.kind !== "revoked") return;
    this.#lasting.delete(signal.id);
    this.#lasting.set(signal.id, signal);
    if (this.#lasting.size > limits.guests) this.#lasting.delete(this.#lasting.keys().next().value ?? "");
  }

  has(signal: Signal): boolean {
    return this.#signals.has(keyOf(signal));
  }

  /** What can be taken back, and what cannot. */
  get all(): Signal[] {
    return [...this.#signals.values(), ...this.#lasting.values()];
  }

  /** What takes back all that can be. */
  get ends(): Signal[] {
    return [...this.#signals.values()].map((signal) => ({ ...signal, kind: ends[signal.kind] } as Signal));
  }
}

/** Another node, as far as it is known. */
interface Other {
  /** How many of its signals have come, or were told of. */
  count: number;
  /** When it was heard, in milliseconds. */
  heardAt: number;
  /** When it was asked what still holds; -Infinity if no answer is awaited. */
  askedAt: number;
  standing: Standing;
  /** The part of an answer that has come. */
  answer: Signal[];
}

/** How long an answer is waited for before it is asked for again. */
const answerMs = 1_000;

/** What other nodes tell. */
export class News {
  readonly #others = new Map<string, Other>();
  readonly #tell: (signal: Signal) => void;
  readonly #ask: (node: string) => void;
  readonly #silentMs: number;

  constructor(
    { tell, ask, silentMs }: {
      tell: (signal: Signal) => void;
      ask: (node: string) => void;
      /** A node that was silent for so long is taken for dead. */
      silentMs: number;
    },
  ) {
    this.#tell = tell;
    this.#ask = ask;
    this.#silentMs = silentMs;
  }

  /** What still holds of all that was told. */
  get standing(): Signal[] {
    return this.#others.values().flatMap(({ standing }) => standing.all).toArray();
  }

  /** Takes what a node tells. `now` is in milliseconds. */
  take(frame: Telling, now: number): void {
    const other = this.#others.get(frame.node) ?? newOther(now);
    this.#others.set(frame.node, other);
    const wasSilent = now - other.heardAt > this.#silentMs / 2;
    other.heardAt = now;
    if ("standing" in frame) return this.#takeAnswer(other, frame);
    const missed = other.count !== frame.count - frame.signals.length;
    other.count = frame.count;
    for (const signal of frame.signals) {
      other.standing.take(signal);
      this.#tell(signal);
    }
    // Whoever listens may have let go of it meanwhile.
    if (wasSilent) { for (const signal of other.standing.all) this.#tell(signal); }
    if (!missed && other.askedAt === -Infinity) return;
    if (now - other.askedAt < answerMs) return;
    other.askedAt = now;
    this.#ask(frame.node);
  }

  /** Takes back what nodes told that are silent. */
  sweep(now: number): void {
    for (const [node, { heardAt, standing }] of this.#others) {
      if (now - heardAt < this.#silentMs) continue;
      this.#others.delete(node);
      for (const end of standing.ends) this.#tell(end);
    }
  }

  #takeAnswer(other: Other, { count, standing, more }: Extract<Telling, { standing: unknown }>): void {
    other.answer.push(...standing);
    if (more) return;
    const before = other.standing;
    const now = new Standing();
    for (const signal of other.answer) now.take(signal);
    Object.assign(other, { standing: now, answer: [], count, askedAt: -Infinity });
    for (const end of before.ends) if (!now.has(end)) this.#tell(end);
    for (const signal of now.all) if (!before.has(signal)) this.#tell(signal);
  }
}

/** A signal and the one that takes it back have the same. */
function keyOf(signal: Signal): string {
  const { kind: _, ...what } = signal;
  return JSON.stringify(Object.entries(what).sort(([one], [other]) => one < other ? -1 : 1));
}

function newOther(now: number): Other {
  return { count: -1, heardAt: now, askedAt: -Infinity, standing: new Standing(), answer: [] };
}

/** A frame; undefined for what is none. Nodes trust each other: who may write to NATS may write to the log. */
export function parseFrame(message: { json(): unknown }): SignalFrame | undefined {
  try {
    const frame = message.json();
    return typeof frame === "object" && frame !== null ? frame as SignalFrame : undefined;
  } catch {
    // Not JSON.
    return undefined;
  }
}
