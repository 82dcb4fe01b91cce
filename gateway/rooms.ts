/** The rooms of a gateway: each is followed when the first reader comes, and for a while after the last one left. */
import { lobby } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import type { Journal } from "../runtime/journal.ts";
import { Pages } from "./pages.ts";
import { type Reader, Room } from "./room.ts";
import { Slots } from "./slots.ts";
import { LinkLost, type Upstream } from "./upstream.ts";

/** A room that is followed for somebody. */
export interface Entered {
  readonly room: Room;
  /** Lets go of it. */
  leave(): void;
}

/** All rooms that somebody reads, or has read a moment ago. */
export class Rooms {
  readonly #upstream: () => Upstream;
  readonly #journal: Journal;
  readonly #idleMs: number;
  readonly #rooms = new Map<string, Room>();
  /** Those that nobody reads, the one that was left first in front. */
  readonly #idle = new Map<Room, ReturnType<typeof setTimeout>>();
  readonly #reading = new Slots(limits.catchingUp);
  readonly #catchingUp = new Slots(limits.catchingUp);
  readonly pages = new Pages((room, after, count) =>
    this.#rooms.get(room)?.fetch(after, count) ?? Promise.reject(new LinkLost())
  );

  constructor(
    upstream: () => Upstream,
    { journal, idleMs = limits.roomIdleMs }: { journal: Journal; idleMs?: number },
  ) {
    this.#upstream = upstream;
    this.#journal = journal;
    this.#idleMs = idleMs;
  }

  /** The room that is followed from the start, so that the first who joins need not wait. */
  get lobby(): Room {
    return this.#open(lobby);
  }

  /** How many there are, the idle ones included. */
  get size(): number {
    return this.#rooms.size;
  }

  /** A room, followed until whoever wanted it lets go. Whether there is one is known when it has caught up. */
  enter(name: string, reader: Reader): Entered {
    const room = this.#open(name);
    clearTimeout(this.#idle.get(room));
    this.#idle.delete(room);
    const leave = room.enter(reader);
    return {
      room,
      leave: () => {
        leave();
        this.#rest(room);
      },
    };
  }

  get(name: string): Room | undefined {
    return this.#rooms.get(name);
  }

  /** There is a session, or somebody was let in on it. */
  ask(): void {
    for (const room of this.#rooms.values()) room.ask();
  }

  /** The session is gone. */
  down(): void {
    for (const room of this.#rooms.values()) room.down();
  }

  close(): void {
    for (const timer of this.#idle.values()) clearTimeout(timer);
    this.#idle.clear();
  }

  #open(name: string): Room {
    const known = this.#rooms.get(name);
    if (known) return known;
    const rooms = this.#rooms;
    const room = new Room(name, {
      upstream: this.#upstream(),
      journal: this.#journal,
      pages: this.pages,
      reading: this.#reading,
      catchingUp: this.#catchingUp,
      // Looked at with each event that comes in. What falls off is in the pages.
      tailLimits: {
        events: limits.tailEvents,
        get bytes() {
          return Math.min(limits.tailBytes, limits.tailsBytes / rooms.size);
        },
      },
      refused: (room) => this.#forget(room),
    });
    rooms.set(name, room);
    return room;
  }

  /** Keeps a room that nobody reads for those who come back, unless there are many such rooms. */
  #rest(room: Room): void {
    if (room.wanted || room.room === lobby || this.#rooms.get(room.room) !== room) return;
    if (this.#upstream().signal.aborted) return;
    clearTimeout(this.#idle.get(room));
    this.#idle.delete(room);
    this.#idle.set(room, setTimeout(() => this.#leave(room), this.#idleMs));
    const [oldest] = this.#idle.keys();
    if (this.#idle.size > limits.roomsIdle && oldest) this.#leave(oldest);
  }

  #leave(room: Room): void {
    room.leave();
    this.#forget(room);
  }

  #forget(room: Room): void {
    clearTimeout(this.#idle.get(room));
    this.#idle.delete(room);
    if (this.#rooms.get(room.room) === room) this.#rooms.delete(room.room);
  }
}
