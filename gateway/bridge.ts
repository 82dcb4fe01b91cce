/** What all sockets of a gateway share: the one session with ChatService, the rooms it follows, its people. */
import { ChatError } from "../protos/errors.ts";
import { lobby } from "../protos/events.ts";
import type { Journal } from "../runtime/journal.ts";
import { People, type Person } from "./people.ts";
import { Room } from "./room.ts";
import { type Link, Upstream } from "./upstream.ts";

/** The bridge between sockets and ChatService. */
export class Bridge {
  readonly #upstream: Upstream;
  readonly #people = new People(() => this.#upstream);
  readonly #rooms = new Map<string, Room>();
  readonly #linkListeners = new Set<(link: Link) => void>();

  constructor(chatAddress: string, { journal }: { journal: Journal }) {
    this.#upstream = new Upstream(chatAddress, {
      journal,
      events: {
        onUp: () => {
          for (const room of this.#rooms.values()) room.up();
          this.#people.up();
          this.#tellLink();
        },
        onDown: () => {
          for (const room of this.#rooms.values()) room.down();
          this.#people.down();
        },
        onAway: () => this.#tellLink(),
        onFollowed: (followed) => this.#rooms.get(followed.room)?.begin(followed),
        onBatch: (batch) => this.#rooms.get(batch.room)?.take(batch),
      },
    });
    // Followed from the start, so that the first who joins need not wait.
    this.#rooms.set(lobby, new Room(lobby, { upstream: this.#upstream, journal }));
  }

  /** Whether ChatService is reached. */
  get link(): Link {
    return this.#upstream.link;
  }

  /** True if the page works: ChatService is reached and the lobby is caught up. */
  get ready(): boolean {
    return this.link.up && this.room(lobby).caughtUp;
  }

  /** Calls back whenever the link goes up or down, until the signal aborts. */
  onLink(listener: (link: Link) => void, { signal }: { signal: AbortSignal }): void {
    this.#linkListeners.add(listener);
    signal.addEventListener("abort", () => this.#linkListeners.delete(listener), { once: true });
  }

  /** A room; empty means the lobby. Throws NOT_FOUND. */
  room(name: string): Room {
    const room = this.#rooms.get(name || lobby);
    if (room) return room;
    throw new ChatError(
      "NOT_FOUND",
      `Cannot open the room ${JSON.stringify(name)}: there is no such room, use "${lobby}".`,
    );
  }

  /** Brings a person on. Close them when their socket is gone. */
  open(username: string): Person {
    return this.#people.open(username);
  }

  async close(): Promise<void> {
    await this.#upstream.close();
  }

  #tellLink(): void {
    for (const listener of this.#linkListeners) listener(this.link);
  }
}
