/** Acceptance 9: ChatService drains while its gateways and a bot have been idle. See denoland/deno#36788. */
import { root } from "../../harness.ts";
import { Cluster } from "../cluster.ts";
import { fork } from "../dice.ts";
import type { RunOptions, Scenario, Verdict } from "../verdict.ts";
import { holds, pause } from "../wait.ts";

/** A drain after idling. */
export const idleDrain: Scenario = {
  name: "idle-drain",
  about:
    "SIGTERM of ChatService with gateways idle for 200 s and 260 s, five each: no process dies, all come back",
  run,
};

const sizes = { ci: { idleS: [2], gateways: 2 }, full: { idleS: [200, 260], gateways: 5 } };

async function run({ seed, log, size, say }: RunOptions): Promise<Verdict> {
  const { idleS, gateways } = sizes[size];
  // Side by side: each drains a ChatService of its own.
  const broken = await Promise.all(idleS.map((seconds) => drain(seconds, { seed, log, gateways, say })));
  return {
    findings: [],
    broken: broken.flat(),
    figures: { "idle s": idleS.join(" and "), "gateways each": gateways },
  };
}

async function drain(
  seconds: number,
  { seed, log, gateways, say }: { seed: number; log: string; gateways: number; say: (line: string) => void },
): Promise<string[]> {
  await using cluster = await Cluster.start({ log, gateways, random: fork(seed, `idle ${seconds}`) });
  await using bot = startBot(`grpc://127.0.0.1:${cluster.chat.port}`);
  const broken: string[] = [];
  if (!await holds(() => bot.output().includes("live"))) broken.push("the bot does not connect");
  await pause(seconds * 1_000);
  const { code } = await cluster.chat.kill("SIGTERM");
  if (code !== 0) {
    broken.push(`after ${seconds} s: ChatService ended with ${code}: ${cluster.chat.output.slice(-500)}`);
  }
  await pause(2_000);
  await cluster.chat.restart();
  for (const gateway of cluster.gateways) {
    const ready = async () => {
      const response = await fetch(`http://127.0.0.1:${gateway.port}/readyz`).catch(() => undefined);
      await response?.body?.cancel();
      return response?.status === 200;
    };
    if (await holds(ready, { everyMs: 200 })) continue;
    broken.push(`after ${seconds} s: ${gateway.name} does not come back: ${gateway.output.slice(-500)}`);
  }
  if (!await holds(() => bot.output().split("live").length > 2)) {
    broken.push(`after ${seconds} s: the bot does not come back: ${bot.output().slice(-500)}`);
  }
  say(`${seconds} s: ${broken.length === 0 ? "all came back" : "broken"}`);
  return [...broken, ...cluster.faults()];
}

/** A program with the library that does nothing but stay, and prints how its line stands. */
function startBot(address: string): AsyncDisposable & { output(): string } {
  const script = `import { connect } from "./sdk/mod.ts";
    await connect("${address}", { name: "idler", onConnection: ({ is }) => console.log(is) });
    setInterval(() => {}, 1_000_000);`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "--no-check", "--ext=ts", "-"],
    cwd: root,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let output = "";
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>;
    for await (const text of stream.pipeThrough(decoder)) output += text;
  };
  const reading = Promise.all([read(child.stdout), read(child.stderr)]);
  const writer = child.stdin.getWriter();
  const feeding = writer.write(new TextEncoder().encode(script)).then(() => writer.close());
  return {
    output: () => output,
    [Symbol.asyncDispose]: async () => {
      await feeding;
      child.kill("SIGKILL");
      await Promise.all([reading, child.status]);
    },
  };
}
