/** Who is in one room, and who writes: a state moved by signals. Pure. */
import { limits } from "../protos/limits.ts";
import type { RoomSignal } from "./signals.ts";

/** What readers of the room are told: `Roster` of chat.proto. */
export interface RosterView {
  readonly room: string;
  readonly count: number;
  readonly names: readonly string[];
  readonly typing: readonly string[];
}

/** A room's people. Names are told apart as they are written: a name is one person's as long as they are here. */
export class Roster {
  readonly room: string;
  /** Each name with the holders that it is here through, as `node/id`. */
  readonly #people = new Map<string, Set<string>>();
  /** Each name that writes, with the time until which that is shown. */
  readonly #typing = new Map<string, number>();
  #sorted: readonly string[] | undefined;

  constructor(room: string) {
    this.room = room;
  }

  /** How many people. */
  get count(): number {
    return this.#people.size;
  }

  /** True if there is nothing to tell. */
  get empty(): boolean {
    return this.#people.size === 0 && this.#typing.size === 0;
  }

  /** When the next name stops to be shown as writing, in milliseconds; undefined if none does. */
  get nextExpiry(): number | undefined {
    return this.#typing.size === 0 ? undefined : Math.min(...this.#typing.values());
  }

  /** Takes a signal; true if that changed what is told. `now` is in milliseconds. */
  take(signal: RoomSignal, now: number): boolean {
    const { name } = signal;
    if (signal.kind === "typing") {
      this.expire(now);
      const known = this.#typing.has(name);
      // A room where thousands write shows five of them.
      if (known || this.#typing.size < limits.typingNames) this.#typing.set(name, now + limits.typingMs);
      return !known && this.#typing.has(name);
    }
    if (signal.kind === "stopped") return this.#typing.delete(name);
    const holder = `${signal.holder.node}/${signal.holder.id}`;
    return signal.kind === "present" ? this.#enter(name, holder) : this.#leave(name, holder);
  }

  /** Lets go of everybody who is here through a node that is not among the living; true if that changed something. */
  keep(isAlive: (node: string) => boolean): boolean {
    let changed = false;
    for (const [name, holders] of this.#people) {
      for (const holder of holders) {
        if (!isAlive(holder.split("/", 1)[0] ?? "")) changed = this.#leave(name, holder) || changed;
      }
    }
    return changed;
  }

  /** Lets "is writing" expire; true if that changed something. */
  expire(now: number): boolean {
    const before = this.#typing.size;
    for (const [name, until] of this.#typing) if (until <= now) this.#typing.delete(name);
    return this.#typing.size !== before;
  }

  /** What to tell. */
  view(): RosterView {
    const { room, count } = this;
    const names = count <= limits.rosterNames ? this.#names() : [];
    return { room, count, names, typing: [...this.#typing.keys()] };
  }

  /** A page of names, in order, after `after`. */
  names(after: string, count: number): readonly string[] {
    const all = this.#names();
    let low = 0;
    for (let high = all.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((all[middle] ?? "") <= after) low = middle + 1;
      else high = middle;
    }
    return all.slice(low, low + count);
  }

  #names(): readonly string[] {
    return this.#sorted ??= [...this.#people.keys()].sort();
  }

  #enter(name: string, holder: string): boolean {
    const holders = this.#people.get(name);
    if (holders) {
      holders.add(holder);
      return false;
    }
    this.#people.set(name, new Set([holder]));
    this.#sorted = undefined;
    return true;
  }

  #leave(name: string, holder: string): boolean {
    const holders = this.#people.get(name);
    if (!holders?.delete(holder) || holders.size > 0) return false;
    this.#people.delete(name);
    this.#typing.delete(name);
    this.#sorted = undefined;
    return true;
  }
}
