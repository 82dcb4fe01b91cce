/**
 * Whose a name is: that of a guest who is here, through this node or another one, until two minutes after. Nodes tell each
 * other by signals, so two can give one name away at once; then the earlier claim holds, on every node.
 */
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import { type Conduct, newConduct } from "./conduct.ts";
import { lookAlikeKeys } from "./names.ts";
import type { NameSignal, Signals } from "./signals.ts";

/** Who has a name, and since when, in milliseconds since 1970. */
export interface Claim {
  readonly id: string;
  readonly name: string;
  readonly since: number;
}

/** A guest of this node, who has a name. */
export interface Guest extends Claim {
  /** Those of each spelling that they came under. */
  readonly keys: Set<string>;
  /** Sessions and calls that they are open on now. */
  open: number;
  /** How long the name is theirs while they are not open, in milliseconds. */
  heldUntil: number;
  readonly conduct: Conduct;
  /** What ends each of those, if somebody listens there. */
  readonly revoke: Set<(why: ChatError) => void>;
}

/** All names that somebody has. */
export class HeldNames {
  readonly #now: () => number;
  readonly #signals: Signals;
  readonly #unlisten: () => void;
  readonly #node = crypto.randomUUID().slice(0, 8);
  /** Under each key that a name has. */
  readonly #guests = new Map<string, Guest>();
  /** Those of other nodes, by key, then by node and guest. */
  readonly #elsewhere = new Map<string, Map<string, Claim>>();

  constructor({ now, signals }: { now: () => number; signals: Signals }) {
    this.#now = now;
    this.#signals = signals;
    this.#unlisten = signals.listen((signal) => {
      if (signal.kind === "alive") this.#sweep();
      if ((signal.kind === "named" || signal.kind === "unnamed") && signal.node !== this.#node) {
        this.#hear(signal);
      }
    });
  }

  /** How many are held on this node; one that looks like several counts for each. */
  get size(): number {
    return this.#guests.size;
  }

  /**
   * True if a guest has a name that cannot be told from this one; `but` is the one who may, even while a later claim of
   * somebody else's, which will not hold, is not taken back yet. Who asks again and again gives the name's `keys`.
   */
  isTaken(
    name: string,
    { but = "", keys = lookAlikeKeys(name) }: { but?: string; keys?: readonly string[] } = {},
  ): boolean {
    const claims = this.#claims(keys);
    const own = claims.filter(({ id }) => id === but);
    const holds = (rival: Claim) => own.some((claim) => isEarlier(claim, rival));
    return claims.some((claim) => claim.id !== but && !holds(claim));
  }

  /** Gives somebody a name, or leaves it theirs. Throws NAME_TAKEN, and RESOURCE_EXHAUSTED if there are too many. */
  claim({ id, name }: { id: string; name: string }): Guest {
    if (this.isTaken(name, { but: id })) throw taken(name);
    const keys = lookAlikeKeys(name);
    const known = keys.map((key) => this.#guests.get(key)).find((guest) => guest?.id === id);
    if (!known) this.#makeRoom();
    const guest = known ?? this.#newGuest(id, name);
    // Longer once they were open: whoever never got their token, since its way was cut, may ask for another soon.
    guest.heldUntil = Math.max(guest.heldUntil, this.#now() + limits.openingMs);
    for (const key of keys) {
      this.#guests.set(key, guest);
      guest.keys.add(key);
    }
    if (!known) this.#tell("named", guest);
    return guest;
  }

  /** Takes a name from somebody; those who are open under it are told why. */
  release({ id, name }: { id: string; name: string }, why: ChatError): void {
    const guests = new Set(lookAlikeKeys(name).map((key) => this.#guests.get(key)));
    for (const guest of guests) if (guest?.id === id) this.#drop(guest, why);
  }

  close(): void {
    this.#unlisten();
  }

  /** All claims to a name with one of these keys. */
  #claims(keys: readonly string[]): Claim[] {
    return keys.flatMap((key) => {
      const guest = this.#guests.get(key);
      return [...guest && this.#isHere(guest) ? [guest] : [], ...this.#elsewhere.get(key)?.values() ?? []];
    });
  }

  #newGuest(id: string, name: string): Guest {
    // Who came by another node has the name since then.
    const since = Math.min(this.#now(), ...this.#claims(lookAlikeKeys(name)).map((claim) => claim.since));
    return {
      id,
      name,
      since,
      keys: new Set(),
      open: 0,
      heldUntil: 0,
      conduct: newConduct(),
      revoke: new Set(),
    };
  }

  #hear({ kind, node, ...claim }: NameSignal): void {
    const who = `${node} ${claim.id}`;
    for (const key of lookAlikeKeys(claim.name)) {
      const claims = this.#elsewhere.get(key) ?? new Map<string, Claim>();
      if (kind === "named") this.#elsewhere.set(key, claims.set(who, claim));
      else if (claims.delete(who) && claims.size === 0) this.#elsewhere.delete(key);
      const guest = this.#guests.get(key);
      const loses = kind === "named" && guest && guest.id !== claim.id && isEarlier(claim, guest);
      if (loses) this.#drop(guest, taken(guest.name));
    }
  }

  #isHere({ open, heldUntil }: Guest): boolean {
    return open > 0 || this.#now() < heldUntil;
  }

  #makeRoom(): void {
    if (this.#guests.size < limits.guests) return;
    this.#sweep();
    if (this.#guests.size >= limits.guests) throw full();
  }

  /** Lets go of the names of those who were not here for long enough. */
  #sweep(): void {
    for (const guest of new Set(this.#guests.values())) if (!this.#isHere(guest)) this.#drop(guest);
  }

  #drop(guest: Guest, why?: ChatError): void {
    for (const key of guest.keys) if (this.#guests.get(key) === guest) this.#guests.delete(key);
    if (why) { for (const revoke of [...guest.revoke]) revoke(why); }
    guest.heldUntil = guest.open = 0;
    guest.revoke.clear();
    this.#tell("unnamed", guest);
  }

  #tell(kind: NameSignal["kind"], { id, name, since }: Guest): void {
    this.#signals.publish({ kind, node: this.#node, id, name, since });
  }
}

function isEarlier(one: Claim, other: Claim): boolean {
  return one.since === other.since ? one.id < other.id : one.since < other.since;
}

/** Why somebody is not let in now. */
export function full(): ChatError {
  return new ChatError("RESOURCE_EXHAUSTED", "Cannot sign in: too many do at the moment, try again later.");
}

/** Why somebody cannot have a name, or has it no more. */
export function taken(name: string): ChatError {
  return new ChatError(
    "NAME_TAKEN",
    `Cannot use the name ${
      JSON.stringify(name)
    }: somebody who is here has it, or one that looks like it, choose another.`,
  );
}
