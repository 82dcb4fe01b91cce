/** Clients of the tutorial's browser door, which is told nothing of what was stored: they talk, and read. */
import { RawSocket } from "../doors.ts";
import type { Finding } from "./checker.ts";
import type { Entry, RoomLog } from "./history.ts";
import { pause } from "./wait.ts";

/** A learner's socket. */
export class Learner implements AsyncDisposable {
  readonly name: string;
  readonly said: string[] = [];
  readonly #socket: RawSocket;
  #closed = false;

  private constructor(name: string, socket: RawSocket) {
    this.name = name;
    this.#socket = socket;
    socket.closed.then(() => this.#closed = true);
  }

  static async join(gatewayPort: number, name: string): Promise<Learner> {
    return new Learner(name, await RawSocket.connect(`ws://127.0.0.1:${gatewayPort}/ws/${name}`));
  }

  /** Talks until the signal aborts. The gateway keeps what cannot be stored yet. */
  async talk({ paceMs, signal }: { paceMs: number; signal: AbortSignal }): Promise<void> {
    while (!signal.aborted) {
      const text = `${this.name} says ${this.said.length}`;
      this.said.push(text);
      this.#socket.send({ message: text });
      await pause(paceMs, { signal });
    }
  }

  /** The texts that it was given, in order. */
  get texts(): string[] {
    return this.#received().flatMap(({ message }) => message === undefined ? [] : [message]);
  }

  /** What it should not have gone through. */
  broken(): string[] {
    const errors = this.#received().flatMap(({ error }) => error === undefined ? [] : [error]);
    const bad = errors.filter((error) => !/what you send waits here/.test(error));
    return [
      ...bad.map((error) => `${this.name} was told: ${error}`),
      ...(this.#closed ? [`${this.name} was closed`] : []),
    ];
  }

  #received(): { message?: string; error?: string }[] {
    return this.#socket.received as { message?: string; error?: string }[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket[Symbol.asyncDispose]();
  }
}

/** What learners said, for the checker: their ids are the gateway's, so the log tells them. */
export function saidByLearners(learners: readonly Learner[], { events }: RoomLog): Entry[] {
  return learners.flatMap(({ name, said }) => {
    const ids = new Map(
      events.flatMap(({ sender, text, clientId }) => sender === name ? [[text, clientId]] : []),
    );
    return said.map((text) => ({ is: "said", sender: name, clientId: ids.get(text) ?? "", text } as const));
  });
}

/** What a learner said is stored once, and each was given all there is: they were there from the beginning. */
export function checkLearners(learners: readonly Learner[], { events }: RoomLog): Finding[] {
  const findings: Finding[] = [];
  const texts = events.map(({ text }) => text);
  for (const learner of learners) {
    const mine = events.flatMap(({ sender, text }) => sender === learner.name ? [text] : []);
    const missing = learner.said.filter((text) => !mine.includes(text));
    for (const text of missing) {
      findings.push({ anomaly: "lost acked", what: `${text}, which its gateway keeps` });
    }
    if (new Set(mine).size !== mine.length) {
      findings.push({ anomaly: "duplicate", what: `${learner.name} is stored twice` });
    }
    const given = learner.texts;
    const wrong = texts.findIndex((text, i) => text !== given[i]);
    if (wrong < 0 && given.length === texts.length) continue;
    const what = `${learner.name} was given ${given.length} of ${texts.length}; ${wrong} is ${given[wrong]}`;
    findings.push({ anomaly: given.length < texts.length ? "silent gap" : "diverging", what });
  }
  return findings;
}
