/** A person of a run: a client of the library that talks and listens, and writes down what it did and was told. */
import { type Client, connect, type ConnectOptions, type Told } from "../../sdk/mod.ts";
import type { History } from "./history.ts";
import { pause } from "./wait.ts";

/** Who takes part, and where. */
export interface PersonOptions {
  readonly history: History;
  readonly name: string;
  readonly room?: string;
  readonly connect?: Partial<ConnectOptions>;
}

/** Times for servers that are back within a second. */
const timing = { firstMs: 50, mostMs: 500 };

/** What became of a person. */
interface Counts {
  /** Connections that were lost. */
  lost: number;
  /** Sends that had been stored before they were answered. */
  repeated: number;
  /** Resets that were told. */
  resets: number;
}

/** A person, connected for as long as it lives. */
export class Person implements AsyncDisposable {
  readonly chat: Client;
  readonly name: string;
  readonly #history: History;
  readonly #room: string;
  readonly #counts: Counts;
  #said = 0;
  #acked = 0;
  #place = { epoch: "", seq: 0 };
  #listening = Promise.resolve();

  private constructor(chat: Client, { history, name, room = "lobby" }: PersonOptions, counts: Counts) {
    this.chat = chat;
    this.name = name;
    this.#history = history;
    this.#room = room;
    this.#counts = counts;
  }

  static async join(address: string, options: PersonOptions): Promise<Person> {
    const counts = { lost: 0, repeated: 0, resets: 0 };
    const onConnection = ({ is }: { is: string }) => void (is === "waiting" && counts.lost++);
    const { name, connect: more } = options;
    const chat = await connect(address, { name, timing, onConnection, ...more });
    return new Person(chat, options, counts);
  }

  get counts(): Readonly<Counts> {
    return this.#counts;
  }

  /** The newest seq that it was given. */
  get seq(): number {
    return this.#place.seq;
  }

  /** The newest seq that it was answered. */
  get acked(): number {
    return this.#acked;
  }

  /** Says one thing, and resolves when it is answered. */
  async say(text = `${this.name} says ${this.#said}`): Promise<void> {
    const [sender, clientId] = [this.name, `${this.name}-${this.#said++}`];
    this.#history.add({ is: "said", sender, clientId, text });
    try {
      const { epoch, seq, duplicate } = await this.chat.send({ room: this.#room, text, clientId });
      if (duplicate) this.#counts.repeated++;
      this.#acked = Math.max(this.#acked, seq);
      this.#history.add({ is: "acked", sender, clientId, epoch, seq });
    } catch (error) {
      const { code = String(error) } = error as { code?: string };
      // A client that was closed cannot tell; any other refusal stays.
      if (code !== "UNAVAILABLE") this.#history.add({ is: "refused", sender, clientId, code });
    }
  }

  /** Talks until the signal aborts, `ahead` things at a time; resolves when all is answered. */
  async talk(
    { paceMs, ahead = 4, signal }: { paceMs: number; ahead?: number; signal: AbortSignal },
  ): Promise<void> {
    const unanswered = new Set<Promise<void>>();
    while (!signal.aborted) {
      const said: Promise<void> = this.say().finally(() => unanswered.delete(said));
      unanswered.add(said);
      if (unanswered.size >= ahead) await Promise.race(unanswered);
      await pause(paceMs, { signal });
    }
    await Promise.all(unanswered);
  }

  /** Says so many things a second, of so many bytes, without waiting for answers; resolves when all are answered. */
  async talkAt(perSecond: number, { bytes, signal }: { bytes: number; signal: AbortSignal }): Promise<void> {
    const said: Promise<void>[] = [];
    const began = performance.now();
    for (let i = 0; !signal.aborted; i++) {
      await pause(began + i * 1_000 / perSecond - performance.now(), { signal });
      const text = `t=${(performance.timeOrigin + performance.now()).toFixed(2)} ${this.name} says ${i} `;
      said.push(this.say(text.padEnd(bytes, "x")));
    }
    await Promise.all(said);
  }

  /** Listens from the room's first event on, until the person is disposed. Resolves once it follows. */
  async listen(): Promise<void> {
    const follows = Promise.withResolvers<void>();
    this.#listening = (async () => {
      for await (const told of this.chat.follow(this.#room, { replay: "ALL" })) {
        this.#hear(told);
        follows.resolve();
      }
    })().catch((error) => {
      this.#history.add({ is: "fault", reader: this.name, what: `its loop ended: ${error}` });
    });
    await follows.promise;
  }

  #hear(told: Told): void {
    const { epoch, seq } = told.cursor;
    const reader = this.name;
    if (told.is === "fault") this.#history.add({ is: "fault", reader, what: told.error.message });
    else if (told.is === "event") {
      const { sender, clientId, message } = told.event;
      this.#history.add({ is: "read", reader, epoch, seq, sender, clientId, text: message?.text ?? "" });
    } else {
      if (told.is === "reset") this.#counts.resets++;
      this.#history.add({ is: "follows", reader, epoch, after: seq, reset: told.is === "reset" });
    }
    this.#place = { epoch, seq };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.chat.close();
    await this.#listening;
  }
}
