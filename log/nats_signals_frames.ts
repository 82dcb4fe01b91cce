/** What nodes tell each other of signals, and what one makes of it: a state of the others, moved by their frames. */
import type { Signal } from "../chat/signals.ts";

/** Somebody who is in a room. */
export type Presence = Extract<Signal, { kind: "present" | "gone" }>;

/** What travels. `count` is how many signals the node has told of so far. */
export type SignalFrame =
  | { readonly node: string; readonly count: number; readonly signals: readonly Signal[] }
  /** Who is there through the node, in one or more frames. */
  | {
    readonly node: string;
    readonly count: number;
    readonly people: readonly Presence[];
    readonly more: boolean;
  }
  /** The node that asks who is there. */
  | { readonly ask: string };

type Telling = Exclude<SignalFrame, { ask: string }>;

/** Another node, as far as it is known. */
interface Other {
  /** How many of its signals have come, or were told of. */
  count: number;
  /** When it was heard, in milliseconds. */
  heardAt: number;
  /** When it was asked who is there; -Infinity if no answer is awaited. */
  askedAt: number;
  people: Map<string, Presence>;
  /** Those of an answer that has begun. */
  answer: Presence[];
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

  /** Takes what a node tells. `now` is in milliseconds. */
  take(frame: Telling, now: number): void {
    const other = this.#others.get(frame.node) ?? newOther(now);
    this.#others.set(frame.node, other);
    const wasSilent = now - other.heardAt > this.#silentMs / 2;
    other.heardAt = now;
    if ("people" in frame) return this.#takeAnswer(other, frame);
    const missed = other.count !== frame.count - frame.signals.length;
    other.count = frame.count;
    for (const signal of frame.signals) this.#takeSignal(other, signal);
    // Whoever listens may have let its people go meanwhile.
    if (wasSilent) { for (const present of other.people.values()) this.#tell(present); }
    if (!missed && other.askedAt === -Infinity) return;
    if (now - other.askedAt < answerMs) return;
    other.askedAt = now;
    this.#ask(frame.node);
  }

  /** Lets go of the people of nodes that are silent. */
  sweep(now: number): void {
    for (const [node, { heardAt, people }] of this.#others) {
      if (now - heardAt < this.#silentMs) continue;
      this.#others.delete(node);
      for (const present of people.values()) this.#tell({ ...present, kind: "gone" });
    }
  }

  #takeSignal({ people }: Other, signal: Signal): void {
    if (signal.kind === "present") people.set(keyOf(signal), signal);
    if (signal.kind === "gone") people.delete(keyOf(signal));
    this.#tell(signal);
  }

  #takeAnswer(other: Other, { count, people, more }: Extract<Telling, { people: unknown }>): void {
    other.answer.push(...people);
    if (more) return;
    const before = other.people;
    other.people = new Map(other.answer.map((present) => [keyOf(present), present]));
    other.answer = [];
    other.count = count;
    other.askedAt = -Infinity;
    for (const [key, present] of before) if (!other.people.has(key)) this.#tell({ ...present, kind: "gone" });
    for (const [key, present] of other.people) if (!before.has(key)) this.#tell(present);
  }
}

/** One person's presence in one room from one place. */
export function keyOf({ room, holder, name }: Omit<Presence, "kind">): string {
  return JSON.stringify([room, holder.node, holder.id, name]);
}

function newOther(now: number): Other {
  return { count: -1, heardAt: now, askedAt: -Infinity, people: new Map(), answer: [] };
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
