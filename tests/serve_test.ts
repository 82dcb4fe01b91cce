/** The gateway under `deno serve --parallel`: gateway/serve.ts. */
import { assertEquals, assertMatch } from "@std/assert";
import { dice } from "./chaos/dice.ts";
import { Proxy } from "./chaos/proxy.ts";
import { FrameSocket } from "./doors.ts";
import { bundle, eventually, root, serveChat } from "./harness.ts";

/** A process of `deno serve`, with two workers. */
async function denoServe(env: Record<string, string>) {
  await bundle();
  const flags = ["-q", "--parallel", "-P=web", "--host", "127.0.0.1", "--port", "0"];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["serve", ...flags, "gateway/serve.ts"],
    cwd: root,
    env: { DENO_JOBS: "2", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let output = "";
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>;
    for await (const text of stream.pipeThrough(decoder)) output += text;
  };
  const ended = Promise.all([child.status, read(child.stdout), read(child.stderr)]);
  let isOver = false;
  ended.then(() => isOver = true);
  const end = async (signal: Deno.Signal) => {
    if (!isOver) child.kill(signal);
    return (await ended)[0].code;
  };
  return {
    output: () => output,
    /** The port, once it serves. */
    port: async () => {
      await eventually(() => /Chat page on \S+:\d+\n/.test(output), { what: `a port in: ${output}` });
      return Number(/Chat page on \S+:(\d+)\n/.exec(output)?.[1]);
    },
    end,
    ended: async () => (await ended)[0].code,
    [Symbol.asyncDispose]: async () => void await end("SIGKILL"),
  };
}

Deno.test("P2 ordered: under `deno serve --parallel` each worker has its session, and people on all of them chat with each other", async () => {
  await using chat = await serveChat();
  await using link = await Proxy.start(() => chat.port, { random: dice(1) });
  await using serving = await denoServe({ CHAT_ADDRESS: `127.0.0.1:${link.port}` });
  const port = await serving.port();
  await eventually(() => link.links === 2, { what: "two sessions" });
  assertMatch(
    await fetch(`http://127.0.0.1:${port}/`).then((r) => r.text()),
    /<script[^>]+chat-[0-9a-f]+\.js/,
  );
  await using closing = new AsyncDisposableStack();
  const names = Array.from({ length: 16 }, (_, i) => `person ${i}`);
  const people = await Promise.all(names.map((name) => FrameSocket.join(port, name)));
  for (const person of people) closing.use(person);
  await Promise.all(people.map((person) => person.ask({ follow: {} })));
  await Promise.all(people.map((person, i) => person.ask({ send: { text: `from ${i}` } })));
  await Promise.all(people.map((person) => person.until(() => person.events.length === people.length)));
  const [first = [], ...rest] = people.map(({ events }) =>
    events.map(({ seq, message }) => [seq, message?.text])
  );
  assertEquals(first.map(([seq]) => seq), names.map((_, i) => i + 1));
  for (const other of rest) assertEquals(other, first);

  // Deno closes them at once; that they may come back, and when, is said before.
  assertEquals(await serving.end("SIGTERM"), 0);
  for (const { frames } of people) {
    const partings = frames.flatMap(({ parting }) => parting ? [parting] : []);
    assertEquals(partings.map(({ code, retry }) => [code, retry]), [["SHUTTING_DOWN", true]]);
  }
});

Deno.test("under `deno serve` what cannot be is told at the start", async () => {
  await using wrong = await denoServe({ CHAT_ADDRESS: "nowhere" });
  assertEquals(await wrong.ended(), 2);
  assertMatch(wrong.output(), /Cannot use CHAT_ADDRESS "nowhere": an address is host:port/);
  await using measured = await denoServe({ METRICS_PORT: "9464" });
  assertEquals(await measured.ended(), 2);
  assertMatch(measured.output(), /Cannot use METRICS_PORT with deno serve/);
  await using elsewhere = await denoServe({ HOST: "0.0.0.0" });
  await elsewhere.port();
  assertMatch(elsewhere.output(), /listens on 127.0.0.1, and HOST is 0.0.0.0: set HOST to the same/);
});
