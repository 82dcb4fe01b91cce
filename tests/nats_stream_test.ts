/** A log in NATS and its streams: which ones it takes, and how it notices that one is not what it was. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { connect } from "@nats-io/transport-node";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { remarksOn } from "../log/nats_stream.ts";
import { openEngine, openLog } from "../log/open.ts";
import { limits } from "../protos/limits.ts";
import { event, take } from "./engines.ts";
import { eventually, tempFolder } from "./harness.ts";
import { codeOf, natsNode } from "./nats_nodes.ts";
import { type NatsServer, onNats, serveNats } from "./nats_server.ts";
import { chatOn, hi } from "./playing.ts";

/** A connection of the test's own. */
async function client({ port }: NatsServer) {
  const nc = await connect({ servers: `127.0.0.1:${port}` });
  return { js: jetstream(nc), jsm: await jetstreamManager(nc), [Symbol.asyncDispose]: () => nc.close() };
}

const forEver = { signal: new AbortController().signal };

onNats(
  "P3 complete: a node without a copy, or with a damaged one, makes it anew from the stream",
  async () => {
    await using nats = await serveNats();
    await using folder = await tempFolder();
    {
      await using log = await natsNode(nats.url(), { folder: folder.path });
      for (let seq = 1; seq <= 20; seq++) await log.append("lobby", seq - 1, [event(seq)]);
      await log.append("lobby", 20, [event(21, { deleted: { target: 3 } })]);
      await log.mark("guest:a", "lobby", 7);
    }
    const state = async (folder?: string) => {
      await using log = await natsNode(nats.url(), folder ? { folder } : {});
      return [log.epoch, log.read("lobby", 0, 500), log.marked("guest:a", "lobby"), log.room("lobby")];
    };
    const known = await state(folder.path);
    assertEquals(await state(), known);
    await Deno.writeTextFile(folder.file("CHAT.replica.db"), "no database".repeat(1_000));
    assertEquals(await state(folder.path), known);
    assert((await Deno.stat(folder.file("CHAT.replica.db.damaged"))).isFile);
  },
);

onNats(
  "P3 complete: another stream under the same name is another epoch, and what was here is kept",
  async () => {
    await using nats = await serveNats();
    await using folder = await tempFolder();
    await using mine = await client(nats);
    const log = await natsNode(nats.url(), { folder: folder.path });
    await log.append("lobby", 0, [event(1)]);
    const tail = codeOf(take(log.tail(1, forEver), 1));
    await mine.jsm.streams.delete("CHAT");
    {
      await using other = await natsNode(nats.url());
      await other.append("lobby", 0, [event(1, { message: { text: "another past" } })]);
      assertEquals(await tail, "DATA_LOSS", "the one that runs leaves");
      assertEquals(await codeOf(log.append("lobby", 1, [event(2)])), "DATA_LOSS");
      await log.close();
      await using again = await natsNode(nats.url(), { folder: folder.path });
      assertEquals(again.epoch, other.epoch);
      assertNotEquals(again.epoch, log.epoch);
      assertEquals(again.read("lobby", 0, 10)[0]?.message?.text, "another past");
    }
    await using kept = await openLog(`sqlite:${folder.file(`CHAT.replica.db.${log.epoch}`)}`);
    assertEquals(kept.read("lobby", 0, 10), [event(1)]);
  },
);

onNats("P3 complete: a stream that lost what was acknowledged goes on in another epoch", async () => {
  await using nats = await serveNats();
  await using folder = await tempFolder();
  await using other = await natsNode(nats.url());
  const log = await natsNode(nats.url(), { folder: folder.path });
  await log.append("lobby", 0, [event(1)]);
  await eventually(() => other.head("lobby") === 1);
  await nats.kill();
  await nats.backup();
  await nats.start();
  await eventually(() => log.refusal() === undefined);
  await log.append("lobby", 1, [event(2)]);
  await other.close();
  const tail = codeOf(take(log.tail(log.position(), forEver), 1));
  await nats.kill();
  await nats.restore();
  await nats.start();
  assertEquals(await tail, "DATA_LOSS");
  await log.close();
  await using again = await natsNode(nats.url(), { folder: folder.path });
  assertNotEquals(again.epoch, log.epoch);
  assertEquals(again.read("lobby", 0, 10), [event(1)]);
  assertMatch(again.told.join(), /another history/);
  await using third = await natsNode(nats.url());
  assertEquals([third.epoch, third.head("lobby")], [again.epoch, 1]);
});

