/** Who speaks: guests, each with a name that nobody else has as long as they are here. */
import { ChatError } from "../protos/errors.ts";
import type { Principal } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { canonicalName, lookAlikeKeys } from "./names.ts";
import { fullPace, type Pace, type PaceLimits, takeOne } from "./pace.ts";
import { parseName } from "./rules.ts";
import type { Tokens } from "./tokens.ts";

/** A guest who was let in. Close it when they go. */
export interface Admission {
  readonly principal: Principal;
  /** Counts a command; false if they go too fast. Throws NAME_TAKEN if the name is theirs no more. */
  admit(): boolean;
  close(): void;
}

/** A name that somebody has. */
interface Guest {
  readonly id: string;
  /** Sessions and calls that they are open on now. */
  open: number;
  /** When they were last open, in milliseconds. */
  seenAt: number;
  pace: Pace;
}

const signInPace: PaceLimits = { perSecond: limits.signInsPerSecond, burst: limits.signInsBurst };
const pace: PaceLimits = { perSecond: limits.commandsPerSecondGrpc, burst: limits.commandsBurstGrpc };

/** Lets somebody in who has no token, at a speed of their own. */
export function admissionOf(principal: Principal): Admission {
  let bucket = fullPace(pace, performance.now());
  return {
    principal,
    admit: () => {
      const left = takeOne(bucket, pace, performance.now());
      bucket = left ?? bucket;
      return left !== undefined;
    },
    close: () => {},
  };
}

/** All guests of this node. */
export class Guests {
  readonly #tokens: Tokens;
  readonly #now: () => number;
  /** Under each key that a name has. */
  readonly #guests = new Map<string, Guest>();
  #signIns = fullPace(signInPace, performance.now());

  constructor(tokens: Tokens, { now }: { now: () => number }) {
    this.#tokens = tokens;
    this.#now = now;
  }

  /** The public keys of tokens, as a JSON Web Key Set in JSON. */
  get publicKeys(): string {
    return this.#tokens.publicKeys;
  }

  /** Gives a guest a name. With an earlier token for that name they stay who they were. Rejects with NAME_TAKEN. */
  async signIn(
    asked: string,
    earlier: string,
  ): Promise<{ token: string; principal: Principal; expires: string }> {
    const name = parseName(asked);
    const signIns = takeOne(this.#signIns, signInPace, performance.now());
    if (!signIns) throw full();
    this.#signIns = signIns;
    const key = canonicalName(name);
    const before = earlier === "" ? undefined : await this.#tokens.read(earlier).catch(() => undefined);
    const id = before?.key === key ? before.id : newId();
    this.#claim({ id, name, key });
    const principal = { id, name, key };
    return { ...await this.#tokens.sign(principal), principal };
  }

  /** Lets go of a token's name, unless the guest is still open somewhere. */
  async signOut(token: string): Promise<void> {
    this.#release(await this.#tokens.read(token));
  }

  /** Lets the owner of a token in. Rejects with UNAUTHENTICATED or NAME_TAKEN. */
  async open(token: string): Promise<Admission> {
    const principal = await this.#tokens.read(token);
    const guest = this.#claim(principal);
    guest.open++;
    return {
      principal,
      admit: () => {
        const left = takeOne(guest.pace, pace, performance.now());
        if (left) guest.pace = left;
        return left !== undefined;
      },
      close: () => {
        guest.open--;
        // One who signed out meanwhile is not waited for.
        if (guest.seenAt !== -Infinity) guest.seenAt = this.#now();
      },
    };
  }

  /** Lets somebody in under a name that is taken at its word. Throws NAME_TAKEN if a guest has it, and `admit` once one has. */
  openName(asked: string): Admission {
    const name = parseName(asked);
    const key = canonicalName(name);
    const mustBeFree = () => {
      if (this.#holders(name).some((guest) => this.#isHere(guest))) throw taken(name);
    };
    mustBeFree();
    const admission = admissionOf({ id: "", name, key });
    return {
      ...admission,
      admit: () => {
        mustBeFree();
        return admission.admit();
      },
    };
  }

  #claim({ id, name }: Principal): Guest {
    const holders = this.#holders(name);
    if (holders.some((guest) => guest.id !== id && this.#isHere(guest))) throw taken(name);
    const known = holders.find((guest) => guest.id === id);
    if (!known) this.#makeRoom();
    const guest = known ?? { id, open: 0, seenAt: 0, pace: fullPace(pace, performance.now()) };
    guest.seenAt = this.#now();
    for (const key of lookAlikeKeys(name)) this.#guests.set(key, guest);
    return guest;
  }

  #release({ id, name }: Principal): void {
    for (const key of lookAlikeKeys(name)) {
      const guest = this.#guests.get(key);
      if (guest?.id !== id) continue;
      if (guest.open === 0) this.#guests.delete(key);
      else guest.seenAt = -Infinity;
    }
  }

  /** Those who have a name that cannot be told from this one. */
  #holders(name: string): Guest[] {
    return lookAlikeKeys(name).flatMap((key) => this.#guests.get(key) ?? []);
  }

  #isHere({ open, seenAt }: Guest): boolean {
    return open > 0 || this.#now() - seenAt < limits.guestAwayMs;
  }

  #makeRoom(): void {
    if (this.#guests.size < limits.guests) return;
    for (const [key, guest] of this.#guests) if (!this.#isHere(guest)) this.#guests.delete(key);
    if (this.#guests.size >= limits.guests) throw full();
  }
}

function full(): ChatError {
  return new ChatError("RESOURCE_EXHAUSTED", "Cannot sign in: too many do at the moment, try again later.");
}

function newId(): string {
  return `guest:${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
}

function taken(name: string): ChatError {
  return new ChatError(
    "NAME_TAKEN",
    `Cannot use the name ${
      JSON.stringify(name)
    }: somebody who is here has it, or one that looks like it, choose another.`,
  );
}
