/** Messages by the clock, and every delivery and acknowledgement of them. */
import { cpuMs, machineMs } from "../cpu.ts";
import { Acks } from "./acks.ts";
import type { Crowd } from "./crowd.ts";
import type { LoadOrder, LoadReport } from "./orders.ts";
import { dueAt, messagesIn, type Schedule, writerOf } from "./schedule.ts";
import { findStamp, readDigits, stampAt, stampLength } from "./stamp.ts";
import { Tally } from "./tally.ts";
import type { Task } from "./task.ts";

/** What is due is sent in turns of so many, so that what comes is not kept waiting. */
const sendsAtOnce = 64;

/** How often it is looked whether all has come. */
const lookEveryMs = 20;

/** The task. `mark` is called when the mark is reached. */
export class Loading implements Task<LoadReport> {
  readonly #order: LoadOrder;
  readonly #crowd: Crowd;
  readonly #schedule: Schedule;
  readonly #messages: number;
  readonly #mark: () => void;
  readonly #began: number;
  readonly #window: { readonly from: number; readonly to: number };
  readonly #tally: Tally;
  readonly #acks: Acks;
  readonly #heardSince: HeardSince;
  readonly #cpu = { server: [0, 0], generator: [0, 0], machine: [0, 0] };
  #state: "warm" | "window" | "drain" = "warm";
  #marked = false;
  #next = 0;
  #closed = 0;

  constructor(order: LoadOrder, { crowd, mark }: { crowd: Crowd; mark: () => void }) {
    this.#order = order;
    this.#crowd = crowd;
    this.#mark = mark;
    const { perSecond, warmSeconds, seconds, markSeconds = Infinity } = order;
    const { clients, rooms, writers } = crowd.layout;
    this.#schedule = { perSecond, seconds: warmSeconds + seconds, writers: rooms * writers };
    this.#messages = messagesIn(this.#schedule);
    // Whole milliseconds: a stamp has no fractions of a microsecond.
    this.#began = Math.ceil(performance.now()) + 5;
    const from = this.#began + warmSeconds * 1_000;
    this.#window = { from, to: from + seconds * 1_000 };
    const microseconds = { from: from * 1_000, to: this.#window.to * 1_000 };
    this.#tally = new Tally(crowd.layout, crowd.numbers, microseconds);
    this.#acks = new Acks(microseconds, { expected: crowd.door.acknowledges });
    const since = (this.#began + markSeconds * 1_000) * 1_000;
    this.#heardSince = { since, by: new Uint8Array(clients), count: 0, last: NaN };
  }

  step(now: number): { again: number } | { result: LoadReport } {
    this.#turn(now);
    if (this.#state === "drain") {
      const late = this.#window.to + this.#order.drainSeconds * 1_000;
      if (now >= late || (this.#tally.complete && this.#acks.complete)) return { result: this.#report() };
      return { again: Math.min(late, now + lookEveryMs) };
    }
    for (let i = 0; i < sendsAtOnce && this.#next < this.#messages; i++) {
      const due = this.#began + dueAt(this.#next, this.#schedule);
      if (due > now) return { again: Math.min(due, this.#nextTurn()) };
      this.#say(this.#next++, due * 1_000);
    }
    return { again: this.#next < this.#messages ? now : this.#nextTurn() };
  }

  joined(): void {}

  message(client: number, bytes: Uint8Array, from: number, to: number): void {
    const now = performance.now() * 1_000;
    for (let at = findStamp(bytes, from, to); at >= 0; at = findStamp(bytes, at + stampLength, to)) {
      const due = readDigits(bytes, at + stampAt.due, stampAt.dueDigits);
      const stamp = {
        writer: readDigits(bytes, at + stampAt.writer, 5),
        number: readDigits(bytes, at + stampAt.number, stampAt.numberDigits),
        due,
      };
      this.#tally.took(client, stamp, now);
      if (due >= this.#heardSince.since && this.#heardSince.by[client] === 0) {
        this.#heardSince.by[client] = 1;
        this.#heardSince.count++;
        this.#heardSince.last = now;
      }
    }
  }

  answered(writer: number, number: number, refusal: string | undefined): void {
    this.#acks.took(writer, { number, refusal, now: performance.now() * 1_000 });
  }

  lost(_index: number, why: string): void {
    this.#closed++;
    this.#acks.refusals.add(why);
  }

  #say(message: number, due: number): void {
    const writer = writerOf(message, this.#schedule);
    const number = this.#crowd.say(writer, due);
    this.#acks.sent(writer, { number, due });
    if (this.#crowd.door.delivers) this.#tally.sent();
  }

  /** Goes from one part of the load to the next. */
  #turn(now: number): void {
    const { markSeconds } = this.#order;
    if (markSeconds !== undefined && !this.#marked && now >= this.#began + markSeconds * 1_000) {
      this.#marked = true;
      this.#mark();
    }
    if (this.#state === "warm" && now >= this.#window.from) {
      this.#state = "window";
      this.#readCpu(0);
    }
    if (this.#state === "window" && now >= this.#window.to) {
      this.#state = "drain";
      this.#readCpu(1);
    }
  }

  #nextTurn(): number {
    const mark = this.#marked ? Infinity : this.#began + (this.#order.markSeconds ?? Infinity) * 1_000;
    return Math.min(mark, this.#state === "warm" ? this.#window.from : this.#window.to);
  }

  #readCpu(at: 0 | 1): void {
    this.#cpu.server[at] = cpuMs(this.#order.pids);
    this.#cpu.generator[at] = cpuMs([Deno.pid]);
    this.#cpu.machine[at] = machineMs();
  }

  #report(): LoadReport {
    const [server, generator, machine] = [this.#cpu.server, this.#cpu.generator, this.#cpu.machine].map(
      ([from = 0, to = 0]) => to - from,
    ) as [number, number, number];
    const { count, last, since } = this.#heardSince;
    return {
      sent: this.#next,
      ...this.#tally.counts(),
      latency: this.#tally.latency.summary(),
      ...this.#acks.report(),
      closed: this.#closed,
      windowMs: this.#window.to - this.#window.from,
      serverCpuMs: server,
      generatorCpuMs: generator,
      otherCpuMs: Math.max(0, machine - server - generator),
      markMs: count === this.#crowd.layout.clients ? (last - since) / 1_000 : null,
    };
  }
}

/** Who has had something that was due after a moment. Times in microseconds. */
interface HeardSince {
  readonly since: number;
  readonly by: Uint8Array;
  count: number;
  last: number;
}
