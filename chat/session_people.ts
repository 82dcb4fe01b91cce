/** The people on one session, each under a handle, with where they are and how fast they go. */
import { ChatError } from "../protos/errors.ts";
import type { Principal } from "../protos/events.ts";
import type { Open__Output as Open } from "../protos/gen/chat/Open.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { limits } from "../protos/limits.ts";
import type { Chat } from "./chat.ts";
import { type Admission, admissionOf } from "./guests.ts";
import { fullPace, takeOne } from "./pace.ts";
import { SessionPerson } from "./session_person.ts";

/** Somebody who reads the lobby and is nobody. */
const nobody: Principal = { id: "", name: "", key: "" };

/** All browsers of a gateway come at once after a break; nobody else opens so many. */
const opensPace = { perSecond: limits.commandsPerSecondGrpc, burst: limits.peoplePerSession };

/** All people of a session. */
export class SessionPeople {
  readonly #chat: Chat;
  readonly #tooFast: (error: ChatError) => void;
  /** Some may still be at the door. */
  readonly #people = new Map<number, SessionPerson | Promise<SessionPerson>>();
  readonly #nobody: SessionPerson;
  #opens = fullPace(opensPace, performance.now());
  #lastHandle = 0;
  #closed = false;

  /** `tooFast` is told when somebody who is alone on the session goes on too fast. */
  constructor(chat: Chat, { tooFast }: { tooFast: (error: ChatError) => void }) {
    this.#chat = chat;
    this.#tooFast = tooFast;
    this.#nobody = this.#person(admissionOf(nobody));
  }

  /** Brings a person on. Rejects with UNAUTHENTICATED, NAME_TAKEN, RESOURCE_EXHAUSTED. */
  async open({ token, username }: Open): Promise<ServerFrame> {
    if (this.#people.size >= limits.peoplePerSession) {
      throw new ChatError(
        "RESOURCE_EXHAUSTED",
        "Cannot open one more person: the session is full, use another one.",
      );
    }
    const opens = takeOne(this.#opens, opensPace, performance.now());
    if (!opens) {
      throw new ChatError(
        "RESOURCE_EXHAUSTED",
        "Cannot open one more person: they come too fast, try again later.",
      );
    }
    this.#opens = opens;
    const handle = ++this.#lastHandle;
    const opening = this.#enter({ token, username });
    this.#people.set(handle, opening);
    try {
      const person = await opening;
      if (this.#closed) person.close();
      else this.#people.set(handle, person);
      return { opened: { person: handle, principal: person.principal } };
    } catch (error) {
      this.#people.delete(handle);
      throw error;
    }
  }

  /** Takes a person off. Throws FAILED_PRECONDITION. */
  leave(handle: number): ServerFrame {
    const person = this.#people.get(handle);
    if (!(person instanceof SessionPerson)) throw notOpen(handle);
    this.#people.delete(handle);
    person.close();
    return { done: {} };
  }

  /** The person under a handle; 0 means the one who came last, also if still at the door. Throws FAILED_PRECONDITION, unless `nobodyMay`. */
  find(handle: number, nobodyMay: boolean): SessionPerson | Promise<SessionPerson> {
    const person = this.#people.get(handle || this.#lastHandle);
    if (person) return person;
    if (nobodyMay) return this.#nobody;
    throw notOpen(handle);
  }

  close(): void {
    this.#closed = true;
    for (const person of this.#people.values()) if (person instanceof SessionPerson) person.close();
    this.#people.clear();
  }

  async #enter({ token, username }: Open): Promise<SessionPerson> {
    const { guests } = this.#chat;
    return this.#person(token === "" ? guests.openName(username) : await guests.open(token));
  }

  #person(admission: Admission): SessionPerson {
    return new SessionPerson(admission, {
      chat: this.#chat,
      flood: (error) => {
        if (this.#people.size <= 1) this.#tooFast(error);
      },
    });
  }
}

function notOpen(handle: number): ChatError {
  return new ChatError(
    "FAILED_PRECONDITION",
    `Cannot act for person ${handle}: nobody is open under it, open them first.`,
  );
}
