/**
 * Who is where, on this node: the rosters of all rooms, kept by signals, told to those who follow a room as one
 * newest state each time, however many changes made it. A node that falls silent takes its people with it.
 */
import { limits } from "../protos/limits.ts";
import { Roster, type RosterView } from "./roster.ts";
import type { Holder, Signal, Signals } from "./signals.ts";

type Listener = (view: RosterView) => void;

interface Watched {
  readonly roster: Roster;
  readonly listeners: Set<Listener>;
  /** When its listeners were last told, in milliseconds of `performance.now()`. */
  toldAt: number;
  /** When they are told next; Infinity if there is nothing to tell. */
  due: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** All rosters. */
export class Rosters {
  readonly #signals: Signals;
  readonly #now: () => number;
  readonly #rooms = new Map<string, Watched>();
  readonly #node = crypto.randomUUID().slice(0, 8);
  /** When each node was last heard, in milliseconds. */
  readonly #nodes = new Map<string, number>();
  readonly #unlisten: () => void;
  readonly #beat: ReturnType<typeof setInterval>;
  readonly #sweeps: ReturnType<typeof setInterval>;
  #lastHolder = 0;

  constructor(signals: Signals, { now }: { now: () => number }) {
    this.#signals = signals;
    this.#now = now;
    this.#unlisten = signals.listen((signal) => this.#take(signal));
    this.#beat = setInterval(() => this.publish({ kind: "alive", node: this.#node }), limits.heartbeatMs);
    // More often, so that all of a dead node's people are gone within 30 s.
    this.#sweeps = setInterval(() => this.#sweep(), limits.heartbeatMs / 4);
  }

  /** A new place on this node from where somebody can be in rooms. */
  newHolder(): Holder {
    return { node: this.#node, id: `${++this.#lastHolder}` };
  }

  publish(signal: Signal): void {
    this.#signals.publish(signal);
  }

  /** Tells of a room's roster now, if somebody is there, and whenever it changes, until the given function is called. */
  watch(room: string, listener: Listener): () => void {
    const watched = this.#open(room);
    watched.listeners.add(listener);
    if (!watched.roster.empty) listener(watched.roster.view());
    return () => {
      watched.listeners.delete(listener);
      this.#forget(watched);
    };
  }

  /** A page of the names in a room, and how many there are. */
  names(
    room: string,
    { after, count }: { after: string; count: number },
  ): { names: string[]; count: number } {
    const roster = this.#rooms.get(room)?.roster;
    return { names: [...roster?.names(after, count) ?? []], count: roster?.count ?? 0 };
  }

  close(): void {
    clearInterval(this.#beat);
    clearInterval(this.#sweeps);
    this.#unlisten();
    for (const { timer } of this.#rooms.values()) clearTimeout(timer);
    this.#rooms.clear();
  }

  #take(signal: Signal): void {
    if (signal.kind === "alive") this.#nodes.set(signal.node, this.#now());
    if (!("room" in signal)) return;
    if (signal.kind === "present") this.#nodes.set(signal.holder.node, this.#now());
    const watched = this.#open(signal.room);
    if (watched.roster.take(signal, this.#now())) this.#tellSoon(watched);
    this.#forget(watched);
  }

  #sweep(): void {
    const since = this.#now() - limits.presenceMs;
    // Not this one: a process that was stopped for a while has not heard itself either.
    const dead = [...this.#nodes].filter(([node, at]) => at < since && node !== this.#node);
    if (dead.length === 0) return;
    for (const [node] of dead) this.#nodes.delete(node);
    for (const watched of this.#rooms.values()) {
      if (watched.roster.keep((node) => this.#nodes.has(node))) this.#tellSoon(watched);
      this.#forget(watched);
    }
  }

  #open(room: string): Watched {
    const known = this.#rooms.get(room);
    if (known) return known;
    const roster = new Roster(room);
    const watched: Watched = {
      roster,
      listeners: new Set(),
      toldAt: -Infinity,
      due: Infinity,
      timer: undefined,
    };
    this.#rooms.set(room, watched);
    return watched;
  }

  /** A room where nobody is and that nobody watches costs nothing. */
  #forget({ roster, listeners, timer }: Watched): void {
    if (!roster.empty || listeners.size > 0) return;
    clearTimeout(timer);
    this.#rooms.delete(roster.room);
  }

  #tellSoon(watched: Watched): void {
    const gap = watched.roster.count > limits.rosterNames ? limits.rosterLargeMs : limits.rosterMs;
    this.#tellAt(watched, Math.max(performance.now(), watched.toldAt + gap));
  }

  #tellAt(watched: Watched, due: number): void {
    if (watched.due <= due) return;
    clearTimeout(watched.timer);
    watched.due = due;
    watched.timer = setTimeout(() => this.#tell(watched), Math.max(0, due - performance.now()));
  }

  #tell(watched: Watched): void {
    const { roster, listeners } = watched;
    watched.due = Infinity;
    watched.toldAt = performance.now();
    roster.expire(this.#now());
    const view = roster.view();
    for (const listener of [...listeners]) listener(view);
    const { nextExpiry } = roster;
    if (nextExpiry !== undefined) {
      this.#tellAt(watched, performance.now() + Math.max(limits.rosterMs, nextExpiry - this.#now()));
    }
    this.#forget(watched);
  }
}
