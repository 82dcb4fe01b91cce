/**
 * The README, carried out from top to bottom in a copy of this repository. The word behind a block's language says
 * how; a block that nothing here knows how to run fails. Only the ports are changed, to free ones.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { documents, generated } from "../docs/generate.ts";
import { RawSocket } from "./doors.ts";
import { cannotRunHere, eventually, quietPort, root, run, tempFolder } from "./harness.ts";

interface Block {
  /** Such as `sh start`. */
  readonly kind: string;
  readonly text: string;
  readonly line: number;
}

function parseBlocks(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(.+)\n([^]*?)^```$/gm)].map(({ index, 1: kind = "", 2: text = "" }) => ({
    kind,
    text,
    line: markdown.slice(0, index).split("\n").length,
  }));
}

/** Where the blocks run, and what the last of them printed. */
class Stranger implements AsyncDisposable {
  readonly ports: { page: number; grpc: number };
  readonly #folder: { path: string; file(name: string): string };
  readonly #python: boolean;
  #server: Background | undefined;
  #follower: Background | undefined;
  /** Undefined when the last block could not run here. */
  #printed: string | undefined = "";

  constructor(folder: { path: string; file(name: string): string }, { python }: { python: boolean }) {
    this.#folder = folder;
    this.#python = python;
    this.ports = { page: quietPort(), grpc: quietPort() };
  }

  readonly runners: Readonly<Record<string, (text: string) => Promise<void> | void>> = {
    "sh": async (text) => {
      if (text.includes("python3") && !this.#python) return void (this.#printed = undefined);
      const { code, stdout, stderr } = await run(["sh", "-e", "-c", this.#here(text)], this.#place());
      assertEquals(code, 0, stdout + stderr);
      this.#printed = stdout;
    },
    "sh start": async (text) => {
      await this.#server?.stop();
      this.#server = new Background(["sh", "-c", this.#here(text)], this.#place());
      await this.#server.prints(/gRPC server started/);
      this.#printed = this.#server.printed;
      const [, origin] = /ORIGINS=(\S+)/.exec(text) ?? [];
      const headers = { Origin: origin ?? `http://localhost:${this.ports.page}` };
      await using _ = await RawSocket.connect(`ws://localhost:${this.ports.page}/ws/stranger`, { headers });
    },
    "sh servers": async (text) => {
      await this.#server?.stop();
      const here = new Stranger(this.#folder, { python: false });
      await using started = new AsyncDisposableStack();
      const servers = text.trim().split("\n").map((line) =>
        started.use(new Background(["env", ...here.#here(line).split(" ")], here.#place()))
      );
      await Promise.all(servers.map((server) => server.prints(/gRPC server started|Chat page on/)));
      const ready = ["curl", "-sf", `http://localhost:${here.ports.page}/readyz`];
      await eventually(async () => (await run(ready)).code === 0, {
        what: "a gateway that reaches ChatService",
      });
      // SIGTERM to `deno task` itself, and to nothing else.
      for (const server of servers) {
        assertEquals((await server.stop({ alone: true })).code, 0, server.printed);
      }
      await this.runners["sh start"]?.("deno task start");
    },
    "python follow": async (text) => {
      if (!this.#python) return void (this.#printed = undefined);
      await this.#follow(["python3", "-u", "-c", this.#here(text)]);
    },
    "ts follow": async (text) => {
      await Deno.writeTextFile(this.#folder.file("switchboard/example.ts"), this.#here(text));
      await this.#follow([Deno.execPath(), "run", "--quiet", "-A", "example.ts"]);
    },
    "js follow": (text) => this.#follow([Deno.execPath(), "eval", "--quiet", this.#here(text)]),
    "sh pip": async (text) => {
      assertEquals(text, "pip install grpcio grpcio-tools\n");
      if (!this.#python) return cannotRunHere("Python with grpcio and grpcio-tools, by pip or from Debian");
      await this.runners.sh?.("python3 -c 'import grpc, grpc_tools.protoc'");
    },
    "sh grpcurl": async (text) => {
      for (const line of text.trim().split("\n")) await this.runners.sh?.(asBufCurl(line));
      assertStringIncludes(this.#printed ?? "", `"success": true`);
    },
    // It is what runs this.
    "sh by-hand": async (text) => {
      assertEquals(text, "deno task test\n");
      assertStringIncludes(await Deno.readTextFile(root + ".ci/run"), text.trim());
    },
    // Its steps are carried out by docker_test.ts.
    "sh docker": async (text) => checkDocker(text, await Deno.readTextFile(root + "Dockerfile")),
    "text": async (text) => {
      if (this.#printed === undefined) return;
      const expected = mask(this.#here(text)).trim().split("\n");
      if (!this.#follower) return assertEquals(mask(this.#printed).trim().split("\n"), expected);
      // A follower prints more, such as what others said before.
      const follower = this.#follower;
      const missing = () => expected.filter((line) => !mask(follower.printed).split("\n").includes(line));
      await eventually(() => missing().length === 0).catch(() =>
        assertEquals(missing(), [], follower.printed)
      );
      await follower[Symbol.asyncDispose]();
      this.#follower = undefined;
    },
  };

  async #follow([program = "", ...args]: string[]): Promise<void> {
    this.#follower = await Promise.resolve(new Background([program, ...args], this.#place()));
    this.#printed = "";
  }

  #here(text: string): string {
    return text.replaceAll("8000", String(this.ports.page)).replaceAll("50051", String(this.ports.grpc));
  }

  #place(): { cwd: string; env: Record<string, string> } {
    return {
      cwd: this.#folder.file("switchboard"),
      env: {
        PATH: `${this.#folder.file("bin")}:${Deno.env.get("PATH")}`,
        PORT: String(this.ports.page),
        GRPC_PORT: String(this.ports.grpc),
        PYTHONDONTWRITEBYTECODE: "1",
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#follower?.[Symbol.asyncDispose]();
    await this.#server?.[Symbol.asyncDispose]();
  }
}

/** A command with all its children, in a process group of its own: `npx` does not pass SIGTERM on. */
class Background implements AsyncDisposable {
  printed = "";
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<Deno.CommandStatus>;

  constructor(command: string[], options: { cwd: string; env: Record<string, string> }) {
    this.#child = new Deno.Command("setsid", {
      args: command,
      ...options,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#ended = Promise.all([this.#child.status, this.#read(), new Response(this.#child.stderr).text()])
      .then(
        ([status, , stderr]) => {
          this.printed += stderr;
          return status;
        },
      );
  }

  /** Waits until it has printed something. */
  async prints(what: RegExp): Promise<void> {
    await eventually(() => what.test(this.printed), { ms: 60_000, what: `${what} in ${this.printed}` });
  }

  /** Sends a signal to the whole group, or to the first process `alone`, and waits for the end. */
  async stop({ signal = "SIGTERM", alone = false }: { signal?: Deno.Signal; alone?: boolean } = {}) {
    try {
      Deno.kill(alone ? this.#child.pid : -this.#child.pid, signal);
    } catch (error) {
      // Nobody of it is left.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop({ signal: "SIGKILL" });
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>;
    for await (const text of this.#child.stdout.pipeThrough(decoder)) this.printed += text;
  }
}

/** What no two runs have in common: times, numbers of messages, lives of rooms. */
function mask(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>").replaceAll(/"[0-9a-f]{12}"/g, "<epoch>")
    .replaceAll(/"seq": ?"?\d+"?/g, "<seq>");
}

/** grpcurl is in no registry that CI has. The same address, method and JSON go through buf's client. */
function asBufCurl(line: string): string {
  const [, data, address, what] = /^grpcurl -plaintext (?:-d ('[^']*') )?(\S+) (\S+)$/.exec(line) ?? [];
  assert(what !== undefined, `this test does not know: ${line}`);
  const curl = "buf curl --protocol grpc --http2-prior-knowledge";
  if (what === "list") return `${curl} --list-services http://${address}`;
  return `${curl} ${data ? `--data ${data}` : ""} http://${address}/${what}`;
}

function checkDocker(text: string, dockerfile: string): void {
  const [build = "", start = "", ...more] = text.trim().split("\n");
  const declared = (name: string) =>
    new RegExp(`^${name} (.*)$`, "m").exec(dockerfile)?.[1]?.split(" ") ?? [];
  const [, tag] = /^docker build -t (\S+) \.$/.exec(build) ?? [];
  assertMatch(start, new RegExp(`^docker run --read-only .* ${tag}$`));
  assertEquals([...start.matchAll(/-v \w+:(\S+)/g)].map(([, path]) => path), declared("VOLUME"));
  assertEquals([...start.matchAll(/-p 127\.0\.0\.1:(\d+):\1/g)].map(([, port]) => port), declared("EXPOSE"));
  assertEquals(more, []);
}

/** A copy as a stranger would have it, and the programs that the README asks for. */
async function prepare(folder: { path: string; file(name: string): string }): Promise<{ python: boolean }> {
  await Deno.mkdir(folder.file("bin"));
  await Deno.mkdir(folder.file("switchboard"));
  const leftOut = [".git", "data", "dist", "node_modules", "bench/.cache"].map((name) =>
    `--exclude=./${name}`
  ).join(" ");
  const copy = `tar -C "${root}" ${leftOut} -cf - . | tar -xC "${folder.file("switchboard")}"`;
  assertEquals((await run(["sh", "-c", copy])).code, 0);
  const buf =
    `#!/bin/sh\nexec deno run --quiet --config="${root}tests/tools/deno.json" -A npm:@bufbuild/buf@1.74.0/buf "$@"\n`;
  await Deno.writeTextFile(folder.file("bin/buf"), buf, { mode: 0o755 });
  // Debian's packages belong to Debian's Python, which need not be the first one.
  for (const python of ["python3", "/usr/bin/python3"]) {
    const { code } = await run([python, "-c", "import grpc, grpc_tools.protoc"]).catch(() => ({ code: 1 }));
    if (code !== 0) continue;
    const script = `#!/bin/sh\nexec ${python === "python3" ? "env python3" : python} "$@"\n`;
    if (python !== "python3") await Deno.writeTextFile(folder.file("bin/python3"), script, { mode: 0o755 });
    return { python: true };
  }
  return { python: false };
}

Deno.test("every block of the README does what it says", async (t) => {
  await using folder = await tempFolder();
  await using stranger = new Stranger(folder, await prepare(folder));
  const blocks = parseBlocks(await Deno.readTextFile(root + "README.md"));
  assert(blocks.length > 15);
  for (const { kind, text, line } of blocks) {
    const passed = await t.step(`line ${line}: ${kind}: ${text.split("\n")[0]}`, async () => {
      const runner = stranger.runners[kind];
      assert(runner, `there is no way here to run a block of "${kind}"`);
      await runner(text);
    });
    if (!passed) return;
  }
});

Deno.test("what the documents say about settings, errors and limits is fresh", async () => {
  for (const document of documents) {
    assertEquals(
      await Deno.readTextFile(root + document),
      await generated(document),
      "deno run -A docs/generate.ts",
    );
  }
});

Deno.test("the documents' links lead somewhere", async () => {
  const documents = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"];
  for (const document of [...documents, "docs/reference.md", "docs/operations.md", "docs/scaling.md"]) {
    const folder = new URL(document, `file://${root}`);
    for (const [, link = ""] of (await Deno.readTextFile(folder)).matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
      if (!link.startsWith("https:")) await Deno.stat(new URL(link, folder));
    }
  }
});
