/**
 * A Dockerfile, carried out by hand: no Docker engine is needed, only root on a Debian with Node, which is what the
 * base images are. A stage is an overlay over this machine's own files, and a step runs in it under chroot.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { root, run } from "./harness.ts";

/** One instruction. */
export interface Step {
  readonly name: string;
  readonly text: string;
}

/** What stands between one FROM and the next. */
export interface Stage {
  readonly from: string;
  readonly as: string;
  readonly steps: readonly Step[];
}

/** Reads as much of the language as ours uses. */
export function parseDockerfile(text: string): Stage[] {
  const lines = text.replaceAll(/^#.*\n/gm, "").replaceAll(/\\\n\s*/g, "").split("\n").filter((line) => line);
  const stages: { from: string; as: string; steps: Step[] }[] = [];
  for (const line of lines) {
    const [, name = "", text = ""] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    const [from = "", , as = ""] = text.split(" ");
    if (name === "FROM") stages.push({ from, as, steps: [] });
    else stages.at(-1)?.steps.push({ name, text });
  }
  return stages;
}

/** `.dockerignore` as far as ours goes: `*` leaves out all, `!path` brings one back with what is below it. */
export async function copyContext(to: string): Promise<void> {
  const [first, ...rest] = (await Deno.readTextFile(root + ".dockerignore")).split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  assertEquals(first, "*");
  for (const line of rest) {
    assertMatch(line, /^![\w./]+$/, "this test knows no other pattern");
    must(line, await run(["cp", "-a", "--parents", line.slice(1), to]));
  }
}

/** A stage under way: its settings so far, and the shell that stands for its steps. */
export class Builder {
  readonly env: Record<string, string> = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  };
  workdir = "/";
  readonly declared: Step[] = [];
  readonly #space: MountSpace;
  readonly #context: string;
  readonly at: string;

  constructor(space: MountSpace, { at, context }: { at: string; context: string }) {
    this.#space = space;
    this.at = at;
    this.#context = context;
  }

  async carryOut({ name, text }: Step): Promise<void> {
    switch (name) {
      case "ENV":
        for (const [, key = "", value = ""] of text.matchAll(/(\w+)=(\S+)/g)) this.env[key] = value;
        return;
      case "WORKDIR":
        this.workdir = text;
        return void await this.#space.shell(`mkdir -p "${this.at}${text}"`);
      case "COPY":
        return await this.#copy(text.split(" "));
      case "RUN":
        // Docker runs it with /bin/sh -c, as root, in the stage's folder and environment.
        return void await this.#space.inside(this, ["/bin/sh", "-c", text]);
      case "USER":
      case "VOLUME":
      case "EXPOSE":
      case "HEALTHCHECK":
      case "CMD":
        this.declared.push({ name, text });
        return;
      default:
        throw new Error(`this test knows no ${name}`);
    }
  }

  /** What a step that only declares something said. */
  said(name: string): string {
    return this.declared.find((step) => step.name === name)?.text ?? "";
  }

  async #copy(words: string[]): Promise<void> {
    const stage = words[0]?.startsWith("--from=") ? words.shift()?.slice("--from=".length) : undefined;
    const to = words.pop() ?? "";
    const target = this.at + (to.startsWith("/") ? to : `${this.workdir}/${to}`);
    for (const word of words) {
      const from = stage === undefined ? `${this.#context}/${word}` : this.at.replace(/[^/]+$/, stage) + word;
      // Like Docker's: a folder's content goes into the target, a file under its name or into a folder.
      await this.#space.shell(
        `if [ -d "${from}" ]; then mkdir -p "${target}" && cp -a "${from}/." "${target}/"; ` +
          `else mkdir -p "$(dirname "${target}x")" && cp -a "${from}" "${target}"; fi`,
      );
    }
  }
}

/** A mount namespace of the test's own, so that nothing mounted here outlives it or is seen outside. */
export class MountSpace implements AsyncDisposable {
  readonly #holder: Deno.ChildProcess;

  private constructor(holder: Deno.ChildProcess) {
    this.#holder = holder;
  }

