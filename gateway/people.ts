/** The people of a gateway, on its one session with ChatService. What they send is kept until it is answered. */
import { ChatError, toChatError } from "../protos/errors.ts";
import type { Sent__Output as Sent } from "../protos/gen/chat/Sent.ts";
import { limits } from "../protos/limits.ts";
import { LinkLost, type Upstream } from "./upstream.ts";

/** A send that was under way when so many sessions broke is suspected of breaking them, and given up. */
const triesMost = 10;

/** What a person says. */
export interface Said {
  readonly room: string;
  /** Not empty: what was under way when a session broke is sent again, and must not be stored twice. */
  readonly clientId: string;
  readonly text: string;
}

interface Waiting extends Said {
  /** Sessions that broke while it was under way. */
  tries: number;
  readonly resolve: (sent: Sent) => void;
  readonly reject: (error: ChatError) => void;
}

/** All people of a gateway. */
export class People {
  readonly #upstream: () => Upstream;
  readonly #people = new Set<Person>();
  #waiting = 0;

  constructor(upstream: () => Upstream) {
    this.#upstream = upstream;
  }

  /** Brings a person on; `opened` tells whether ChatService takes them. */
  open(username: string): Person {
    const person = new Person(username, { upstream: this.#upstream, admit: () => this.#admit() });
    this.#people.add(person);
    person.closed.then(() => this.#people.delete(person));
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

  /** Counts a send until the given function is called. */
  #admit(): () => void {
    if (this.#waiting >= limits.sendsWaiting) {
      throw new ChatError(
        "RESOURCE_EXHAUSTED",
        "Cannot send the message: too many wait here already, try again later.",
      );
    }
    this.#waiting++;
    return () => this.#waiting--;
  }
}

/** One person: a browser's, for as long as its socket lives and its sends are unanswered. */
export class Person {
  /** The name as others see it; rejects with the refusal. */
  readonly opened: Promise<string>;
  readonly closed: Promise<void>;
  readonly #username: string;
  readonly #upstream: () => Upstream;
  readonly #admit: () => () => void;
  readonly #open = Promise.withResolvers<string>();
  readonly #gone = Promise.withResolvers<void>();
  /** In the order of sending, which a new session repeats. */
  readonly #waiting = new Set<Waiting>();
  #handle: number | undefined;
  #leaving = false;
  /** Why ChatService did not take the person, if it did not. */
  #refusal: ChatError | undefined;

  constructor(username: string, { upstream, admit }: { upstream: () => Upstream; admit: () => () => void }) {
    this.#username = username;
    this.#upstream = upstream;
    this.#admit = admit;
    this.opened = this.#open.promise;
    this.closed = this.#gone.promise;
    // Whoever does not ask for the answer does not want the process to end over it.
    this.opened.catch(() => {});
  }

  /** Resolves when it is stored; survives a change of session. Rejects with the refusal. */
  async send(said: Said): Promise<Sent> {
    if (this.#refusal) throw this.#refusal;
    const answered = this.#admit();
    try {
      return await new Promise((resolve, reject) => {
        const waiting = { ...said, tries: 0, resolve, reject };
        this.#waiting.add(waiting);
        this.#write(waiting);
      });
    } finally {
      answered();
      if (this.#leaving) this.#leave();
    }
  }

  /** A new session is there: opens the person on it, and sends again what is unanswered. */
  async up(): Promise<void> {
    try {
      const { opened } = await this.#upstream().request({ open: { username: this.#username } });
      this.#handle = opened?.person;
      this.#refusal = undefined;
      this.#open.resolve(opened?.username ?? this.#username);
      for (const waiting of this.#waiting) this.#write(waiting);
      if (this.#leaving) this.#leave();
    } catch (error) {
      if (error instanceof LinkLost) return;
      const refusal = toChatError(error);
      this.#open.reject(refusal);
      this.#refusal = refusal;
      for (const { reject } of this.#waiting) reject(refusal);
      this.#waiting.clear();
    }
  }

  /** The session is gone. */
  down(): void {
    this.#handle = undefined;
    if (this.#leaving) this.#leave();
  }

  /** Leaves the session once everything is answered. */
  close(): void {
    this.#leaving = true;
    this.#leave();
  }

  #leave(): void {
    if (this.#waiting.size > 0) return;
    // Changes nothing for one who was let in.
    this.#open.reject(
      new ChatError("UNAVAILABLE", "Cannot open the person: they left before they were let in."),
    );
    if (this.#handle !== undefined) {
      // It ends with the session anyway.
      this.#upstream().request({ close: { person: this.#handle } }).catch(() => {});
    }
    this.#handle = undefined;
    this.#gone.resolve();
  }

  #write(waiting: Waiting): void {
    if (this.#handle === undefined) return;
    const { room, clientId, text, resolve, reject } = waiting;
    this.#upstream().request({ send: { person: this.#handle, room, clientId, text } }).then(({ sent }) => {
      this.#waiting.delete(waiting);
      if (sent) resolve(sent);
      else {reject(
          new ChatError(
            "INTERNAL",
            "Cannot tell what became of it: a send was answered with something else.",
          ),
        );}
    }, (error) => {
      // It stays, and the next session sends it again under the same client_id.
      if (error instanceof LinkLost && ++waiting.tries < triesMost) return;
      this.#waiting.delete(waiting);
      reject(toChatError(error));
    });
  }
}
