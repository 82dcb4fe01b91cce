/**
 * All people of a gateway: each is opened on every session that there is, as long as their socket lives, and a while
 * longer. Whoever comes with a token by which ChatService has somebody open need not wait until it has answered again:
 * it tells when such a token is good no more.
 */
import { ChatError } from "../protos/errors.ts";
import type { Principal } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { type Due, later } from "../runtime/wheel.ts";
import type { Act } from "./commands.ts";
import { type Claim, Person, type PersonOptions, type PersonUser } from "./person.ts";
import type { Upstream } from "./upstream.ts";

/** All people of a gateway. */
export class People {
  readonly #upstream: () => Upstream;
  readonly #options: PersonOptions;
  readonly #idleMs: number;
  readonly #people = new Set<Person>();
  /** By token: the one who has been here for longest. */
  readonly #known = new Map<string, Person>();
  /** Those who wait for somebody to come back. */
  readonly #kept = new Map<Person, Due>();
  #waiting = 0;
  #charsWaiting = 0;

  /** `entered` is called whenever somebody was let in on a session. */
  constructor(
    upstream: () => Upstream,
    { entered, idleMs = limits.personIdleMs }: { entered: () => void; idleMs?: number },
  ) {
    this.#upstream = upstream;
    this.#idleMs = idleMs;
    this.#options = {
      upstream,
      entered,
      admit: (act) => this.#admit(act),
      keep: (person) => this.#keep(person),
      left: (person) => this.#forget(person),
    };
  }

  /** How many there are, those who are kept included. */
  get size(): number {
    return this.#people.size;
  }

  /** Brings a person on; `opened` tells whether ChatService takes them, and `ended` is called if later it does not. */
  open(claim: Claim, user: PersonUser): Person {
    const known = "token" in claim ? this.#known.get(claim.token) : undefined;
    const person = known && this.#unkeep(known) ? known : this.#add(claim, known?.principal);
    person.use(user);
    return person;
  }

  /** Somebody will soon come by this token. `principal` is who they are, if ChatService has just said so. */
  expect(token: string, principal?: Principal): void {
    if (!this.#known.has(token) && this.#hasPlace) this.#add({ token }, principal).rest();
  }

  /** A new session is there. */
  up(): void {
    for (const person of this.#people) person.up();
  }

  /** The session is gone. */
  down(): void {
    for (const person of [...this.#kept.keys()]) person.leave();
    for (const person of this.#people) person.down();
  }

  /** Ends everybody who is here by a token: it was given back. */
  end(token: string, why: ChatError): void {
    for (const person of [...this.#people]) {
      if ("token" in person.claim && person.claim.token === token) person.end(why);
    }
  }

  /** Ends whoever is under a handle of the session: they may not go on. */
  endHandle(handle: number, why: ChatError): void {
    for (const person of this.#people) if (person.isUnder(handle)) person.end(why);
  }

  get #hasPlace(): boolean {
    return this.#upstream().link.up && this.#kept.size < limits.peopleIdle;
  }

  #add(claim: Claim, principal?: Principal): Person {
    const person = new Person(claim, this.#options, { principal });
    this.#people.add(person);
    if ("token" in claim && !this.#known.has(claim.token)) this.#known.set(claim.token, person);
    if (this.#upstream().link.up) person.up();
    return person;
  }

  /** Keeps one for each token. */
  #keep(person: Person): boolean {
    if (this.#kept.has(person)) return true;
    if (!this.#isKnown(person) || !this.#hasPlace) return false;
    this.#kept.set(person, later(this.#idleMs, () => person.leave()));
    return true;
  }

  /** False if they were not kept. */
  #unkeep(person: Person): boolean {
    this.#kept.get(person)?.cancel();
    return this.#kept.delete(person);
  }

  #forget(person: Person): void {
    this.#unkeep(person);
    this.#people.delete(person);
    if (this.#isKnown(person) && "token" in person.claim) this.#known.delete(person.claim.token);
  }

  #isKnown(person: Person): boolean {
    return "token" in person.claim && this.#known.get(person.claim.token) === person;
  }

  /** Counts an act until the given function is called. */
  #admit({ body }: Act): () => void {
    const chars = Object.values(body).reduce<number>(
      (sum, value) => sum + (typeof value === "string" ? value.length : 0),
      0,
    );
    if (this.#waiting >= limits.sendsWaiting || this.#charsWaiting + chars > charsMost) {
      throw new ChatError(
        "RESOURCE_EXHAUSTED",
        "Cannot carry out a command: too many wait here already, try again later.",
      );
    }
    this.#waiting++;
    this.#charsWaiting += chars;
    return () => {
      this.#waiting--;
      this.#charsWaiting -= chars;
    };
  }
}

/** What ChatService would refuse as too long waits, too, as long as it is away: so length is counted beside number. */
const charsMost = limits.sendsWaiting * limits.textBytes;
