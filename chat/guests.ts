/** Who speaks: guests, each with a name that nobody else has as long as they are here. */
import { ChatError } from "../protos/errors.ts";
import type { Principal } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { type Conduct, newConduct, pace } from "./conduct.ts";
import { full, HeldNames, taken } from "./held_names.ts";
import { canonicalName, lookAlikeKeys } from "./names.ts";
import { fullPace, type PaceLimits, take } from "./pace.ts";
import { parseName } from "./rules.ts";
import type { Signals } from "./signals.ts";
import { expired, type Tokens } from "./tokens.ts";

/** A guest who was let in. Close it when they go. */
export interface Admission {
  readonly principal: Principal;
  /**
   * Counts a command, or one that costs as much as several; false if they go too fast. Throws NAME_TAKEN if the name is
   * theirs no more, UNAUTHENTICATED if their token is good no more.
   */
  admit(price?: number): boolean;
  /** Keeps them out for a while: they went on though they were refused again and again. */
  sendAway(): void;
  close(): void;
}

const signInPace: PaceLimits = { perSecond: limits.signInsPerSecond, burst: limits.signInsBurst };

/** Lets somebody in at the speed that is left to them. Throws FLOOD if they are kept out. */
export function admissionOf(principal: Principal, conduct: Conduct = newConduct()): Admission {
  if (performance.now() < conduct.awayUntil) throw flood();
  return {
    principal,
    admit: (price) => {
      const left = take(conduct.pace, pace, { now: performance.now(), count: price });
      conduct.pace = left ?? conduct.pace;
      return left !== undefined;
    },
    sendAway: () => {
      const back = performance.now() + limits.floodDelayMs;
      conduct.awayUntil = back;
      // They begin at the pace of the long run, or each absence would earn them another burst.
      conduct.pace = { left: 0, at: back };
    },
    close: () => {},
  };
}

/** All guests of this node. */
export class Guests {
  readonly #tokens: Tokens;
  readonly #now: () => number;
  readonly #signals: Signals;
  readonly #unlisten: () => void;
  readonly #settled = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Ids whose tokens are good no more, with when they expire by themselves. Those that came last come last. */
  readonly #revoked = new Map<string, number>();
  readonly #names: HeldNames;
  /** Of names that are taken at their word, by key; those that came last come last. */
  readonly #named = new Map<string, Conduct>();
  #signIns = fullPace(signInPace, performance.now());

  /** `settleMs` is for how long those who were here before may come back before their names are given to others. */
  constructor(
    tokens: Tokens,
    { now, signals, settleMs = 0 }: { now: () => number; signals: Signals; settleMs?: number },
  ) {
    if (settleMs > 0) this.#timer = setTimeout(this.#settled.resolve, settleMs);
    else this.#settled.resolve();
    this.#tokens = tokens;
    this.#now = now;
    this.#signals = signals;
    this.#names = new HeldNames({ now, signals });
    this.#unlisten = signals.listen((signal) => {
      if (signal.kind === "revoked") this.#revoke(signal);
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#settled.resolve();
    this.#unlisten();
    this.#names.close();
  }

  /** How many names are held on this node. */
  get nameCount(): number {
    return this.#names.size;
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
    const signIns = take(this.#signIns, signInPace, { now: performance.now() });
    if (!signIns) throw full();
    this.#signIns = signIns;
    const key = canonicalName(name);
    const before = earlier === "" ? undefined : await this.#tokens.read(earlier).catch(() => undefined);
    const known = before?.principal;
    const stays = known?.key === key && !this.#revoked.has(known.id);
    // Those who were here before a restart are on their way back, each with a token, and nobody knows their names yet.
    if (!stays) await this.#settled.promise;
    const id = stays ? known.id : newId();
    const principal = { id, name, key };
    this.#names.claim(principal);
    return { ...await this.#tokens.sign(principal), principal };
  }

  /** Takes a token back, with all of that guest, wherever they are open, and lets go of the name. */
  async signOut(token: string): Promise<void> {
    const { principal: { id, name } } = await this.#tokens.read(token);
    this.#signals.publish({ kind: "revoked", id, name });
  }

  /**
   * Lets the owner of a token in; `revoked` is called when it is good no more, which closes what is given here.
   * Rejects with UNAUTHENTICATED or NAME_TAKEN.
   */
  async open(
    token: string,
    { revoked = () => {} }: { revoked?: (why: ChatError) => void } = {},
  ): Promise<Admission> {
    const { principal, expires } = await this.#tokens.read(token);
    if (this.#revoked.has(principal.id)) throw signedOut();
    const guest = this.#names.claim(principal);
    const admission = admissionOf(principal, guest.conduct);
    const revoke = (why: ChatError) => revoked(why);
    guest.open++;
    guest.revoke.add(revoke);
    return {
      ...admission,
      admit: (price) => {
        if (this.#revoked.has(principal.id)) throw signedOut();
        if (this.#now() >= expires) throw expired();
        return admission.admit(price);
      },
      close: () => {
        if (!guest.revoke.delete(revoke)) return;
        guest.open--;
        guest.heldUntil = this.#now() + limits.guestAwayMs;
      },
    };
  }

  /** Lets somebody in under a name that is taken at its word. Throws NAME_TAKEN if a guest has it, and `admit` once one has. */
  openName(asked: string): Admission {
    const name = parseName(asked);
    const key = canonicalName(name);
    const keys = lookAlikeKeys(name);
    const mustBeFree = () => {
      if (this.#names.isTaken(name, { keys })) throw taken(name);
    };
    mustBeFree();
    const admission = admissionOf({ id: "", name, key }, this.#conductOf(key));
    return {
      ...admission,
      admit: (price) => {
        mustBeFree();
        return admission.admit(price);
      },
    };
  }

  #revoke({ id, name }: { id: string; name: string }): void {
    this.#revoked.delete(id);
    this.#revoked.set(id, this.#now() + limits.tokenMs);
    for (const [old, until] of this.#revoked) {
      if (this.#revoked.size <= limits.guests && until > this.#now()) break;
      this.#revoked.delete(old);
    }
    this.#names.release({ id, name }, signedOut());
  }

  #conductOf(key: string): Conduct {
    const conduct = this.#named.get(key) ?? newConduct();
    this.#named.delete(key);
    this.#named.set(key, conduct);
    if (this.#named.size > limits.guests) this.#named.delete(this.#named.keys().next().value ?? "");
    return conduct;
  }
}

/** Why somebody is sent away, or kept out. */
export function flood(): ChatError {
  return new ChatError(
    "FLOOD",
    `Cannot go on: commands came far faster than ${limits.commandsPerSecondGrpc} a second; come back later and go slower.`,
  );
}

/** Why a command is refused for its speed. */
export function tooFast(): ChatError {
  return new ChatError(
    "RESOURCE_EXHAUSTED",
    `Cannot carry out a command: they come faster than ${limits.commandsPerSecondGrpc} a second, or before one that was ` +
      "refused was sent again; slow down and try again.",
  );
}

/** Why somebody may not go on. */
export function signedOut(): ChatError {
  return new ChatError("UNAUTHENTICATED", "Cannot go on: this token was signed out, sign in again.");
}

function newId(): string {
  return `guest:${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
}
