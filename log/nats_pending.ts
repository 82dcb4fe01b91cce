/** Appends of this node that the stream has not shown yet, by room. */
import type { Appended } from "../chat/log.ts";
import type { ChatError } from "../protos/errors.ts";
import type { Place } from "./sqlite_replica.ts";

/** One of them. Dispose it when it is settled. */
export interface PendingAppend extends Disposable {
  /** How it is found in the stream. */
  readonly id: string;
  /** The place of the room's newest message when it was made. */
  readonly expected: number;
  /** Resolves when the stream has shown it, or what came in its place. */
  readonly shown: Promise<Appended>;
  /** From now on nobody knows whether it is stored. */
  doubt(): void;
  reject(why: ChatError): void;
}

/** A record of the stream, as this node has applied it. */
export interface Shown {
  readonly room: string;
  readonly place: Place;
  /** The room's head after it. */
  readonly head: number;
  /** False if another one was first: it is in the stream and changed nothing. */
  readonly counts: boolean;
}

interface Waiting {
  readonly id: string;
  readonly expected: number;
  readonly settle: PromiseWithResolvers<Appended>;
}

/** All of them. */
export class PendingAppends {
  readonly #rooms = new Map<string, Set<Waiting>>();
  readonly #doubtful = new Set<Waiting>();

  /** True if there is one of which nobody knows whether it is stored. */
  get doubtful(): boolean {
    return this.#doubtful.size > 0;
  }

  /** True if the record is one of them. */
  has(room: string, id: string): boolean {
    return this.#rooms.get(room)?.values().some((waiting) => waiting.id === id) ?? false;
  }

  /** A new one, against the place of the room's newest message. */
  add(room: string, expected: number): PendingAppend {
    const waiting = { id: crypto.randomUUID(), expected, settle: Promise.withResolvers<Appended>() };
    const ofRoom = this.#rooms.get(room) ?? new Set();
    this.#rooms.set(room, ofRoom.add(waiting));
    return {
      id: waiting.id,
      expected,
      shown: waiting.settle.promise,
      doubt: () => this.#doubtful.add(waiting),
      reject: (why) => waiting.settle.reject(why),
      [Symbol.dispose]: () => {
        this.#doubtful.delete(waiting);
        ofRoom.delete(waiting);
        if (ofRoom.size === 0) this.#rooms.delete(room);
      },
    };
  }

  /** The first record after the expected place decides: it is the append, or the append can never count. */
  show({ room, place: { id, sequence }, head, counts }: Shown): void {
    for (const { id: own, expected, settle } of this.#rooms.get(room) ?? []) {
      if (own === id && counts) settle.resolve({ kind: "appended" });
      else if (sequence > expected) settle.resolve({ kind: "conflict", head });
    }
  }

  /** Nothing more will be shown. */
  end(why: ChatError): void {
    for (const room of this.#rooms.values()) for (const { settle } of room) settle.reject(why);
  }
}
