/** What is true of a log in NATS alone: several nodes, and NATS that is away, slow, or has lost its memory. */
import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals } from "@std/assert";
import type { Log } from "../chat/log.ts";
import { connectNats } from "../log/nats_link.ts";
import { parseNatsUrl } from "../log/nats_options.ts";
import { Turns } from "../log/nats_turns.ts";
import type { RoomEvent } from "../protos/events.ts";
import { event } from "./engines.ts";
import { eventually, tempFolder } from "./harness.ts";
import { codeOf, natsNode } from "./nats_nodes.ts";
import { onNats, serveNats, serveNatsCluster } from "./nats_server.ts";
import { as, bob, chatOn, hi } from "./playing.ts";

const seqs = (log: Log, room = "lobby") => log.read(room, 0, 500).map(({ seq }) => seq);

onNats(
  "P2 ordered: two nodes that append at once make one history, and each has what it was answered",
  async () => {
    await using nats = await serveNats();
    await using one = await natsNode(nats.url());
    await using other = await natsNode(nats.url());
    assertEquals(one.epoch, other.epoch);
    await using chat = await chatOn(one);
    await using far = await chatOn(other);
    const send = async (to: typeof chat, id: string) => {
      const { event } = await to.write("lobby", as(bob, hi, id));
      assert(to.feed("lobby").tail.head >= event.seq, "it can be read where it was answered");
      return event.seq;
    };
    const sent = await Promise.all(
      Array.from({ length: 400 }, (_, i) => send(i % 2 ? chat : far, `${i}`)),
    );
    assertEquals(sent.toSorted((a, b) => a - b), Array.from({ length: 400 }, (_, i) => i + 1));
    await eventually(() => one.head("lobby") === 400 && other.head("lobby") === 400);
    assertEquals(one.read("lobby", 0, 500), other.read("lobby", 0, 500));
  },
);

onNats("P4 once: the same id sent to two nodes at once gets one seq", async () => {
  await using nats = await serveNats();
  await using one = await natsNode(nats.url());
  await using other = await natsNode(nats.url());
  await using chat = await chatOn(one);
  await using far = await chatOn(other);
  const both = await Promise.all(Array.from({ length: 200 }, async (_, i) => {
    const answers = await Promise.all([chat, far].map((to) => to.write("lobby", as(bob, hi, `${i}`))));
    return answers.map(({ event, duplicate }) => ({ seq: event.seq, duplicate }));
  }));
  for (const [here, there] of both) assertEquals(here?.seq, there?.seq);
  assertEquals(both.flat().filter(({ duplicate }) => !duplicate).length, 200);
  assertEquals(new Set(both.flat().map(({ seq }) => seq)).size, 200);
});

onNats("P1 durable: NATS away: reading goes on, appends are refused at once, and all heals", async () => {
  await using nats = await serveNats();
  await using log = await natsNode(nats.url());
  await log.append("lobby", 0, [event(1)]);
  await nats.kill();
  await eventually(() => log.refusal() !== undefined);
  const began = performance.now();
  assertEquals(await codeOf(log.append("lobby", 1, [event(2)])), "UNAVAILABLE");
  assertEquals(await codeOf(log.mark("guest:a", "lobby", 1)), "UNAVAILABLE");
  assert(performance.now() - began < 500, "at once");
  assertEquals(seqs(log), [1]);
  await nats.start();
  await eventually(() => log.refusal() === undefined);
  assertEquals(await log.append("lobby", 1, [event(2)]), { kind: "appended" });
  await log.mark("guest:a", "lobby", 2);
  assertEquals([seqs(log), log.marked("guest:a", "lobby")], [[1, 2], 2]);
});