onNats("a stream that could lose what it should keep is refused, saying all that differs", async () => {
  await using nats = await serveNats();
  await using mine = await client(nats);
  await mine.jsm.streams.add({ name: "CHAT", subjects: ["CHAT.>"], max_age: 60e9 });
  const why = await natsNode(nats.url()).then(() => "", ({ message }) => message);
  assertMatch(
    why,
    /^Cannot use the stream "CHAT" of "nats:.*subjects is .*, discard is .*, max_age is .* must be 0/,
  );
});

Deno.test("an operator is told of a cluster of NATS that is too old to keep what it acknowledges", () => {
  const isTold = (version: string, cluster = "c") => remarksOn({ cluster, version }).length === 1;
  assertEquals(["2.9.10", "2.10.26", "2.10.3-RC.1", "1.99.99"].filter((version) => !isTold(version)), []);
  assertEquals(
    ["2.10.27", "2.10.28-beta", "2.11.0", "2.15.1", "3.0.0"].filter((version) => isTold(version)),
    [],
  );
  assertEquals([isTold("2.9.10", ""), remarksOn()], [false, []]);
});

onNats("a stream of fewer replicas than were asked for is taken, and the operator is told", async () => {
  await using nats = await serveNats();
  {
    await using _ = await natsNode(nats.url());
  }
  await using folder = await tempFolder();
  const told: string[] = [];
  const { log } = await openEngine({ chatLog: nats.url(), chatData: folder.path, natsReplicas: 3 }, {
    tell: (text) => told.push(text),
  });
  await log.close();
  assertMatch(told[0] ?? "", /^The stream "CHAT" keeps 1 of each record, not 3: /);
  const fresh = openEngine({ chatLog: nats.url("NEW"), chatData: folder.path, natsReplicas: 3 });
  const why = await fresh.then(() => "", ({ message }) => message);
  assertMatch(
    why,
    /^Cannot make the stream "NEW" with 3 replicas in "nats:.*, check that JetStream is on, and NATS_REPLICAS/,
  );
});

onNats(
  "what others write into the stream changes no room, and a batch that cannot be ours stops the node",
  async () => {
    await using nats = await serveNats();
    await using mine = await client(nats);
    await using log = await natsNode(nats.url());
    await log.append("lobby", 0, [event(1)]);
    for (const junk of ["hello", "{}", "[1]", ""]) await mine.js.publish("CHAT.room.lobby", junk);
    await mine.js.publish("CHAT.room.%", "x");
    {
      await using chat = await chatOn(log);
      assertEquals((await chat.write("lobby", hi)).event.seq, 2);
    }
    await mine.js.publish(
      "CHAT.room.lobby",
      JSON.stringify({ id: "x", events: [{ ...event(3), message: undefined, later: {} }] }),
    );
    assertEquals(await codeOf(take(log.tail(log.position(), forEver), 1)), "DATA_LOSS");
  },
);

onNats("P5 bounded: a full stream and an append that NATS would not take are refused", async () => {
  await using nats = await serveNats();
  await using mine = await client(nats);
  await using log = await natsNode(nats.url());
  const text = "\u0001".repeat(limits.textBytes);
  const big = Array.from({ length: 12 }, (_, i) => event(i + 1, { message: { text } }));
  assertEquals(await codeOf(log.append("lobby", 0, big)), "INVALID_ARGUMENT");
  assertEquals(await log.append("lobby", 0, big.slice(0, 9)), { kind: "appended" });
  const { config } = await mine.jsm.streams.info("CHAT");
  await mine.jsm.streams.update("CHAT", { ...config, max_bytes: 1_000_000 });
  assertEquals(
    await codeOf(log.append("lobby", 9, big.slice(9).map((one, i) => ({ ...one, seq: 10 + i })))),
    "STORAGE_FULL",
  );
  await mine.jsm.streams.update("CHAT", { ...config, max_bytes: 10_000_000 });
  assertEquals(await log.append("lobby", 9, [event(10)]), { kind: "appended" });
});

onNats("rooms of every name have a subject of their own", async () => {
  await using nats = await serveNats();
  await using log = await natsNode(nats.url());
  const rooms = ["a.b", "a", "b", "*", ">", "a b", "台所", "%", "%2E", ".", "$JS", "~!'()", "A"];
  for (const room of rooms) await log.append(room, 0, [event(1, { message: { text: room } })]);
  await using other = await natsNode(nats.url());
  for (const room of rooms) assertEquals(other.read(room, 0, 9).map(({ message }) => message?.text), [room]);
});
