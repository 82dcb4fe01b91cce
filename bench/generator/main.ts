/** The load generator: a process of its own that takes orders on stdin and answers on stdout, a line each. */
import type { Watches } from "./client.ts";
import { Connecting } from "./connecting.ts";
import { Crowd } from "./crowd.ts";
import { Poll, read, type Ready, Timer, write } from "./libc.ts";
import { Loading } from "./loading.ts";
import type { Answer, Order, StayOrder } from "./orders.ts";
import type { Task } from "./task.ts";

/** Waits for whatever is first: a socket, an order, or the time. It never gives the thread back to Deno. */
function serve(): void {
  const poll = new Poll();
  const timer = new Timer(poll);
  const orders = new Orders();
  poll.add(0, orders);
  let crowd: Crowd | undefined;
  let task: Task<unknown> | undefined;
  let beatAt = Infinity;
  while (!orders.ended || task) {
    const order = task ? undefined : orders.take();
    if (order?.do === "connect") {
      const connecting = new Connecting(order, () => crowd as Crowd);
      crowd?.close();
      crowd = new Crowd(order, { poll, watches: connecting, before: crowd?.highest });
      task = connecting;
    } else if (order && !crowd) {
      answer({ failed: "Nobody is connected." });
    } else if (order && crowd) {
      const loading = order.do === "load"
        ? new Loading(order, { crowd, mark: () => answer({ mark: true }) })
        : undefined;
      task = loading ?? new Staying(order as StayOrder);
      crowd.watches = task;
    }
    const stepped = takeStep(task);
    if (stepped.done && crowd) {
      task = undefined;
      crowd.watches = nobody;
      answer(stepped.done);
      beatAt = performance.now() + crowd.beatEveryMs;
      continue;
    }
    for (let i = 0; i < 64 && crowd && beatAt <= performance.now(); i++) {
      crowd.beat();
      beatAt += crowd.beatEveryMs;
    }
    const wait = Math.min(stepped.again, beatAt) - performance.now();
    if (wait > 0 && wait < 1_000) timer.wakeIn(wait);
    poll.wait(wait > 0 ? 1_000 : 0);
  }
  crowd?.close();
}

/** Goes on with a task; an error in it is its answer. */
function takeStep(task: Task<unknown> | undefined): { readonly again: number; readonly done?: Answer } {
  if (!task) return { again: Infinity };
  try {
    const stepped = task.step(performance.now());
    return "again" in stepped ? stepped : { again: 0, done: { done: stepped.result } };
  } catch (error) {
    return { again: 0, done: { failed: String(error) } };
  }
}

/** Only time passes. */
class Staying implements Task<{ closed: number }> {
  readonly #until: number;
  #closed = 0;

  constructor({ seconds }: StayOrder) {
    this.#until = performance.now() + seconds * 1_000;
  }

  step(now: number): { again: number } | { result: { closed: number } } {
    return now < this.#until ? { again: this.#until } : { result: { closed: this.#closed } };
  }

  joined(): void {}
  message(): void {}
  answered(): void {}

  lost(): void {
    this.#closed++;
  }
}

const nobody: Watches = { joined: () => {}, message: () => {}, answered: () => {}, lost: () => {} };

/** The lines of stdin. */
class Orders implements Ready {
  ended = false;
  readonly #buffer = new Uint8Array(65_536);
  readonly #lines: string[] = [];
  #text = "";

  take(): Order | undefined {
    const line = this.#lines.shift();
    return line === undefined ? undefined : JSON.parse(line);
  }

  readable(): void {
    const count = read(0, this.#buffer);
    if (count <= 0) this.ended = true;
    else this.#text += new TextDecoder().decode(this.#buffer.subarray(0, count));
    const lines = this.#text.split("\n");
    this.#text = lines.pop() ?? "";
    this.#lines.push(...lines);
  }

  writable(): void {}
}

function answer(what: Answer): void {
  write(1, new TextEncoder().encode(JSON.stringify(what) + "\n"));
}

serve();
Deno.exit(0);