  static async open(): Promise<MountSpace | undefined> {
    const holder = new Deno.Command("unshare", {
      args: ["--mount", "--propagation", "private", "sh", "-c", "echo && exec sleep 600"],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = holder.stdout.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    if (value) return new MountSpace(holder);
    await holder.status;
    return undefined;
  }

  /** Enters it, to run a program there. */
  get enter(): string[] {
    return ["nsenter", "-t", String(this.#holder.pid), "--mount"];
  }

  /** Runs a shell's command in it; throws with what it printed if it fails. */
  async shell(command: string): Promise<string> {
    return must(command, await run([...this.enter, "/bin/sh", "-ec", command]));
  }

  /** Runs a program in a stage, as root, as a build does. */
  async inside(stage: Builder, program: string[]): Promise<string> {
    return must(program.join(" "), await run([...this.enter, ...chroot(stage), ...program]));
  }

  /** Makes a stage's root: this machine's files, and over them a folder that takes the changes. */
  async overlay(at: string): Promise<void> {
    await this.shell(
      `mkdir -p "${at}" "${at}.changes" "${at}.work" && ` +
        `mount -t overlay overlay -o "lowerdir=/,upperdir=${at}.changes,workdir=${at}.work" "${at}" && ` +
        `mount --rbind /dev "${at}/dev" && mount -t proc proc "${at}/proc"`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.kill("SIGKILL");
    await this.#holder.status;
  }
}

function chroot({ at, env, workdir }: Builder, user?: string): string[] {
  const variables = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const home = user === undefined ? ["HOME=/root", ...wayOut()] : [];
  return [
    "chroot",
    ...(user === undefined ? [] : [`--userspec=${user}`, "--groups="]),
    at,
    "env",
    "-i",
    "-C",
    workdir,
    ...home,
    ...variables,
  ];
}

/** How this machine reaches the registries is no business of the image's, so a build is given it from outside. */
function wayOut(): string[] {
  const name = /^(DENO_TLS|DENO_CERT|SSL_CERT|NODE_EXTRA_CA|npm_config)|_proxy$/i;
  return Object.entries(Deno.env.toObject()).filter(([key]) => name.test(key)).map((pair) => pair.join("="));
}

function must(
  what: string,
  { code, stdout, stderr }: { code: number; stdout: string; stderr: string },
): string {
  if (code !== 0) throw new Error(`${what}\nended with ${code}: ${stdout}${stderr}`);
  return stdout;
}

/** A container of the finished image: its user, no network but its own loopback, and a read-only root. */
export class Container implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<[string, string]>;
  readonly #inside: string[];
  readonly #health: string[];
  readonly #enter: string[];
  #ended = false;

  /** `beside` another one it shares that one's network. */
  constructor(space: MountSpace, image: Builder, command: string[], beside?: Container) {
    const own = ["unshare", "--net", "sh", "-ec", `ip link set lo up; exec "$@"`, "sh"];
    this.#enter = space.enter;
    this.#inside = chroot(image, image.said("USER"));
    this.#health = JSON.parse(image.said("HEALTHCHECK").replace(/^.*CMD /, ""));
    const [program = "", ...args] = [...space.enter, ...(beside?.net ?? own), ...this.#inside, ...command];
    this.#child = new Deno.Command(program, { args, stdin: "null", stdout: "piped", stderr: "piped" })
      .spawn();
    this.#output = Promise.all([
      new Response(this.#child.stdout).text(),
      new Response(this.#child.stderr).text(),
    ]);
  }

  /** Enters its network, to run a program there. */
  get net(): string[] {
    return ["nsenter", "-t", String(this.#child.pid), "--net"];
  }

  /** As `docker exec`. */
  exec(...command: string[]): ReturnType<typeof run> {
    return run([...this.#enter, ...this.net, ...this.#inside, ...command]);
  }

  /** As the engine asks, by the image's health check. */
  async healthy(): Promise<boolean> {
    return (await this.exec(...this.#health)).code === 0;
  }

  /** Runs code of this repository in the container's network; gives what it printed. */
  async evaluate(code: string): Promise<string> {
    return must(code, await run([...this.net, Deno.execPath(), "eval", "--quiet", code]));
  }

  /** As `docker stop`; gives the exit code and what it printed. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<{ code: number; output: string }> {
    if (!this.#ended) this.#child.kill(signal);
    const { code } = await this.#child.status;
    this.#ended = true;
    return { code, output: (await this.#output).join("") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }
}
