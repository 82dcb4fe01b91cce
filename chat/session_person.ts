/** One person on a session: what they do, in their order and not too fast, and where they are. */
import { ChatError, toChatError } from "../protos/errors.ts";
import { lobby, type Principal } from "../protos/events.ts";
import type { ClientFrame__Output as ClientFrame } from "../protos/gen/chat/ClientFrame.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { limits } from "../protos/limits.ts";
import type { Chat } from "./chat.ts";
import { type Admission, tooFast } from "./guests.ts";
import { perform, priceOf } from "./perform.ts";
import type { Holder } from "./signals.ts";
import { Throttle } from "./throttle.ts";

/** What one person on one session may do, whatever they do on others. */
const ownPace = { perSecond: limits.commandsPerSecondGrpc, burst: limits.commandsBurstGrpc };

/** Who went on though they were refused again and again: a guest, on whichever sessions, or this very session. */
export type Flooder = "guest" | "session";

/** What was refused for now, and until when it is waited for. Times are of `performance.now()`, in milliseconds. */
interface Held {
  readonly clientId: string;
  readonly until: number;
  /** However many come that have to wait for it. */
  readonly atMost: number;
}

/** One person. */
export class SessionPerson {
  readonly #admission: Admission;
  readonly #chat: Chat;
  readonly #flood: (flooder: Flooder) => void;
  readonly #holder: Holder;
  readonly #presentIn = new Set<string>();
  readonly #own = new Throttle(ownPace);
  readonly #shared = new Throttle(ownPace);
  #held: Held | undefined;

  /** `flood` is told when they go on though they were refused again and again. */
  constructor(admission: Admission, { chat, flood }: { chat: Chat; flood: (flooder: Flooder) => void }) {
    this.#admission = admission;
    this.#chat = chat;
    this.#flood = flood;
    this.#holder = chat.rosters.newHolder();
  }

  get principal(): Principal {
    return this.#admission.principal;
  }

  /**
   * Begins a command of theirs; undefined if it is not for one person to do. Rejects with what was refused, or throws it.
   * What was refused for now keeps its place: later ones that store something are refused until it is sent again.
   */
  perform(frame: ClientFrame): Promise<ServerFrame> | undefined {
    const clientId = clientIdOf(frame);
    if (clientId === undefined) {
      this.pace(priceOf(frame));
      return perform(this.#chat, this.principal, frame);
    }
    this.#keepOrder(clientId);
    try {
      this.pace();
    } catch (error) {
      this.#hold(clientId);
      throw error;
    }
    const performed = perform(this.#chat, this.principal, frame);
    performed?.catch((error) => {
      if (toChatError(error).retry) this.#hold(clientId);
    });
    return performed;
  }

  /** Counts a command, at its price. Throws RESOURCE_EXHAUSTED if they come too fast. */
  pace(price = 1): void {
    const own = this.#own.take(price);
    if (own === "flood") this.#flood("session");
    if (!this.#admission.admit(price) || own !== "admitted") throw this.#tooFast();
  }

  /** Throws UNAUTHENTICATED if they may not read a room. */
  mayRead(room: string): void {
    if (room === lobby || this.principal.id !== "") return;
    throw new ChatError("UNAUTHENTICATED", `Cannot read "${room}": it takes a person who has signed in.`);
  }

  setPresence(room: string, here: boolean): ServerFrame {
    this.pace();
    this.#mustBeGuest("be in the room");
    if (here && !this.#presentIn.has(room) && this.#presentIn.size >= limits.roomsPerSession) {
      throw new ChatError("RESOURCE_EXHAUSTED", "Cannot be in one more room: leave another one first.");
    }
    if (here) this.#presentIn.add(room);
    else this.#presentIn.delete(room);
    this.#publish(here ? "present" : "gone", room);
    return { done: {} };
  }

  setTyping(room: string, writing: boolean): ServerFrame {
    this.pace();
    this.#mustBeGuest("tell that you write");
    this.#chat.rosters.publish({ kind: writing ? "typing" : "stopped", room, name: this.principal.name });
    return { done: {} };
  }

  close(): void {
    for (const room of this.#presentIn) this.#publish("gone", room);
    this.#presentIn.clear();
    this.#admission.close();
  }

  #keepOrder(clientId: string): void {
    if (!this.#held) return;
    const now = performance.now();
    if (this.#held.clientId !== clientId && now < this.#held.until) {
      // It may be on its way from a client whose line is slow: this one was written before the refusal came there.
      this.#held = { ...this.#held, until: Math.min(now + limits.orderHoldMs, this.#held.atMost) };
      throw this.#tooFast();
    }
    this.#held = undefined;
  }

  #hold(clientId: string): void {
    // Without an id its repeat could not be told from another one.
    if (clientId === "") return;
    const now = performance.now();
    this.#held ??= { clientId, until: now + limits.orderHoldMs, atMost: now + limits.orderHoldMostMs };
  }

  #tooFast(): ChatError {
    if (this.#shared.refuse() === "flood") {
      this.#admission.sendAway();
      this.#flood("guest");
    }
    return tooFast();
  }

  #publish(kind: "present" | "gone", room: string): void {
    this.#chat.rosters.publish({ kind, room, holder: this.#holder, name: this.principal.name });
  }

  #mustBeGuest(act: string): void {
    if (this.principal.id !== "") return;
    throw new ChatError("UNAUTHENTICATED", `Cannot ${act}: it takes a person who has signed in.`);
  }
}

/** The id of a command that stores something in a room; undefined for others. */
function clientIdOf({ send, edit, delete: remove, react }: ClientFrame): string | undefined {
  return (send ?? edit ?? remove ?? react)?.clientId;
}
