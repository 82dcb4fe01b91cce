/** Processes that are measured: started, waited for, and ended by their own id. */
import { family } from "./cpu.ts";

/** A process that serves. */
export interface Process extends AsyncDisposable {
  readonly pid: number;
  /** What the pattern found in its output, its first group. */
  readonly said: string;
  /** Itself and all that came from it. */
  pids(): number[];
  /** Ends it, and waits until it has ended. */
  end(signal?: Deno.Signal): Promise<void>;
}

/** What to start. */
export interface Start {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Serves once its output has this. */
  readonly until: RegExp;
}

const running = new Set<Deno.ChildProcess>();

/** Ends all that runs, however far it is. */
export function endAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Starts a program that {@linkcode endAll} ends, too. */
export function spawn(program: string, options: Deno.CommandOptions): Deno.ChildProcess {
  const child = new Deno.Command(program, options).spawn();
  running.add(child);
  child.status.then(() => running.delete(child));
  return child;
}

/** How long something may take until it serves. */
const patienceMs = 15_000;

/** Starts a program and waits until it serves. Rejects with what it said if it does not. */
export async function start(program: string, { args, env = {}, cwd, until }: Start): Promise<Process> {
  const child = spawn(program, {
    args: [...args],
    env,
    ...(cwd !== undefined && { cwd }),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const served = Promise.withResolvers<string>();
  let output = "";
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>;
    for await (const text of stream.pipeThrough(decoder)) {
      // What a server says later is not looked at.
      if (output.length < 20_000) output += text;
      const found = until.exec(output);
      if (found) served.resolve(found[1] ?? "");
    }
  };
  const ended = Promise.all([read(child.stdout), read(child.stderr), child.status]).then(() => {
    served.reject(new Error(`Cannot start ${program}: it ended and said "${output.trim().slice(-400)}".`));
  });
  const late = setTimeout(
    () =>
      served.reject(new Error(`Cannot start ${program}: it did not serve within ${patienceMs / 1_000} s.`)),
    patienceMs,
  );
  const end = async (signal: Deno.Signal = "SIGKILL") => {
    try {
      child.kill(signal);
    } catch {
      // It has ended by itself.
    }
    await ended;
  };
  try {
    const said = await served.promise;
    return {
      pid: child.pid,
      said,
      pids: () => family(child.pid),
      end,
      [Symbol.asyncDispose]: () => end(),
    };
  } catch (error) {
    await end();
    throw error;
  } finally {
    clearTimeout(late);
  }
}

/** Runs a program to its end; gives what it printed, or undefined if it failed or is not there. */
export async function output(
  program: string,
  args: readonly string[],
  { env = {}, cwd }: { env?: Readonly<Record<string, string>>; cwd?: string } = {},
): Promise<string | undefined> {
  try {
    const command = new Deno.Command(program, {
      args: [...args],
      env,
      ...(cwd !== undefined && { cwd }),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
    const { success, stdout, stderr } = await command.output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return success ? (decode(stdout) + decode(stderr)).trim() : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A free port that no outgoing connection is given. */
export function quietPort(): number {
  for (;;) {
    try {
      const port = 20_000 + Math.floor(Math.random() * 10_000);
      using _ = Deno.listen({ hostname: "127.0.0.1", port });
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
