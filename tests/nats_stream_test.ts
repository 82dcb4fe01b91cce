/** A log in NATS and its streams: which ones it takes, and how it notices that one is not what it was. */
import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { connect } from "@nats-io/transport-node";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { newKeys, readKeys } from "../log/keys.ts";
import { keepMarks } from "../log/nats_marks_kept.ts";
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

/** The stream of a log, made so that records can be taken out of it. */
async function looseStream({ jsm }: Awaited<ReturnType<typeof client>>, nats: NatsServer): Promise<void> {
  await (await natsNode(nats.url()))[Symbol.asyncDispose]();
  const { config } = await jsm.streams.info("CHAT");
  await jsm.streams.delete("CHAT");
  await jsm.streams.add({ ...config, deny_purge: false });
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
    await log.mark("guest:a", "lobby", 1);
    const tail = codeOf(take(log.tail(1, forEver), 1));
    await mine.jsm.streams.delete("CHAT");
    {
      await using other = await natsNode(nats.url());
      const past = { message: { text: "another past" } };
      await other.append("lobby", 0, [event(1, past, { timestamp: "2026-01-31T12:00:01.000Z" })]);
      assertEquals(await tail, "DATA_LOSS", "the one that runs leaves");
      assertEquals(await codeOf(log.append("lobby", 1, [event(2)])), "DATA_LOSS");
      await log.close();
      await using again = await natsNode(nats.url(), { folder: folder.path });
      assertEquals(again.epoch, other.epoch);
      assertNotEquals(again.epoch, log.epoch);
      assertEquals(again.read("lobby", 0, 10)[0]?.message?.text, "another past");
      assertEquals(again.marked("guest:a", "lobby"), 0, "nobody has read that");
    }
    await using kept = await openLog(`sqlite:${folder.file(`CHAT.replica.db.${log.epoch}`)}`);
    assertEquals(kept.read("lobby", 0, 10), [event(1)]);
  },
);

onNats("P3 complete: a copy that is put aside never takes the place of one that was before", async () => {
  await using nats = await serveNats();
  await using folder = await tempFolder();
  const kept = ["CHAT.replica.db.damaged", "CHAT.replica.db.damaged.2", "CHAT.replica.db.damaged.3"];
  for (const [i, name] of kept.entries()) {
    const text = `no database, ${i}`.repeat(1_000);
    await Deno.writeTextFile(folder.file("CHAT.replica.db"), text);
    await using log = await natsNode(nats.url(), { folder: folder.path });
    assertMatch(log.told[0] ?? "", new RegExp(`was damaged; .*/${name}"\\.$`));
    assertEquals(await Deno.readTextFile(folder.file(name)), text);
  }
});

onNats(
  "keys are kept beside a copy, for its user alone; a stream that lost them is given them again",
  async () => {
    await using nats = await serveNats();
    await using folder = await tempFolder();
    await using mine = await client(nats);
    await looseStream(mine, nats);
    const open = async () => {
      const told: string[] = [];
      const settings = { chatLog: nats.url(), chatData: folder.path };
      const { log, keys } = await openEngine(settings, { tell: (text) => told.push(text) });
      await log.append("lobby", log.head("lobby"), [event(log.head("lobby") + 1)]);
      await log.close();
      return { keys, told };
    };
    const { keys } = await open();
    const file = folder.file("CHAT.replica.db-keys.json");
    assertEquals(await readKeys(file), keys);
    assertEquals(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
    await mine.jsm.streams.purge("CHAT", { filter: "CHAT.keys" });
    assertEquals(await open(), { keys, told: [] });
    const others = JSON.stringify({ keys: await newKeys() });
    await Deno.writeTextFile(file, others);
    const again = await open();
    assertEquals(again.keys, keys, "those of the stream are what counts");
    assertEquals(again.told, [
      `Cannot keep the keys of the stream in "${file}": it holds others, move it away if these are needed no more.`,
    ]);
    assertEquals(await Deno.readTextFile(file), others, "they may be all that is left of those before");
    await Deno.writeTextFile(file, "{}");
    const { told } = await open();
    assertEquals(told, [
      `Cannot keep the keys of the stream in "${file}": there is no private key in it, see to it or move it away.`,
    ]);
  },
);

onNats("P3 complete: a stream whose beginning is gone is refused, saying what to do", async () => {
  await using nats = await serveNats();
  await using mine = await client(nats);
  await looseStream(mine, nats);
  await using log = await natsNode(nats.url());
  await log.append("lobby", 0, [event(1)]);
  await mine.jsm.streams.purge("CHAT", { filter: "CHAT.epoch" });
  await mine.js.publish("CHAT.epoch", JSON.stringify({ epoch: log.epoch }));
  const why = await natsNode(nats.url()).then(() => "", ({ code, message }) => `${code} ${message}`);
  assertMatch(
    why,
    /^DATA_LOSS Cannot follow the stream "CHAT": its records 1 to 1 are gone, .* see docs\/operations.md\.$/,
  );
});

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
  await eventually(() => [log, other].every((node) => node.refusal() === undefined));
  await log.append("lobby", 1, [event(2)]);
  await log.mark("guest:a", "lobby", 2);
  await other.mark("guest:b", "lobby", 1);
  await eventually(() => log.marked("guest:b", "lobby") === 1);
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
  for (const reader of ["guest:a", "guest:b"]) {
    assertEquals([again, third].map((log) => log.marked(reader, "lobby")), [1, 1], "what is left was read");
  }
});

Deno.test("P5 bounded: marks of a copy that was put aside hold no start up, whatever becomes of them", async () => {
  await using folder = await tempFolder();
  const aside = folder.file("aside.db");
  {
    await using old = await openLog(`sqlite:${aside}`);
    await old.append("lobby", 0, [event(1)]);
    await old.mark("guest:a", "lobby", 1);
  }
  await using log = await openLog("sqlite::memory:");
  await log.append("lobby", 0, [event(1)]);
  log.mark = () => new Promise(() => {});
  const why = await keepMarks(aside, log, { patienceMs: 20 }).then(() => "", ({ message }) => message);
  assertEquals(why, "NATS does not give them back");
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
