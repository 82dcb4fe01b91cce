/** The places of a gateway: so many sockets in all, and so many of them for one guest, or for those who are nobody. */
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";

/** A socket, as far as it takes a place: until it is closed, since one that is going still holds its file. */
export interface Placed {
  /** True if it is gone or going. */
  readonly isGone: boolean;
  readonly closed: Promise<void>;
}

/** Who holds a place on the tutorial's door. */
export const nobody = "";

/** All places. */
export class Places<S extends Placed> {
  readonly #sockets: Set<S>;
  readonly #most: number;
  /** By the guest's id. */
  readonly #held = new Map<string, S[]>();

  /** `sockets` is kept as the set of all that are placed. */
  constructor(sockets: Set<S>, { most }: { most: number }) {
    this.#sockets = sockets;
    this.#most = most;
  }

  /** Throws UNAVAILABLE if there is no place, and RESOURCE_EXHAUSTED if the guest has enough of them. */
  check(guest: string): void {
    if (this.#sockets.size >= this.#most) {
      throw new ChatError("UNAVAILABLE", "Cannot connect: the server is full, try again later.");
    }
    const held = this.#held.get(guest);
    if (!held) return;
    if (guest === nobody) {
      if (held.length < Math.max(1, this.#most * limits.socketsAnonymousShare)) return;
      throw new ChatError(
        "UNAVAILABLE",
        "Cannot connect: all places for those without a token are taken, sign in or try again later.",
      );
    }
    const live = held.filter(({ isGone }) => !isGone);
    if (held.length < limits.socketsPerGuestInAll && live.length < limits.socketsPerGuest) return;
    throw new ChatError(
      "RESOURCE_EXHAUSTED",
      `Cannot connect: you have ${limits.socketsPerGuest} connections here already, close one first.`,
    );
  }

  /** Gives a socket its place. */
  take(socket: S, guest: string): void {
    this.#sockets.add(socket);
    const held = this.#held.get(guest);
    if (held) held.push(socket);
    else this.#held.set(guest, [socket]);
    socket.closed.then(() => this.#free(socket, guest));
  }

  #free(socket: S, guest: string): void {
    this.#sockets.delete(socket);
    const held = this.#held.get(guest) ?? [];
    held.splice(held.indexOf(socket), 1);
    if (held.length === 0) this.#held.delete(guest);
  }
}
