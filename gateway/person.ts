/**
 * One person of a gateway, on its one session with ChatService. What they ask for is kept until it is answered: a new
 * session opens them again, is told where they are, and is given again what was under way, in the same order.
 */
import { ChatError, type ErrorCode, toChatError } from "../protos/errors.ts";
import type { Principal } from "../protos/events.ts";
import type { ServerFrame__Output as ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { limits } from "../protos/limits.ts";
import { type Act, type Body, isHint, withClientId } from "./commands.ts";
import { type Command, LinkLost, type Upstream } from "./upstream.ts";

/** What was under way when so many sessions broke is suspected of breaking them, and given up. */
const triesMost = 30;

/** Who a person says they are: a token, or on the tutorial's door a name. */
export type Claim = { readonly token: string } | { readonly username: string };

/** What a person works on. */
export interface PersonOptions {
  readonly upstream: () => Upstream;
  /** Counts an act until the function that it gives is called. Throws RESOURCE_EXHAUSTED. */
  readonly admit: (act: Act) => () => void;
  /** Called whenever the person was let in on a session. */
  readonly entered: () => void;
  /** Called when nobody needs them and all that was asked is answered. True if they are to stay for who comes back. */
  readonly keep: (person: Person) => boolean;
  /** Called when the person has left. */
  readonly left: (person: Person) => void;
}

/** Who needs a person. */
export interface PersonUser {
  /** Called when ChatService does not take the person any longer, after it did. */
  readonly ended: (why: ChatError) => void;
}

interface Waiting {
  readonly act: Act;
  /** Sessions that broke while it was under way. */
  tries: number;
  readonly resolve: (reply: ServerFrame) => void;
  readonly reject: (error: ChatError) => void;
}

/** How a person stands with the session there is. */
type Standing =
  /** There is no session, or it has not let them in yet. */
  | { readonly is: "outside" }
  /** The same, but ChatService has just let them in by this token in another way. */
  | { readonly is: "expected"; readonly principal: Principal }
  | { readonly is: "inside"; readonly principal: Principal; readonly handle: number }
  | { readonly is: "refused"; readonly why: ChatError }
  | { readonly is: "gone" };

/** One person: a socket's, for as long as it lives and what was asked on it is unanswered, and one socket's after the other. */
export class Person {
  readonly claim: Claim;
  /** Who it is, as others see it; rejects with the refusal. */
  readonly opened: Promise<Principal>;
  readonly #options: PersonOptions;
  readonly #open = Promise.withResolvers<Principal>();
  /** In the order of asking, which a new session repeats. */
  readonly #waiting = new Set<Waiting>();
  /** The rooms they are in, by name. */
  readonly #present = new Set<string>();
  #standing: Standing = outside;
  #wasInside = false;
  #user: PersonUser | undefined;

  /** `principal` is who they are, if ChatService has just said so of their token. Nobody needs them until `use` is called. */
  constructor(
    claim: Claim,
    options: PersonOptions,
    { principal }: { principal?: Principal | undefined } = {},
  ) {
    this.claim = claim;
    this.#options = options;
    this.opened = this.#open.promise;
    if (principal) {
      this.#standing = { is: "expected", principal };
      this.#wasInside = true;
      this.#open.resolve(principal);
    }
    // Whoever does not ask for the answer does not want the process to end over it.
    this.opened.catch(ignore);
  }

  /** The handle on the session there is; undefined while there is none, or nobody needs them. */
  get handle(): number | undefined {
    return this.#standing.is === "inside" && this.#user ? this.#standing.handle : undefined;
  }

  /** Who they are, as ChatService says on the session there is; undefined while it does not. */
  get principal(): Principal | undefined {
    return this.#standing.is === "inside" || this.#standing.is === "expected"
      ? this.#standing.principal
      : undefined;
  }

  /** True under this handle of the session there is, also while nobody needs them. */
  isUnder(handle: number): boolean {
    return this.#standing.is === "inside" && this.#standing.handle === handle;
  }

  /** They are a socket's from now on. */
  use(user: PersonUser): void {
    this.#user = user;
  }

  /** Resolves with ChatService's reply, however many sessions that takes. Rejects with the refusal. */
  async ask(asked: Act): Promise<ServerFrame> {
    if (this.#standing.is === "refused") throw this.#standing.why;
    if (isHint(asked) && this.handle === undefined) return done;
    if (asked.is === "presence") this.#stay(asked.body);
    const answered = this.#options.admit(asked);
    try {
      return await new Promise((resolve, reject) => {
        const waiting = { act: withClientId(asked), tries: 0, resolve, reject };
        this.#waiting.add(waiting);
        this.#write(waiting);
      });
    } catch (error) {
      if (asked.is === "presence") this.#present.delete(asked.body.room);
      throw error;
    } finally {
      answered();
      if (!this.#user) this.rest();
    }
  }

  /** A new session is there: opens the person on it, and gives it all that it has to know. */
  async up(): Promise<void> {
    try {
      const { opened } = await this.#options.upstream().request({ open: this.claim }, {
        // That they may not go on can come right behind it.
        heard: ({ opened }) =>
          opened?.principal && this.#enter({ principal: opened.principal, handle: opened.person }),
      });
      if (opened?.principal) return;
      throw new ChatError("INTERNAL", "Cannot open the person: the answer was another one.");
    } catch (error) {
      if (!(error instanceof LinkLost)) this.#refuse(toChatError(error));
    }
  }

  /** The session is gone. */
  down(): void {
    if (this.#standing.is !== "gone") this.#standing = outside;
    if (!this.#user) this.rest();
  }

  /** The socket needs them no more. */
  close(): void {
    this.#user = undefined;
    this.rest();
  }

  /** Once everything is answered, they stay for who comes back, being nowhere meanwhile, or leave the session. */
  rest(): void {
    if (this.#waiting.size > 0 || this.#standing.is === "gone") return;
    if (this.#standing.is === "refused" || !this.#options.keep(this)) return this.leave();
    const present = [...this.#present];
    this.#present.clear();
    if (this.#standing.is !== "inside") return;
    const { handle: person } = this.#standing;
    for (const room of present) {
      this.#options.upstream().request({ presence: { person, room, gone: true } }).catch(ignore);
    }
  }

  /** Leaves the session. */
  leave(): void {
    // Changes nothing for one who was let in.
    this.#open.reject(
      new ChatError("UNAVAILABLE", "Cannot open the person: they left before they were let in."),
    );
    this.#exit({ is: "gone" });
    this.#options.left(this);
  }

  /** ChatService does not know them, or not any longer. */
  end(why: ChatError): void {
    this.#refuse(why);
  }

  #enter({ principal, handle }: { principal: Principal; handle: number }): void {
    const hasLeft = this.#standing.is === "gone";
    this.#standing = { is: "inside", principal, handle };
    if (hasLeft) return this.leave();
    this.#wasInside = true;
    this.#open.resolve(principal);
    for (const waiting of this.#waiting) this.#write(waiting);
    if (!this.#user) return this.rest();
    for (const room of this.#present) this.#tellPresence(room, handle);
    this.#options.entered();
  }

  #refuse(why: ChatError): void {
    this.#exit({ is: "refused", why });
    for (const { reject } of this.#waiting) reject(why);
    this.#waiting.clear();
    this.#open.reject(why);
    if (!this.#user) return this.rest();
    // Behind the answers to what was asked.
    if (this.#wasInside) queueMicrotask(() => this.#user?.ended(why));
  }

  #exit(to: Standing): void {
    if (this.#standing.is === "inside") {
      // It ends with the session anyway.
      this.#options.upstream().request({ close: { person: this.#standing.handle } }).catch(ignore);
    }
    this.#standing = to;
  }

  #stay({ room, gone }: Body<"presence">): void {
    if (gone) this.#present.delete(room);
    else if (this.#present.size < limits.roomsPerSession) this.#present.add(room);
    else {
      throw new ChatError(
        "RESOURCE_EXHAUSTED",
        `Cannot be in one more room: ${limits.roomsPerSession} are the most, leave one first.`,
      );
    }
  }

  #tellPresence(room: string, person: number): void {
    this.#options.upstream().request({ presence: { person, room } }).catch((error) => {
      if (!(error instanceof LinkLost)) this.#present.delete(room);
    });
  }

  #write(waiting: Waiting): void {
    const { handle } = this.#standing.is === "inside" ? this.#standing : { handle: undefined };
    if (handle === undefined) return;
    const { act, resolve, reject } = waiting;
    const command: Command = { [act.is]: { ...act.body, person: handle } };
    this.#options.upstream().request(command).then((reply) => {
      this.#waiting.delete(waiting);
      resolve(reply);
    }, (error) => {
      if (error instanceof LinkLost) {
        if (isHint(act)) {
          this.#waiting.delete(waiting);
          return resolve(done);
        }
        // It stays, and the next session is given it again.
        if (++waiting.tries < triesMost) return;
      }
      this.#waiting.delete(waiting);
      const refusal = toChatError(error);
      reject(refusal);
      if ("token" in this.claim && knownNoMore.has(refusal.code)) this.#refuse(refusal);
    });
  }
}

/** What a guest is told whose token is good no more, or whose name somebody else has by now. */
const knownNoMore: ReadonlySet<ErrorCode> = new Set(["UNAUTHENTICATED", "NAME_TAKEN"]);

function ignore(): void {}

const outside = { is: "outside" } as const;

const done: ServerFrame = { id: 0, done: {}, frame: "done" };
