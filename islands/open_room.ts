import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Principal, RoomEvent } from "../protos/events.ts";
import type { Room__Output } from "../protos/gen/chat/Room.ts";
import type { Roster__Output } from "../protos/gen/chat/Roster.ts";
import { type Answer, asked, type Commands } from "./commands.ts";
import {
  type Conversation,
  follow,
  hasEarlier,
  missing,
  prepend,
  shed,
  startConversation,
  take,
} from "./conversation.ts";
import type { Batch, Frame } from "./frames.ts";
import * as marks from "./mark.ts";
import { unread } from "./reading.ts";
import type { Standing } from "./words.ts";

/** Who wants to know what happens in a room. */
export interface RoomEnds {
  /** Events came, or the reader stands somewhere else. */
  moved(room: OpenRoom, events: readonly RoomEvent[]): void;
  /** What was held is not the room's past. */
  reset(room: OpenRoom): void;
  /** The room is not there, or may not be read. */
  refused(room: OpenRoom): void;
  /** The server told how the room is. */
  told(room: Room__Output): void;
  /** What the server sent does not continue what is held. */
  fault(why: string): void;
}

/** Events asked for at a time when somebody scrolls up, and when a message is looked for. */
const pageEvents = 200;
const searchEvents = 500;
const againMs = 1_000;

/** A room that this page reads. */
export class OpenRoom {
  readonly name: string;
  readonly #commands: Commands;
  readonly #ends: RoomEnds;
  readonly #conversation = signal<Conversation>(startConversation());
  readonly #standing = signal<Standing>({ is: "joining" });
  readonly #roster = signal<Roster__Output | null>(null);
  #page: Promise<void> | null = null;
  /** Whether an earlier page is on its way. */
  readonly #loading = signal(false);
  readonly #marking = signal(marks.unmarked);
  readonly #line = signal<number | null>(null);
  /** The newest `follow`: replies to older ones count for nothing. */
  #turn = 0;
  #markTimer: ReturnType<typeof setTimeout> | undefined;
  #againTimer: ReturnType<typeof setTimeout> | undefined;

  /** The person looks at the end: what comes is seen. */
  #watched = false;

  /** Messages of others that this person has not seen; 0 as long as that is not known. */
  readonly unread: ReadonlySignal<number>;
  /** Events that the server told of and that are not here yet. */
  readonly missing: ReadonlySignal<number>;

