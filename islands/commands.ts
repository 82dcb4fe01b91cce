import type { ClientFrame } from "../protos/gen/chat/ClientFrame.ts";
import type { Frame } from "./frames.ts";

/** One command: exactly one of the fields of `ClientFrame`. */
export type Command = Omit<ClientFrame, "id" | "command">;

/** A reply, or the news that none will come: the socket is gone, and nobody knows what became of the command. */
export type Answer = Frame | { is: "lost" };

/** The commands of one socket that wait for their replies. */
export class Commands {
  readonly #send: (frame: ClientFrame) => boolean;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  constructor(send: (frame: ClientFrame) => boolean) {
    this.#send = send;
  }

  /**
   * Gives a command and returns its id. `then` is called once, and before the frames that come after the reply: a
   * room's first batch follows on the answer in the same message.
   */
  ask(command: Command, then: (answer: Answer) => void = () => {}): number {
    const id = ++this.#lastId;
    this.#waiting.set(id, then);
    if (!this.#send({ id, ...command })) queueMicrotask(() => this.#settle(id, { is: "lost" }));
    return id;
  }

  /** Hands a reply to whoever waits for it. */
  answer(frame: Frame): void {
    this.#settle(frame.id, frame);
  }

  /** The socket is gone. */
  lost(): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, { is: "lost" });
  }

  #settle(id: number, answer: Answer): void {
    const then = this.#waiting.get(id);
    this.#waiting.delete(id);
    then?.(answer);
  }
}

/** The same for callers that may wait a moment: resolves with the reply. */
export function asked(commands: Commands, command: Command): Promise<Answer> {
  return new Promise((resolve) => commands.ask(command, resolve));
}

/** Why a command was not carried out; "" if it was. */
export function problemOf(answer: Answer, act: string): string {
  if (answer.is === "lost") return `Cannot ${act}: the connection was lost, try again.`;
  return answer.is === "refused" ? answer.body.message || `Cannot ${act}: the server refused it.` : "";
}