/** Appends one after the other until told to stop; gives what was answered for each. */
async function appendOn(log: Log, { signal }: { signal: AbortSignal }): Promise<Map<string, string>> {
  const answers = new Map<string, string>();
  for (let i = 0; !signal.aborted; i++) {
    const head = log.head("lobby");
    const clientId = `${i}`;
    const answer = await codeOf(
      log.append("lobby", head, [event(head + 1, undefined, { clientId })]).then(({ kind }) => {
        if (kind === "conflict") throw new Error(kind);
      }),
    );
    answers.set(clientId, answer);
    if (answer !== "done") await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return answers;
}

for (const how of ["killed", "stopped"] as const) {
  onNats(`P1 durable: NATS ${how} under appends: what was answered is what is stored, once`, async () => {
    await using nats = await serveNats();
    await using log = await natsNode(nats.url());
    const stop = new AbortController();
    const appending = appendOn(log, stop);
    for (let round = 0; round < 2; round++) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      if (how === "killed") await nats.kill();
      else nats.signal("SIGSTOP");
      await new Promise((resolve) => setTimeout(resolve, how === "killed" ? 300 : 2_500));
      if (how === "killed") await nats.start();
      else nats.signal("SIGCONT");
      await eventually(() => log.refusal() === undefined);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    stop.abort();
    const answers = await appending;
    const all: RoomEvent[] = [];
    while (all.length < log.head("lobby")) all.push(...log.read("lobby", all.length, 500));
    assertEquals(all.map(({ seq }) => seq), all.map((_, i) => i + 1));
    const done = [...answers].filter(([, answer]) => answer === "done").map(([id]) => id);
    assertEquals(all.map(({ clientId }) => clientId), done);
    assert([...answers.values()].every((answer) => ["done", "UNAVAILABLE"].includes(answer)));
    assert(done.length > 50, `${done.length}`);
  });
}

onNats("P2 ordered: a node that catches up has all that others were answered before it asked", async () => {
  await using nats = await serveNats();
  await using one = await natsNode(nats.url());
  await using other = await natsNode(nats.url());
  for (let seq = 1; seq <= 100; seq++) {
    await one.append("lobby", seq - 1, [event(seq)]);
    await Promise.all(Array.from({ length: 5 }, () => other.catchUp()));
    assertEquals(other.head("lobby"), seq);
  }
  await other.catchUp({ room: "lobby", seq: 101 });
  assertEquals(other.head("lobby"), 100, "one server knows all that there is");
  await nats.kill();
  await eventually(() => other.refusal() !== undefined);
  assertEquals(await codeOf(other.catchUp()), "UNAVAILABLE");
});

onNats(
  "P3 complete: in a cluster, what somebody was given is asked for again: a new leader may not know of it yet",
  async () => {
    await using cluster = await serveNatsCluster();
    await using one = await natsNode(cluster.url());
    await using other = await natsNode(cluster.url());
    const seen = other.catchUp({ room: "lobby", seq: 1 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await one.append("lobby", 0, [event(1)]);
    await seen;
    assertEquals(other.head("lobby"), 1);
  },
);

onNats(
  "P5 bounded: a node that has lost twice in a room is first there, and others wait no longer than for that",
  async () => {
    await using nats = await serveNats();
    const links = await Promise.all([0, 1].map(() => connectNats(parseNatsUrl(nats.url()))));
    const [near, far] = links.map((link) => new Turns(link, "CHAT")) as [Turns, Turns];
    const waited = async (room: string) => {
      const began = performance.now();
      await near.mine(room);
      return performance.now() - began;
    };
    const told = () => new Promise((resolve) => setTimeout(resolve, 50));
    far.settle("lobby", "lost");
    await told();
    assert(await waited("lobby") < 20, "once is no reason");
    far.settle("lobby", "lost");
    await told();
    assert(await waited("attic") < 20, "another room is none of it");
    const waiting = waited("lobby");
    near.passed("lobby");
    assert(await waiting < 20, "it had its turn");
    far.settle("lobby", "lost");
    await told();
    assert(await waited("lobby") > 80, "nobody came");
    assert(await waited("lobby") < 20, "and is not waited for again");
    far.settle("lobby", "won");
    far.settle("lobby", "lost");
    await told();
    assert(await waited("lobby") < 20, "it begins anew");
    await Promise.all(links.map((link) => link.close()));
  },
);

onNats("P3 complete: a copy that an earlier version made is looked into and goes on", async () => {
  await using nats = await serveNats();
  await using folder = await tempFolder();
  const open = () => natsNode(nats.url(), { folder: folder.path });
  const append = async (seq: number) => {
    await using node = await open();
    assertEquals((await node.append("lobby", seq - 1, [event(seq)])).kind, "appended");
    return { file: node.file, told: node.told };
  };
  const { file } = await append(1);
  using db = new DatabaseSync(file);
  db.exec("ALTER TABLE places DROP COLUMN counted");
  db.close();
  assertEquals((await append(2)).told, []);
  assertEquals((await append(3)).told, []);
});
