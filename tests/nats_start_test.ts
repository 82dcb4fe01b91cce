/** A ChatService that cannot begin yet: it says so, it ends when nothing comes any more, and at once when it is told to. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import config from "../deno.json" with { type: "json" };
import { clear, Proxy } from "./chaos/proxy.ts";
import { event } from "./engines.ts";
import { eventually, root, tempFolder } from "./harness.ts";
import { natsNode } from "./nats_nodes.ts";
import { type NatsServer, onNats, serveNats } from "./nats_server.ts";

/** A ChatService in a process of its own, which is not waited for. */
function begin(env: Record<string, string>): Deno.ChildProcess {
  const [program = "", ...args] = config.tasks.grpc.command.split(" ");
  return new Deno.Command(program === "deno" ? Deno.execPath() : program, {
    args,
    cwd: root,
    env: { GRPC_PORT: "0", ...env },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

/** Ends it as an operator does. Gives how that went, and what it had said. */
async function stop(child: Deno.ChildProcess, signal: Deno.Signal): Promise<string> {
  const began = performance.now();
  child.kill(signal);
  const impatience = setTimeout(() => child.kill("SIGKILL"), 5_000);
  const { code, stderr } = await child.output();
  clearTimeout(impatience);
  assertEquals(code, 0);
  assert(performance.now() - began < 1_000, `${performance.now() - began}`);
  return new TextDecoder().decode(stderr);
}

/** Makes one of the streams of a log anew, so that it can be read by one node at a time: others get nothing of it. */
async function forOneReader(nats: NatsServer, stream: string): Promise<void> {
  await (await natsNode(nats.url()))[Symbol.asyncDispose]();
  const nc = await connect({ servers: `127.0.0.1:${nats.port}` });
  const jsm = await jetstreamManager(nc);
  const { config } = await jsm.streams.info(stream);
  await jsm.streams.delete(stream);
  await jsm.streams.add({ ...config, max_consumers: 1 });
  await nc.close();
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`a ChatService that waits for NATS ends at once on ${signal}`, async () => {
    await using folder = await tempFolder();
    using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const child = begin({ CHAT_LOG: `nats://127.0.0.1:${silent.addr.port}`, CHAT_DATA: folder.path });
    using _ = await silent.accept();
    assertEquals(await stop(child, signal), `${signal}: leaving before it served\n`);
  });
}

onNats("a ChatService that gets nothing of its stream ends at once on SIGTERM", async () => {
  await using nats = await serveNats();
  await using folder = await tempFolder();
  await forOneReader(nats, "CHAT");
  await using one = await natsNode(nats.url());
  await one.append("lobby", 0, [event(1)]);
  const child = begin({ CHAT_LOG: nats.url(), CHAT_DATA: folder.path });
  await eventually(() => Deno.stat(folder.file("CHAT.replica.db")).then(() => true, () => false));
  assertMatch(await stop(child, "SIGTERM"), /^SIGTERM: leaving before it served\n$/);
});

for (const [stream, record] of [["CHAT", "0 of 3"], ["CHAT_marks", "0 of 1"]] as const) {
  onNats(
    `P5 bounded: a node that gets nothing of "${stream}" says so, and ends with what to do`,
    async () => {
      await using nats = await serveNats();
      await forOneReader(nats, stream);
      await using one = await natsNode(nats.url());
      await one.append("lobby", 0, [event(1)]);
      await one.mark("guest:a", "lobby", 1);
      const told: string[] = [];
      const began = performance.now();
      const why = await natsNode(nats.url(), { told, patienceMs: 1_500 }).then(
        () => "it began",
        ({ code, message }) => `${code} ${message}`,
      );
      assert(performance.now() - began < 5_000);
      assertMatch(
        why,
        new RegExp(
          `^UNAVAILABLE Cannot catch up with the stream "${stream}": nothing has come after record ${record} for 2 s ` +
            `\\(maximum consumers limit reached\\), .*docs/operations.md\\.$`,
        ),
      );
      assertEquals(told, [
        `Catching up with the stream "${stream}": at record ${record}.`,
        `Catching up with the stream "${stream}": at record ${record}.`,
      ]);
    },
  );
}

onNats("P5 bounded: a start may take as long as it does, while something comes", async () => {
  await using nats = await serveNats();
  await using one = await natsNode(nats.url());
  const text = "x".repeat(2_000);
  for (let seq = 1; seq <= 60; seq++) await one.append("lobby", seq - 1, [event(seq, { message: { text } })]);
  await using slow = await Proxy.start(() => nats.port, { random: Math.random });
  slow.set({ down: { ...clear, bytesPerSecond: 40_000 } });
  const began = performance.now();
  await using other = await natsNode(`nats://127.0.0.1:${slow.port}`, { patienceMs: 1_000 });
  assert(performance.now() - began > 2_500, "it took longer than nothing may come");
  assertEquals(other.head("lobby"), 60);
});
