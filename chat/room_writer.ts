/**
 * The one who writes to a room on this node. Commands that arrive together are decided one after the
 * other and appended as one batch against the exact head, so what `decide` saw is what was true. Speakers
 * take turns, each in their own order: others do not wait behind all that one of them sends.
 */
import { ChatError, type ErrorCode, toChatError } from "../protos/errors.ts";
import { type RoomEvent, speakerOf } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import type { Tail } from "../feed/tail.ts";
import type { CommitDelay } from "./commit_delay.ts";
import { type Command, decide, type Room } from "./decide.ts";
import { evolve } from "./evolve.ts";
import type { Log } from "./log.ts";
import { Turns } from "./turns.ts";

/** A command that is stored. */
export interface Accepted {
  readonly event: RoomEvent;
  readonly duplicate: boolean;
}

interface Waiting {
  readonly command: Command;
  readonly resolve: (accepted: Accepted) => void;
  readonly reject: (error: ChatError) => void;
}

/** One fsync serves at most this many events: a longer transaction holds the log's thread for too long. */
const batchMost = 256;

/** Refusals that an event which another node has stored a moment ago may take back. */
const dependent: ReadonlySet<ErrorCode> = new Set([
  "NOT_FOUND",
  "FAILED_PRECONDITION",
  "PERMISSION_DENIED",
  "ALREADY_EXISTS",
]);

/** Writes to one room. */
export class RoomWriter {
  readonly #waiting = new Turns<Waiting>();
  /** When the first of those came, or an earlier one: of `performance.now()`, in milliseconds. */
  #since = 0;
  #running = false;

  readonly #name: string;
  readonly #log: Log;
  readonly #tail: Tail;
  readonly #delay: CommitDelay;
  readonly #now: () => number;
  readonly #signal: AbortSignal;

  /** The tail must be fed from the log; the delay is that of all rooms; when the signal aborts, nobody waits for it any more. */
  constructor(
    name: string,
    { log, tail, delay, now, signal }: {
      log: Log;
      tail: Tail;
      delay: CommitDelay;
      now: () => number;
      signal: AbortSignal;
    },
  ) {
    this.#name = name;
    this.#log = log;
    this.#tail = tail;
    this.#delay = delay;
    this.#now = now;
    this.#signal = signal;
  }

  /**
   * Resolves when the command is stored and can be read here. Rejects with the refusal, with
   * RESOURCE_EXHAUSTED if too many wait, or with what the log said.
   */
  write(command: Command): Promise<Accepted> {
    const refusal = this.#log.refusal();
    if (refusal) return Promise.reject(refusal);
    if (this.#waiting.size >= limits.commandsQueued) {
      return Promise.reject(
        new ChatError(
          "RESOURCE_EXHAUSTED",
          "Cannot send the message: too many wait before it, try again in a second.",
        ),
      );
    }
    return new Promise((resolve, reject) => {
      const { id: author, name: sender } = command.by;
      const speaker = speakerOf({ author, sender });
      const now = performance.now();
      if (this.#waiting.size === 0) this.#since = now;
      this.#delay.came(speaker, now);
      this.#waiting.push(speaker, { command, resolve, reject });
      if (!this.#running) this.#run();
    });
  }

  /** True if nothing is being written. */
  get idle(): boolean {
    return !this.#running;
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.size > 0) {
      // Not before everything that arrived in this turn of the event loop is in the first batch.
      if (this.#waiting.size < batchMost) await this.#delay.over(this.#since);
      const batch = this.#waiting.take(batchMost, { weigh, weight: limits.appendBytes });
      try {
        await this.#write(batch);
      } catch (error) {
        // Those behind them, too: a sender's later message must not be stored before the repeat of an earlier one.
        for (const { reject } of [...batch, ...this.#waiting.take(Infinity)]) reject(toChatError(error));
      }
    }
    this.#running = false;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    for (;;) {
      const room = this.#room();
      const { head } = room;
      const { events, answers, refusals } = decideAll(room, batch, this.#now());
      if (refusals.some(({ code }) => dependent.has(code)) && await this.#hasMoved(head)) continue;
      const appended = events.length === 0
        ? { kind: "appended" } as const
        : await this.#log.append(this.#name, head, events);
      if (appended.kind === "appended") {
        // Read-your-writes: whoever is answered finds the event in this node's tail.
        await this.#reach(head + events.length);
        for (const answer of answers) answer();
        return;
      }
      if (appended.head < head) throw behind(this.#name);
      await this.#reach(appended.head);
    }
  }

  /** True if the room has moved on elsewhere, and it is here what it is there. */
  async #hasMoved(head: number): Promise<boolean> {
    await this.#log.catchUp();
    await this.#reach(this.#log.head(this.#name));
    return this.#tail.head > head;
  }

  #room(): Room {
    const log = this.#log;
    const name = this.#name;
    const record = log.room(name);
    return {
      name,
      head: this.#tail.head,
      timestamp: record?.active ?? "",
      settings: record && record.settings > 0
        ? { seq: record.settings, topic: record.topic, archived: record.archived, author: record.author }
        : undefined,
      find: (speaker, clientId) => log.find(name, speaker, clientId),
      event: (seq) => this.#tail.at(seq) ?? log.read(name, seq - 1, 1)[0],
      edits: (target) => log.edits(name, target),
      reaction: (target, emoji, author) => log.reaction(name, target, emoji, author),
      reactions: (target, emoji, author) => log.reactions(name, target, emoji, author),
    };
  }

  async #reach(seq: number): Promise<void> {
    while (this.#tail.head < seq && !this.#signal.aborted) await this.#tail.changed({ signal: this.#signal });
  }
}

function behind(room: string): ChatError {
  return new ChatError(
    "DATA_LOSS",
    `Cannot write to "${room}": the log has lost events that were read from it, restore it from a backup.`,
  );
}

/** About the bytes that a command's event takes, a character counted as 3. */
function weigh({ command }: Waiting): number {
  return 500 + 3 * ("text" in command ? command.text.length : 0);
}

/** Decides on commands in order, each on the room as the ones before it left it. */
function decideAll(
  room: Room,
  batch: readonly Waiting[],
  now: number,
): { events: RoomEvent[]; answers: (() => void)[]; refusals: ChatError[] } {
  const events: RoomEvent[] = [];
  const answers: (() => void)[] = [];
  const refusals: ChatError[] = [];
  for (const { command, resolve, reject } of batch) {
    const decision = decide(room, command, now);
    if (decision.kind === "refuse") {
      answers.push(() => reject(decision.error));
      refusals.push(decision.error);
      continue;
    }
    answers.push(() => resolve({ event: decision.event, duplicate: decision.kind === "duplicate" }));
    if (decision.kind === "accept") {
      events.push(decision.event);
      room = evolve(room, decision.event);
    }
  }
  return { events, answers, refusals };
}