  constructor(
    name: string,
    { commands, ends, me }: { commands: Commands; ends: RoomEnds; me: ReadonlySignal<Principal> },
  ) {
    this.name = name;
    this.unread = computed(() => {
      if (this.#line.value === null) return 0;
      return unread(this.#conversation.value, { read: this.#marking.value.read, me: me.value });
    });
    this.missing = computed(() => missing(this.#conversation.value));
    this.#commands = commands;
    this.#ends = ends;
  }

  get conversation(): ReadonlySignal<Conversation> {
    return this.#conversation;
  }

  get standing(): ReadonlySignal<Standing> {
    return this.#standing;
  }

  /** Who is here and who writes; null before it is known. */
  get roster(): ReadonlySignal<Roster__Output | null> {
    return this.#roster;
  }

  get loading(): ReadonlySignal<boolean> {
    return this.#loading;
  }

  /** How far this person has read. */
  get marking(): ReadonlySignal<marks.Marking> {
    return this.#marking;
  }

  /** What came after this seq is new to the person who looks; 0 if all is, null before that is known. */
  get line(): ReadonlySignal<number | null> {
    return this.#line;
  }

  /** Reads the room, from where this reader stands if it stands anywhere. */
  follow(): void {
    clearTimeout(this.#againTimer);
    const turn = ++this.#turn;
    const { name: room } = this;
    const { cursor } = this.#conversation.value;
    const replay = cursor ? { replay: "REPLAY_RESUME", after: cursor } as const : {};
    this.#standing.value = { is: "joining" };
    this.#commands.ask({ follow: { room, ...replay } }, (answer) => {
      if (turn === this.#turn) this.#followed(answer);
    });
    this.describe();
  }

  /** Asks how the room is, and how far this person has read it. */
  describe(): void {
    this.#commands.ask({ describeRoom: { room: this.name } }, (answer) => {
      if (answer.is === "room") this.#ends.told(answer.body);
    });
  }

  /** Reads the room no longer. */
  unfollow(): void {
    this.lost();
    this.#commands.ask({ presence: { room: this.name, gone: true } });
    this.#commands.ask({ unfollow: { room: this.name } });
  }

  /** The connection is gone. */
  lost(): void {
    this.#turn++;
    clearTimeout(this.#againTimer);
    clearTimeout(this.#markTimer);
    if (this.#standing.value.is !== "refused") this.#standing.value = { is: "joining" };
    this.#roster.value = null;
  }

  hear({ is, body }: Extract<Frame, { is: "batch" | "followed" | "roster" }>): void {
    if (is === "roster") this.#roster.value = body;
    else if (is === "followed") this.#place(body);
    // What an earlier follow still sends.
    else if (this.#standing.value.is === "here") this.#take(body);
  }

  /** The list told how far this person has read. */
  known(read: number): void {
    batch(() => {
      this.#line.value ??= read;
      this.#marking.value = marks.known(this.#marking.value, read);
    });
    this.#mark();
  }

  /** Whether the person looks at the end of it from now on. */
  watch(is: boolean): void {
    this.#watched = is;
    if (is) this.#see();
  }

  /** The person has seen everything up to here. */
  #see(): void {
    const { cursor } = this.#conversation.value;
    const after = marks.seen(this.#marking.value, cursor?.seq ?? 0);
    if (after === this.#marking.value) return;
    this.#marking.value = after;
    this.#mark();
  }

  /** Another room is shown: the end of this one is enough. */
  rest(): void {
    this.lookAway();
    this.#conversation.value = shed(this.#conversation.value);
  }

  /** What comes from now on is new to the person when they look again. */
  lookAway(): void {
    if (this.#line.value !== null) this.#line.value = this.#marking.value.read;
  }

  /** Loads what was said before, if there may be more; resolves when that is over. */
  earlier(count = pageEvents): Promise<void> {
    const mayAsk = this.#standing.value.is === "here" && hasEarlier(this.#conversation.value);
    if (!mayAsk) return Promise.resolve();
    return this.#page ??= this.#load(count).finally(() => this.#page = null);
  }

  /** Loads what was said before, until this event is among it or there is no more. */
  async reach(seq: number): Promise<void> {
    for (let from = Infinity; seq <= this.#conversation.value.from && this.#conversation.value.from < from;) {
      from = this.#conversation.value.from;
      await this.earlier(searchEvents);
    }
  }

  async #load(count: number): Promise<void> {
    this.#loading.value = true;
    const read = { room: this.name, before: this.#conversation.value.from + 1, count };
    const answer = await asked(this.#commands, { read });
    // Whoever is at the top asks again at once.
    if (answer.is === "refused") await new Promise((resolve) => setTimeout(resolve, againMs));
    batch(() => {
      this.#loading.value = false;
      if (answer.is === "page") this.#conversation.value = prepend(this.#conversation.value, answer.body);
    });
  }

  #followed(answer: Answer): void {
    if (answer.is === "followed") {
      this.#standing.value = { is: "here" };
      this.#place(answer.body);
      this.#commands.ask({ presence: { room: this.name } });
    } else if (answer.is === "refused") {
      const { code, message, retry } = answer.body;
      if (retry) this.#againTimer = setTimeout(() => this.follow(), againMs * (1 + Math.random()));
      else {
        this.#standing.value = { is: "refused", code, why: message };
        this.#ends.refused(this);
      }
    }
  }

  #place(body: Extract<Frame, { is: "followed" }>["body"]): void {
    const before = this.#conversation.value;
    const after = this.#conversation.value = follow(before, body);
    if (after.reset && after.lines !== before.lines) {
      this.#marking.value = marks.unmarked;
      this.#line.value = null;
      this.#ends.reset(this);
    }
    this.#ends.moved(this, []);
  }

  #take(body: Batch): void {
    const { conversation, gap, taken } = take(this.#conversation.value, body);
    this.#conversation.value = conversation;
    if (this.#watched) this.#see();
    this.#ends.moved(this, taken);
    if (!gap) return;
    // deno-lint-ignore no-console
    console.error("Cannot continue: the server sent an event that does not follow the last one", gap);
    this.#ends.fault("Something was missing in what the server sent.");
  }

  #mark(): void {
    clearTimeout(this.#markTimer);
    const wait = marks.dueIn(this.#marking.value, performance.now());
    if (wait === undefined || this.#standing.value.is !== "here") return;
    this.#markTimer = setTimeout(() => {
      const { read: seq } = this.#marking.value;
      this.#marking.value = { ...this.#marking.value, toldAt: performance.now() };
      this.#commands.ask({ mark: { room: this.name, seq } }, (answer) => {
        // A refused one is not repeated: the next one says more.
        if (answer.is !== "lost") this.#marking.value = marks.known(this.#marking.value, seq);
        this.#mark();
      });
    }, wait);
  }
}
