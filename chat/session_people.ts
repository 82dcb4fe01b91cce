/** The people on one session, each under a handle, with where they are and how fast they go. */
import { ChatError } from "../protos/errors.ts";
import type { Principal } from "../protos/events.ts";
import type { Open__Output as Open } from "../protos/gen/chat/Open.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { limits } from "../protos/limits.ts";
import type { Chat } from "./chat.ts";
import { type Admission, admissionOf, flood, signedOut, tooFast } from "./guests.ts";
import { SessionPerson } from "./session_person.ts";
import { Throttle } from "./throttle.ts";

/** Somebody who reads the lobby and is nobody. */
const nobody: Principal = { id: "", name: "", key: "" };

/** All browsers of a gateway come at once after a break; nobody else opens so many. */
const opensPace = { perSecond: limits.commandsPerSecondGrpc, burst: limits.peoplePerSession };

/** What changes nothing, such as to leave where one is not: an honest client hardly does it. */
const idlePace = { perSecond: limits.commandsPerSecondGrpc, burst: limits.commandsBurstGrpc };

/** What the people of a session tell it. */
export interface PeopleOptions {
  /** The session has to end: it goes on too fast, or its last person may not go on. */
  readonly sendAway: (why: ChatError) => void;
  /** Somebody may not go on. */
  readonly closed: (handle: number, why: ChatError) => void;
}

/** All people of a session. */
export class SessionPeople {
  readonly #chat: Chat;
  readonly #options: PeopleOptions;
  /** Some may still be at the door. */
  readonly #people = new Map<number, SessionPerson | Promise<SessionPerson>>();
  readonly #nobody: SessionPerson;
  readonly #opens = new Throttle(opensPace);
  readonly #idle = new Throttle(idlePace);
  #lastHandle = 0;
  #newestHandle = 0;

  constructor(chat: Chat, options: PeopleOptions) {
    this.#chat = chat;
    this.#options = options;
    this.#nobody = this.#person(admissionOf(nobody));
  }

  /** How many commands of theirs may wait for an answer. */
  get commandsMost(): number {
    return Math.min(limits.commandsPerSession, limits.commandsPerPerson * Math.max(1, this.#people.size));
  }

  /** Counts a frame that changes nothing. False if they come too fast. */
  admit(): boolean {
    return this.#admit(this.#idle);
  }

  /** The same. Throws RESOURCE_EXHAUSTED. */
  pace(): void {
    if (!this.admit()) throw tooFast();
  }

  /** Brings a person on. Rejects with UNAUTHENTICATED, NAME_TAKEN, RESOURCE_EXHAUSTED. */
  async open({ token, username }: Open): Promise<ServerFrame> {
    if (this.#people.size >= limits.peoplePerSession) {
      throw new ChatError(
        "RESOURCE_EXHAUSTED",
        "Cannot open one more person: the session is full, use another one.",
      );
    }
    if (!this.#admit(this.#opens)) throw tooFast();
    const handle = this.#newestHandle = ++this.#lastHandle;
    const opening = this.#enter({ token, username }, handle);
    this.#people.set(handle, opening);
    try {
      const person = await opening;
      if (!this.#people.has(handle)) {
        person.close();
        throw signedOut();
      }
      this.#people.set(handle, person);
      return { opened: { person: handle, principal: person.principal } };
    } catch (error) {
      this.#people.delete(handle);
      throw error;
    }
  }

  /** Takes a person off. Throws FAILED_PRECONDITION. */
  leave(handle: number): ServerFrame {
    const person = this.#people.get(handle);
    if (!(person instanceof SessionPerson)) throw this.#notOpen(handle);
    this.#people.delete(handle);
    person.close();
    return { done: {} };
  }

  /** The person under a handle; 0 means the one who came last, also if still at the door. Throws FAILED_PRECONDITION, unless `nobodyMay`. */
  find(handle: number, nobodyMay: boolean): SessionPerson | Promise<SessionPerson> {
    const person = this.#people.get(handle || this.#newest());
    if (person) return person;
    if (nobodyMay) return this.#nobody;
    throw this.#notOpen(handle);
  }

  close(): void {
    for (const person of this.#people.values()) if (person instanceof SessionPerson) person.close();
    this.#people.clear();
  }

  /** The handle of the person who came last of those who are here. */
  #newest(): number {
    // Whoever goes leaves a gap; that it was the last one is rare.
    if (!this.#people.has(this.#newestHandle)) {
      this.#newestHandle = [...this.#people.keys()].at(-1) ?? 0;
    }
    return this.#newestHandle;
  }

  async #enter({ token, username }: Open, handle: number): Promise<SessionPerson> {
    const { guests } = this.#chat;
    if (token === "") return this.#person(guests.openName(username));
    return this.#person(await guests.open(token, { revoked: (why) => this.#revoked(handle, why) }));
  }

  #revoked(handle: number, why: ChatError): void {
    const person = this.#people.get(handle);
    this.#people.delete(handle);
    if (person instanceof SessionPerson) person.close();
    this.#options.closed(handle, why);
    if (this.#people.size === 0) this.#options.sendAway(why);
  }

  #person(admission: Admission): SessionPerson {
    return new SessionPerson(admission, {
      chat: this.#chat,
      // A guest may be too fast on many sockets of a gateway, which holds each to its pace. Nobody on a gateway alone is.
      flood: (flooder) => {
        if (flooder === "session" || this.#people.size <= 1) this.#options.sendAway(flood());
      },
    });
  }

  #notOpen(handle: number): ChatError {
    if (!this.admit()) return tooFast();
    return new ChatError(
      "FAILED_PRECONDITION",
      `Cannot act for person ${handle}: nobody is open under it, open them first.`,
    );
  }

  #admit(throttle: Throttle): boolean {
    const passage = throttle.take();
    if (passage === "flood") this.#options.sendAway(flood());
    return passage === "admitted";
  }
}
