/** The load generator as the benchmark has it: a process of its own that is given orders. */
import type {
  Answer,
  Connected,
  ConnectOrder,
  LoadOrder,
  LoadReport,
  Order,
  StayOrder,
} from "./generator/orders.ts";
import { spawn } from "./process.ts";

/** A generator. Its clients stay connected from one order to the next. */
export class Generator implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #orders: WritableStreamDefaultWriter<Uint8Array>;

  /** Starts one. */
  constructor() {
    this.#child = spawn(Deno.execPath(), {
      args: ["run", "-q", "-A", new URL("generator/main.ts", import.meta.url).pathname],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    });
    this.#lines = lines(this.#child.stdout);
    this.#orders = this.#child.stdin.getWriter();
  }

  /** Its process, whose own cost is reported beside the results. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Lets clients join. Rejects if some were not let in. */
  async connect(order: Omit<ConnectOrder, "do">): Promise<Connected> {
    const connected = await this.#give({ do: "connect", ...order }) as Connected;
    if (connected.joined === order.clients) return connected;
    throw new Error(
      `Cannot go on: ${connected.joined} of ${order.clients} clients were let in (${
        connected.refusals.join("; ")
      }).`,
    );
  }

  /** Lets them write. `marked` is called when the mark is reached. */
  async load(order: Omit<LoadOrder, "do">, { marked = () => {} } = {}): Promise<LoadReport> {
    return await this.#give({ do: "load", ...order }, marked) as LoadReport;
  }

  /** Lets time pass; gives how many connections were lost. */
  async stay(order: Omit<StayOrder, "do">): Promise<{ closed: number }> {
    return await this.#give({ do: "stay", ...order }) as { closed: number };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#orders.abort().catch(() => {});
    for (let line = await this.#lines.next(); !line.done;) line = await this.#lines.next();
    await this.#child.status;
  }

  async #give(order: Order, marked: () => void = () => {}): Promise<unknown> {
    await this.#orders.write(new TextEncoder().encode(JSON.stringify(order) + "\n"));
    for (;;) {
      const line = await this.#lines.next();
      if (line.done) throw new Error("Cannot go on: the load generator ended.");
      const answer: Answer = JSON.parse(line.value);
      if ("failed" in answer) throw new Error(answer.failed);
      if ("done" in answer) return answer.done;
      marked();
    }
  }
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>;
  let rest = "";
  for await (const text of stream.pipeThrough(decoder)) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
