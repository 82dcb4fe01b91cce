/**
 * Does the disk have it before the sender is told? `kill -9` cannot show that, because the page cache survives.
 * strace can: for each message, in the order of the kernel's own calls, its bytes are written to the WAL, a
 * sync of the WAL begins after that and returns 0, and only then the answer is handed to the socket.
 */
import { assert, assertEquals } from "@std/assert";
import { grpcClient, send } from "./doors.ts";
import { cannotRunHere, root, run, spawn, tempFolder } from "./harness.ts";

const messages = 25;

const traced = "write,writev,sendto,sendmsg,pwrite64,pwritev,fsync,fdatasync,sync_file_range,msync";

/** strace into a file. -D keeps ChatService our own child, so that signals reach it; -yy names files and sockets. */
function straceInto(file: string): string[] {
  return ["strace", "-D", "-f", "-qq", "-yy", "-s", "65536", "-e", `trace=${traced}`, "-o", file];
}

/** A system call, with the lines of the trace at which it was entered and left. */
interface Call {
  readonly name: string;
  readonly args: string;
  readonly entered: number;
  left: number;
  result: string;
}

/** Reads `strace -f`: "pid call(args) = result", or its two halves when another thread came between. */
function parseTrace(trace: string): Call[] {
  const calls: Call[] = [];
  const unfinished = new Map<string, Call>();
  for (const [at, line] of trace.split("\n").entries()) {
    const [, pid = "", rest = ""] = /^(\d+)\s+(.*)$/s.exec(line) ?? [];
    const resumed = /^<\.\.\. \w+ resumed>.* = (.+)$/s.exec(rest);
    const begun = /^(\w+)\((.*?)( <unfinished \.\.\.>|\) += (.+))$/s.exec(rest);
    if (resumed) {
      const call = unfinished.get(pid);
      if (call) Object.assign(call, { left: at, result: resumed[1] });
      unfinished.delete(pid);
    } else if (begun) {
      const [, name = "", args = "", , result] = begun;
      const call = {
        name,
        args,
        entered: at,
        left: result === undefined ? Infinity : at,
        result: result ?? "",
      };
      calls.push(call);
      if (result === undefined) unfinished.set(pid, call);
    }
  }
  return calls;
}

/** What the trace says about one message: the lines of its write, of the sync behind it, and of its answer. */
interface Proof {
  readonly text: string;
  readonly written: number;
  readonly synced: number;
  readonly answered: number;
}

function findAnswers(calls: readonly Call[], port: number): Call[] {
  return calls.filter(({ name, args }) =>
    /^(write|writev|sendto|sendmsg)$/.test(name) && args.includes(`<TCP:[127.0.0.1:${port}->`) &&
    args.includes("Message sent")
  );
}

/**
 * The client sends one message at a time, so the n-th answer on the server's socket is the n-th message's.
 * A page of the WAL repeats earlier messages; the first write that has a text is that text's own.
 */
function prove(calls: readonly Call[], texts: readonly string[], port: number): Proof[] {
  const answers = findAnswers(calls, port);
  assertEquals(answers.length, texts.length, "each message has one answer on the socket");
  return texts.map((text, i) => {
    const write = calls.find(({ name, args }) =>
      name.startsWith("pwrite") && args.includes("chat.db-wal>") && args.includes(text)
    );
    assert(write, `"${text}" was written to the WAL`);
    const sync = calls.find(({ name, args, entered, result }) =>
      /^(fsync|fdatasync)$/.test(name) && args.includes("chat.db-wal>") && entered > write.left &&
      result === "0"
    );
    const answered = answers[i]?.entered ?? -1;
    return { text, written: write.left, synced: sync?.left ?? Infinity, answered };
  });
}

/** Runs ChatService from `folder` under strace, sends one message after the other, and reads the trace. */
async function traceSends(folder: string, data: string): Promise<Proof[]> {
  const trace = `${data}/trace`;
  const texts = Array.from({ length: messages }, (_, i) => `durable message ${i} of ${crypto.randomUUID()}`);
  await using server = await spawn("grpc", {
    env: { CHAT_LOG: `sqlite:${data}/chat.db` },
    wrap: ["env", "-C", folder, ...straceInto(trace)],
  });
  using client = grpcClient(server.port);
  for (const message of texts) await send(client, { username: "ann", message });
  await server.kill("SIGKILL");
  return prove(parseTrace(await Deno.readTextFile(trace)), texts, server.port);
}

/** Whether strace is there and may trace. */
async function mayTrace(): Promise<boolean> {
  const probe = await run(["strace", "-D", "-f", "-qq", "-o", "/dev/null", "true"]).catch(() => undefined);
  if (probe?.code === 0 && probe.stderr === "") return true;
  cannotRunHere(
    `it needs strace, and the right to use it (${probe?.stderr.trim() ?? "it is not installed"}).`,
  );
  return false;
}

Deno.test("P1 durable: each message is written and synced before its answer leaves", async () => {
  if (!await mayTrace()) return;
  await using folder = await tempFolder();
  const proofs = await traceSends(root, folder.path);
  assertEquals(proofs.length, messages);
  for (const [i, { text, written, synced, answered }] of proofs.entries()) {
    assert(i === 0 || written > (proofs[i - 1]?.answered ?? 0), "one message came after the other");
    assert(written < synced && synced < answered, `${text}: ${written} ${synced} ${answered}`);
  }
});

/** What ChatService is made of. */
const served = [
  "deno.json",
  "deno.lock",
  "grpc_server.ts",
  "chat",
  "feed",
  "log",
  "protos",
  "runtime",
  "service",
  "tests/std_assert",
];

Deno.test("P1 durable: the trace of a log that does not sync shows it", async () => {
  if (!await mayTrace()) return;
  await using folder = await tempFolder();
  const copy = folder.file("copy");
  await Deno.mkdir(copy);
  const made = await run(["cp", "-r", "--parents", ...served, copy]);
  assertEquals(made.code, 0, made.stderr);
  const writer = `${copy}/log/sqlite_writer.ts`;
  const source = await Deno.readTextFile(writer);
  const careless = source.replace(`? "FULL"`, `? "OFF"`);
  assert(careless !== source, "the setting is where it was");
  await Deno.writeTextFile(writer, careless);
  const proofs = await traceSends(copy, folder.path);
  for (const { text, synced, answered } of proofs) {
    assert(synced > answered, `${text}: ${synced} ${answered}`);
  }
});

Deno.test("P1 durable: what a killed server may not have synced is synced before a repeat is acknowledged", async () => {
  if (!await mayTrace()) return;
  await using folder = await tempFolder();
  const env = { CHAT_LOG: `sqlite:${folder.file("chat.db")}` };
  const message = { username: "ann", message: "again", clientId: "1" };
  {
    await using server = await spawn("grpc", { env });
    using client = grpcClient(server.port);
    await send(client, message);
    await server.kill("SIGKILL");
  }
  const trace = folder.file("trace");
  await using server = await spawn("grpc", { env, wrap: straceInto(trace) });
  using client = grpcClient(server.port);
  assertEquals((await send(client, message)).duplicate, true);
  await server.kill("SIGKILL");
  const calls = parseTrace(await Deno.readTextFile(trace));
  const [answer] = findAnswers(calls, server.port);
  const sync = calls.find(({ name, args, result }) =>
    /^(fsync|fdatasync)$/.test(name) && args.includes("chat.db-wal>") && result === "0"
  );
  assert(answer && sync && sync.left < answer.entered, "the WAL was synced first");
});
