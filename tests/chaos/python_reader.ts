/** A Python client with stubs generated from the contract, in a process of its own. */
import { root, run as runProgram, tempFolder } from "../harness.ts";

const python = "/usr/bin/python3";

/** What it read, in its own words. */
export interface PythonRead {
  readonly texts: readonly string[];
  readonly resets: number;
  readonly sessions: number;
}

/** A reader that is at work. */
export interface PythonReader extends AsyncDisposable {
  /** Resolves when it has read as much as it was told to; rejects if it failed. */
  readonly read: Promise<PythonRead>;
}

/** Starts a reader and waits until it follows; undefined where there is no Python with grpcio. */
export async function startPythonReader(
  address: string,
  { name, wanted, silenceS }: { name: string; wanted: number; silenceS: number },
): Promise<PythonReader | undefined> {
  const probe = await runProgram([python, "-c", "import grpc, grpc_tools.protoc"]).catch(() => ({ code: 1 }));
  if (probe.code !== 0) return undefined;
  const folder = await tempFolder();
  const out = ["--python_out", folder.path, "--grpc_python_out", folder.path];
  const made = await runProgram([
    python,
    "-m",
    "grpc_tools.protoc",
    ...out,
    "-I",
    `${root}protos`,
    "chat.proto",
  ]);
  if (made.code !== 0) throw new Error(`Cannot generate Python stubs: ${made.stderr}`);
  const child = new Deno.Command(python, {
    args: [`${root}tests/clients/session.py`, address, name, `${wanted}`, `${silenceS}`],
    env: { PYTHONPATH: folder.path, PYTHONDONTWRITEBYTECODE: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const ready = Promise.withResolvers<void>();
  const printed = { out: "", error: "" };
  const collect = async (stream: ReadableStream<Uint8Array>, into: "out" | "error") => {
    const decoder = new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>;
    for await (const text of stream.pipeThrough(decoder)) {
      printed[into] += text;
      if (printed.out.includes("ready\n")) ready.resolve();
    }
  };
  const ended = Promise.all([collect(child.stdout, "out"), collect(child.stderr, "error"), child.status]);
  const read = ended.then(([, , { code }]) => {
    if (code === 0) return JSON.parse(printed.out.replace("ready\n", "")) as PythonRead;
    throw new Error(`The Python client ended with ${code}: ${printed.error}`);
  });
  // Whoever waits for `read` is told.
  read.catch((error) => ready.reject(error));
  await ready.promise;
  return {
    read,
    [Symbol.asyncDispose]: async () => {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await ended;
      await folder[Symbol.asyncDispose]();
    },
  };
}
