/** What tests run on: real servers in this process or in one of their own, real clients of both doors. */
import config from "../deno.json" with { type: "json" };
import { type Gateway, startGateway } from "../gateway/main.ts";
import { type ChatService, startChatService } from "../grpc_server.ts";
import { silent } from "../runtime/journal.ts";

/** The repository's root. */
export const root = new URL("../", import.meta.url).pathname;

/** Runs a heavy tool of the tests: these have a lock file of their own, which `deno task start` does not fetch. */
export const toolArgs = ["run", "-q", "-A", `--config=${root}tests/tools/deno.json`, "--frozen"];

/** Runs buf. */
export function buf(args: string[], options?: Parameters<typeof run>[1]): ReturnType<typeof run> {
  return run([Deno.execPath(), ...toolArgs, "npm:@bufbuild/buf@1.74.0/buf", ...args], options);
}

/** A folder that goes away with its scope. */
export async function tempFolder(): Promise<AsyncDisposable & { path: string; file(name: string): string }> {
  const path = await Deno.makeTempDir({ prefix: "switchboard-" });
  return {
    path,
    file: (name) => `${path}/${name}`,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** A ChatService in this process, on a free port, on a log in memory if it is given none. */
export async function serveChat(
  { chatLog = "sqlite::memory:", chatData = dataBeside(chatLog), port = 0, now }: {
    chatLog?: string;
    chatData?: string;
    port?: number;
    now?: () => number;
  } = {},
): Promise<ChatService & AsyncDisposable> {
  const settings = { grpcHost: "127.0.0.1", grpcPort: port, chatLog, chatData };
  const service = await startChatService(settings, { journal: silent, ...(now && { now }) });
  return { ...service, [Symbol.asyncDispose]: () => service.close() };
}

/** The folder of a log's file: what a test leaves goes away with it. */
function dataBeside(chatLog: string): string {
  return chatLog.replace(/^sqlite:/, "").replace(/\/[^/]*$/, "");
}

/** A gateway in this process, on a free port, to ChatService on a port of this machine, or at one of some addresses. */
export async function serveWeb(
  chatPort: number | string,
  { origins = [], port = 0 }: { origins?: string[]; port?: number } = {},
): Promise<Gateway & AsyncDisposable> {
  await bundle();
  const settings = { host: "127.0.0.1", port, chatAddress: addressOf(chatPort), origins };
  const gateway = await startGateway(settings, { journal: silent });
  return { ...gateway, [Symbol.asyncDispose]: () => gateway.close() };
}

function addressOf(chat: number | string): string {
  return typeof chat === "number" ? `127.0.0.1:${chat}` : chat;
}

let bundled: Promise<void> | undefined;

/** Bundles the page, once for each test file: a bare `deno test -A` needs no other step. */
export function bundle(): Promise<void> {
  return bundled ??= (async () => {
    const dist = `${root}dist`;
    await Deno.mkdir(dist, { recursive: true });
    const fresh = await Deno.makeTempDir({ dir: dist });
    const { code, stderr } = await run([Deno.execPath(), "task", "-q", "bundle", "--outdir", fresh]);
    if (code !== 0) throw new Error(stderr);
    // In one step: gateways of other test files read it meanwhile.
    await Deno.rename(`${fresh}/chat.js`, `${dist}/chat.js`);
    await Deno.remove(fresh);
  })();
}

/** A process of ours. */
export interface Spawned extends AsyncDisposable {
  readonly pid: number;
  /** The port that it printed. */
  readonly port: number;
  /** What it printed so far, both streams. */
  output(): string;
  /** Sends a signal and waits for the end. */
  kill(signal: Deno.Signal): Promise<Deno.CommandStatus>;
}

/** Runs a task's command in a process of its own, as the task does, and waits until it serves. */
export async function spawn(
  role: "grpc" | "web" | "start",
  { env = {}, args = [], wrap = [] }: { env?: Record<string, string>; args?: string[]; wrap?: string[] } = {},
): Promise<Spawned> {
  if (role !== "grpc") await bundle();
  const [program = "", ...rest] = [
    ...wrap,
    Deno.execPath(),
    ...config.tasks[role].command.split(" ").slice(1),
    ...args,
  ];
  const child = new Deno.Command(program, {
    args: rest,
    cwd: root,
    env: { GRPC_PORT: "0", PORT: "0", ...(env.CHAT_LOG && { CHAT_DATA: dataBeside(env.CHAT_LOG) }), ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let output = "";
  const changed = { wake: () => {} };
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>;
    for await (const text of stream.pipeThrough(decoder)) {
      output += text;
      changed.wake();
    }
  };
  const ended = Promise.all([read(child.stdout), read(child.stderr), child.status]);
  const said = role === "web" ? /Chat page on \S+:(\d+)/ : /gRPC server started on port (\d+)/;
  let status: Deno.CommandStatus | undefined;
  child.status.then((how) => {
    status = how;
    changed.wake();
  });
  while (!said.test(output)) {
    if (status) {
      await ended;
      throw new Error(`"${role}" ended with ${status.code}: ${output}`);
    }
    await new Promise<void>((resolve) => changed.wake = resolve);
  }
  const kill = async (signal: Deno.Signal) => {
    if (!status) child.kill(signal);
    const [, , how] = await ended;
    return how;
  };
  return {
    pid: child.pid,
    port: Number(said.exec(output)?.[1]),
    output: () => output,
    kill,
    [Symbol.asyncDispose]: async () => void await kill("SIGKILL"),
  };
}

/** A free port that no outgoing connection is given: one that waits for its server could otherwise meet itself. */
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

/** Polls until a condition holds; fails after `ms`. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  { ms = 15_000, what = "a condition" } = {},
): Promise<void> {
  const end = Date.now() + ms;
  while (!await holds()) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs a program to its end and gives what it printed. */
export async function run(
  [program = "", ...args]: string[],
  { cwd = root, env = {}, stdin }: { cwd?: string; env?: Record<string, string>; stdin?: string } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = new Deno.Command(program, {
    args,
    cwd,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  // A program that reads nothing closes its end first.
  await writer.write(new TextEncoder().encode(stdin ?? "")).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

/**
 * Says loudly that a test cannot run here, and why. Under `CI=true` that is a failure: a gate that skips
 * is none.
 */
export function cannotRunHere(why: string): void {
  if (Deno.env.get("CI") === "true") throw new Error(`This test must run in CI: ${why}`);
  // deno-lint-ignore no-console -- this is the one thing a reader of the test's output must not miss
  console.error(`\n*** NOT TESTED HERE: ${why} ***\n`);
}
