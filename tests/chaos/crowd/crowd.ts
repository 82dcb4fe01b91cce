/** The near end of a crowd's process. */
import { root } from "../../harness.ts";
import type { RoomLog } from "../history.ts";
import type { Finding } from "../checker.ts";
import { holds } from "../wait.ts";
import { addHash, eventHash } from "./digest.ts";
import type { MemberReport } from "./member.ts";

/** What a crowd can be asked. `prefix` names those who begin so. */
export interface Asked {
  join: {
    readonly prefix: string;
    readonly count: number;
    readonly door: "grpc" | "ws";
    /** Where they connect; taken in turn. */
    readonly ports: readonly number[];
    /** A gateway's, where they sign in. */
    readonly signInPort: number;
    readonly room: string;
    readonly seed: number;
    /** They take nothing from the moment they follow. */
    readonly stalled?: boolean;
  };
  /** They go for good, and are forgotten. */
  leave: { readonly prefix: string };
  release: { readonly prefix: string };
  drop: { readonly prefix: string };
  report: { readonly prefix: string };
  /** And begin to count anew. */
  latencies: Record<never, never>;
}

/** What it answers. */
export interface Answers {
  join: Record<never, never>;
  leave: Record<never, never>;
  release: Record<never, never>;
  drop: Record<never, never>;
  report: { readonly members: readonly MemberReport[] };
  /** Milliseconds from saying to reading. */
  latencies: { readonly count: number; readonly p50: number; readonly p99: number };
}

/** A crowd. Asks one thing after the other. */
export class Crowd implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncGenerator<string, void, void>;
  #turn: Promise<unknown> = Promise.resolve();

  constructor() {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "-A", "--no-check", "tests/chaos/crowd/process.ts"],
      cwd: root,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#lines = readLines(this.#child.stdout);
  }

  ask<Act extends keyof Asked>(act: Act, asked: Asked[Act]): Promise<Answers[Act]> {
    const answer = this.#turn.then(async () => {
      await this.#writer.write(new TextEncoder().encode(`${JSON.stringify({ act, asked })}\n`));
      const { value } = await this.#lines.next();
      if (!value) throw new Error(`The crowd ended while it was asked to ${act}.`);
      return JSON.parse(value) as Answers[Act];
    });
    this.#turn = answer.catch(() => {});
    return answer;
  }

  /** What those have gone through whose names begin so. */
  async members(prefix = ""): Promise<readonly MemberReport[]> {
    return (await this.ask("report", { prefix })).members;
  }

  /** Waits until they are there and have everything up to `head`, for so long at most; says how they are then. */
  async reach(head: number, { ms = 60_000, prefix = "" } = {}): Promise<readonly MemberReport[]> {
    const caughtUp = async () => (await this.members(prefix)).every(({ live, seq }) => live && seq >= head);
    await holds(caughtUp, { ms, everyMs: 250 });
    return await this.members(prefix);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#lines.return();
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}

async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void, void> {
  let rest = "";
  for await (
    const text of stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
  ) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** Judges what members hold against the log. */
export function checkMembers(members: readonly MemberReport[], log: RoomLog): Finding[] {
  const sums = [0];
  for (const event of log.events) sums.push(addHash(sums.at(-1) ?? 0, eventHash(event)));
  const findings: Finding[] = [];
  for (const { name, epoch, from, seq, digest, faults, resets } of members) {
    for (const what of faults) findings.push({ anomaly: "silent gap", what: `${name}: ${what}` });
    if (resets > 0) {
      findings.push({ anomaly: "silent gap", what: `${name} was reset ${resets} times, and need not be` });
    }
    if (epoch !== log.epoch || seq !== log.events.length) {
      findings.push({
        anomaly: "silent gap",
        what: `${name} ended at ${epoch}/${seq}, the log at ${log.events.length}`,
      });
      continue;
    }
    const held = ((sums[seq] ?? 0) - (sums[from] ?? 0) + 0x1_0000_0000) % 0x1_0000_0000;
    if (held !== digest) {
      findings.push({ anomaly: "diverging", what: `${name} holds something else than the log` });
    }
  }
  return findings;
}
