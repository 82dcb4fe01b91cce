/** All people of a gateway: each is opened on every session that there is, as long as their socket lives. */
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import type { Act } from "./commands.ts";
import { type Claim, Person, type PersonOptions } from "./person.ts";
import type { Upstream } from "./upstream.ts";

/** All people of a gateway. */
export class People {
  readonly #upstream: () => Upstream;
  readonly #options: Omit<PersonOptions, "ended">;
  readonly #people = new Set<Person>();
  #waiting = 0;
  #charsWaiting = 0;

  /** `entered` is called whenever somebody was let in on a session. */
  constructor(upstream: () => Upstream, { entered }: { entered: () => void }) {
    this.#upstream = upstream;
    this.#options = {
      upstream,
      entered,
      admit: (act) => this.#admit(act),
      left: (person) => this.#people.delete(person),
    };
  }

  /** Brings a person on; `opened` tells whether ChatService takes them, and `ended` is called if later it does not. */
  open(claim: Claim, { ended }: { ended: (why: ChatError) => void }): Person {
    const person = new Person(claim, { ...this.#options, ended });
    this.#people.add(person);
    if (this.#upstream().link.up) person.up();
    return person;
  }

  /** A new session is there. */
  up(): void {
    for (const person of this.#people) person.up();
  }

  /** The session is gone. */
  down(): void {
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
    for (const person of this.#people) if (person.handle === handle) person.end(why);
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
