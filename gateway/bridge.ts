/** What all sockets of a gateway share: the one session with ChatService, the rooms it follows, its people. */
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import type { SignedIn__Output as SignedIn } from "../protos/gen/chat/SignedIn.ts";
import { sleep } from "../runtime/deadline.ts";
import type { Journal } from "../runtime/journal.ts";
import { People } from "./people.ts";
import type { Claim, Person } from "./person.ts";
import type { Reader, Room } from "./room.ts";
import { type Entered, Rooms } from "./rooms.ts";
import { type Guest, Tokens } from "./tokens.ts";
import { type Dial, type Link, Upstream } from "./upstream.ts";

/** What a bridge works with. */
export interface BridgeOptions {
  readonly journal: Journal;
  /** How to connect, if not plainly. */
  readonly dial?: Dial | undefined;
  /** How long a room is kept that nobody reads, in milliseconds. */
  readonly roomIdleMs?: number;
  /** And somebody whom no socket needs. */
  readonly personIdleMs?: number;
}

/** One who is told of the link. */
export interface LinkWatcher {
  linkChanged(link: Link): void;
}

/** The bridge between sockets and ChatService. */
export class Bridge {
  readonly #tokens = new Tokens();
  readonly #upstream: Upstream;
  readonly #rooms: Rooms;
  readonly #people: People;
  readonly #linkWatchers = new Set<LinkWatcher>();
  #asksSoon = false;

  constructor(chatAddress: string, { journal, dial, roomIdleMs, personIdleMs }: BridgeOptions) {
    const entered = () => this.#askSoon();
    this.#people = new People(() => this.#upstream, {
      entered,
      ...(personIdleMs !== undefined && { idleMs: personIdleMs }),
    });
    const idleMs = roomIdleMs === undefined ? {} : { idleMs: roomIdleMs };
    const rooms = this.#rooms = new Rooms(() => this.#upstream, { journal, ...idleMs });
    this.#upstream = new Upstream(chatAddress, {
      journal,
      dial,
      events: {
        onUp: (keys) => {
          this.#learn(keys, journal);
          rooms.ask();
          this.#people.up();
          this.#tellLink();
        },
        onDown: () => {
          rooms.down();
          this.#people.down();
        },
        onAway: () => this.#tellLink(),
        onBatch: (batch) => rooms.get(batch.room)?.take(batch),
        onClosed: (person, why) => this.#people.endHandle(person, why),
        onRoster: (roster) => rooms.get(roster.room)?.takeRoster(roster),
      },
    });
    // Opens it.
    rooms.lobby;
  }

  /** Whether ChatService is reached. */
  get link(): Link {
    return this.#upstream.link;
  }

  /** True if the page works: ChatService is reached and the lobby is caught up. */
  get ready(): boolean {
    return this.link.up && this.#rooms.lobby.caughtUp;
  }

  get lobby(): Room {
    return this.#rooms.lobby;
  }

  /** How many pages of older events ChatService was asked for. */
  get pageReads(): number {
    return this.#rooms.pages.reads;
  }

  /** How many people ChatService knows here, those included whom no socket needs at the moment. */
  get peopleCount(): number {
    return this.#people.size;
  }

  /** How many rooms are held. */
  get roomCount(): number {
    return this.#rooms.size;
  }

  /** Tells whenever the link goes up or down. */
  watchLink(watcher: LinkWatcher): void {
    this.#linkWatchers.add(watcher);
  }

  unwatchLink(watcher: LinkWatcher): void {
    this.#linkWatchers.delete(watcher);
  }

  /** A room, followed for a reader until it is left. */
  enter(room: string, reader: Reader): Entered {
    return this.#rooms.enter(room, reader);
  }

  /** Brings a person on. Close them when their socket is gone; `ended` is called if they may not go on before that. */
  open(claim: Claim, { ended = () => {} }: { ended?: (why: ChatError) => void } = {}): Person {
    return this.#people.open(claim, { ended });
  }

  /** Whom a token speaks for. Rejects with UNAUTHENTICATED, or with UNAVAILABLE while no key is known. */
  async verify(token: string): Promise<Guest> {
    if (token !== "" && !this.#tokens.known) await this.#reached();
    return await this.#tokens.verify(token);
  }

  /** Somebody will soon come by this token, of which it is known whom it speaks for. */
  expect({ token }: Guest): void {
    this.#people.expect(token);
  }

  /** Gives a guest a name. Rejects with ChatService's refusal, or with UNAVAILABLE. */
  async signIn(name: string, token: string): Promise<SignedIn> {
    await this.#reached();
    const signedIn = await this.#upstream.call("SignIn", { name, token });
    this.#people.expect(signedIn.token, signedIn.principal ?? undefined);
    return signedIn;
  }

  /** Gives a token back; whoever is here by it is sent away. */
  async signOut(token: string): Promise<void> {
    await this.#reached();
    await this.#upstream.call("SignOut", { token });
    this.#people.end(token, new ChatError("UNAUTHENTICATED", "Cannot go on: you signed out, sign in again."));
  }

  async close(): Promise<void> {
    this.#rooms.close();
    await this.#upstream.close();
  }

  /** Resolves when ChatService is reached, or after a moment: it, or this gateway, may just be starting. */
  async #reached(): Promise<void> {
    if (this.link.up) return;
    const { signal } = this.#upstream;
    const enough = new AbortController();
    const stop = () => enough.abort();
    const watcher: LinkWatcher = { linkChanged: ({ up }) => up && stop() };
    this.watchLink(watcher);
    signal.addEventListener("abort", stop);
    await sleep(limits.patienceMs, enough);
    signal.removeEventListener("abort", stop);
    this.unwatchLink(watcher);
  }

  #learn(keys: string, journal: Journal): void {
    try {
      this.#tokens.learn(keys);
    } catch (error) {
      journal.warn(
        "Cannot read the keys that ChatService gave: tokens are checked against those known before.",
        error,
      );
    }
  }

  /** Once for all who are let in together, as when thousands are on a new session. */
  #askSoon(): void {
    if (this.#asksSoon) return;
    this.#asksSoon = true;
    queueMicrotask(() => {
      this.#asksSoon = false;
      this.#rooms.ask();
    });
  }

  #tellLink(): void {
    for (const watcher of this.#linkWatchers) watcher.linkChanged(this.link);
  }
}
