/**
 * The commands of a client: each is answered once, however often the wire changes under it. Those that change a room
 * keep their order; the others, which only ask, go beside them.
 */
import { ChatError } from "../protos/errors.ts";
import type { ClientFrame } from "../protos/gen/chat/ClientFrame.ts";
import { answered, broke, carefree, type Caution } from "./caution.ts";
import type { Frame } from "./frames.ts";
import { fullPace, type Pace, type Rate, take } from "./pace.ts";
import { due, next, openWindow, room, type Step, type Window } from "./window.ts";

/** A command without its id, for a person's handle. */
export type Command = (person: number) => Omit<ClientFrame, "id">;

interface Job {
  readonly key: number;
  readonly command: Command;
  readonly ordered: boolean;
  readonly resolve: (frame: Frame) => void;
  readonly reject: (reason: unknown) => void;
  /** Wires that broke while it was the first under way. */
  breaks: number;
}

/** What commands need of the world. */
export interface CommandsOptions {
  /** How many ordered commands are under way at a time. */
  readonly depth: number;
  readonly rate: Rate;
  readonly random: () => number;
  readonly nextId: () => number;
  readonly send: (frame: ClientFrame) => void;
}

/** The first command under way on so many wires that broke is suspected of breaking them, and given up. */
const breaksMost = 10;
/** How long one that only asks waits after a refusal that may pass, in milliseconds. */
const againMs = 500;

/** The commands. */
export class Commands {
  readonly #options: CommandsOptions;
  readonly #jobs = new Map<number, Job>();
  /** Keys of ordered commands that the window has no room for yet, in order. */
  readonly #queue = new Set<number>();
  /** Keys of unordered commands that are to be sent. */
  readonly #loose = new Set<number>();
  /** What is on the wire, in the order of sending: the frame's id, and the command's key. */
  readonly #flying = new Map<number, number>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #window: Window;
  #pace: Pace;
  #caution: Caution = carefree;
  #person = 0;
  #lastKey = 0;
  #wake: ReturnType<typeof setTimeout> | undefined;

  constructor(options: CommandsOptions) {
    this.#options = options;
    this.#window = openWindow(options.depth);
    this.#pace = fullPace(options.rate, Date.now());
  }

  /** Gives a command; resolves with its answer. Rejects with its refusal, with the signal's reason, or by `fail`. */
  give(
    command: Command,
    { ordered, signal }: { ordered: boolean; signal?: AbortSignal | undefined },
  ): Promise<Frame> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const key = ++this.#lastKey;
    const promise = new Promise<Frame>((resolve, reject) => {
      const drop = () => {
        this.#forget(key);
        reject(signal?.reason);
        this.#flush();
      };
      const settle = <T>(to: (value: T) => void) => (value: T) => {
        signal?.removeEventListener("abort", drop);
        to(value);
      };
      signal?.addEventListener("abort", drop, { once: true });
      this.#jobs.set(key, {
        key,
        command,
        ordered,
        resolve: settle(resolve),
        reject: settle(reject),
        breaks: 0,
      });
    });
    (ordered ? this.#queue : this.#loose).add(key);
    this.#flush();
    return promise;
  }

  /** The person is open under this handle, on a wire that has seen nothing yet. */
  live(person: number): void {
    this.#person = person;
    this.#flush();
  }

  /** The wire is gone. What was on it is sent again on the next one, unless it breaks them all. */
  lost(why: ChatError): void {
    this.#person = 0;
    const jobs = [...this.#flying.values()].flatMap((key) => this.#jobs.get(key) ?? []);
    this.#flying.clear();
    this.#step({ is: "lost" });
    for (const { key, ordered } of jobs) if (!ordered) this.#loose.add(key);
    const [first] = jobs;
    if (!first) return;
    this.#caution = broke(this.#caution);
    if (++first.breaks < breaksMost) return;
    this.#forget(first.key);
    first.reject(givenUp(why));
  }

  /** An answer came. */
  take(frame: Frame, now = Date.now()): void {
    const { id } = frame;
    const key = this.#flying.get(id);
    const job = key === undefined ? undefined : this.#jobs.get(key);
    this.#flying.delete(id);
    if (key !== undefined) this.#caution = answered(this.#caution);
    if (!job) return;
    if (frame.is === "refused" && frame.body.retry) {
      job.breaks = 0;
      if (job.ordered) this.#step({ is: "refused", id, now, dice: this.#options.random() });
      else this.#later(againMs * (1 + this.#options.random()), () => this.#loose.add(job.key));
    } else {
      if (job.ordered) this.#step({ is: "answered", id });
      this.#jobs.delete(job.key);
      if (frame.is === "refused") job.reject(new ChatError(frame.body.code, frame.body.message));
      else job.resolve(frame);
    }
    this.#flush();
  }

  /** Gives up whatever is not answered. */
  fail(error: ChatError): void {
    for (const timer of this.#timers) clearTimeout(timer);
    clearTimeout(this.#wake);
    for (const { key, reject } of this.#jobs.values()) {
      this.#forget(key);
      reject(error);
    }
  }

  #step(step: Step): void {
    this.#window = next(this.#window, step);
  }

  #forget(key: number): void {
    this.#jobs.delete(key);
    this.#queue.delete(key);
    this.#loose.delete(key);
    this.#step({ is: "dropped", key });
  }

  /** Sends what may be sent now, and comes back when more may be. */
  #flush(): void {
    clearTimeout(this.#wake);
    if (this.#person === 0) return;
    const now = Date.now();
    for (const key of this.#queue) {
      if (room(this.#window, now) === 0) break;
      this.#queue.delete(key);
      this.#step({ is: "admit", key });
    }
    let waitMs = this.#window.holdUntil - now;
    for (const key of [...this.#loose, ...due(this.#window, now)]) {
      if (this.#flying.size >= this.#caution.most) break;
      const paced = take(this.#pace, this.#options.rate, now);
      this.#pace = paced.pace;
      if (paced.waitMs > 0) {
        waitMs = waitMs > 0 ? Math.min(waitMs, paced.waitMs) : paced.waitMs;
        break;
      }
      this.#send(key);
    }
    if (waitMs > 0) this.#wake = setTimeout(() => this.#flush(), waitMs + 1);
  }

  #send(key: number): void {
    const job = this.#jobs.get(key);
    if (!job) return;
    const id = this.#options.nextId();
    this.#flying.set(id, key);
    this.#loose.delete(key);
    if (job.ordered) this.#step({ is: "sent", key, id });
    this.#options.send({ id, ...job.command(this.#person) });
  }

  #later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
      this.#flush();
    }, ms);
    this.#timers.add(timer);
  }
}

function givenUp(why: ChatError): ChatError {
  return new ChatError(
    "UNAVAILABLE",
    `Cannot tell whether it was done: ${breaksMost} connections broke while it was the first under way, change it, ` +
      `or try again with the same clientId. The last one broke with: ${why.message}`,
    { cause: why },
  );
}
