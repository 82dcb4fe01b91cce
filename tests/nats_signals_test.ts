/** Signals between nodes over NATS: who is there and who writes is known on all of them, whatever is lost on the way. */
import { assertEquals } from "@std/assert";
import { Rosters } from "../chat/rosters.ts";
import type { Signal } from "../chat/signals.ts";
import { connectNats } from "../log/nats_link.ts";
import { parseNatsUrl } from "../log/nats_options.ts";
import { NatsSignals } from "../log/nats_signals.ts";
import { News } from "../log/nats_signals_frames.ts";
import { eventually } from "./harness.ts";
import { onNats, serveNats } from "./nats_server.ts";

/** A node with its rosters. A node is taken for dead after half a second. */
async function node(url: string) {
  const link = await connectNats(parseNatsUrl(url));
  const signals = new NatsSignals(link, "CHAT", { silentMs: 500, everyMs: 50 });
  const rosters = new Rosters(signals, { now: Date.now });
  const enter = (name: string, room = "lobby") => {
    const holder = rosters.newHolder();
    rosters.publish({ kind: "present", room, holder, name });
    return () => rosters.publish({ kind: "gone", room, holder, name });
  };
  const names = (room = "lobby") => rosters.names(room, { after: "", count: 9_999 }).names;
  const beats = setInterval(() => rosters.publish({ kind: "alive", node: "x" }), 100);
  const close = async () => {
    clearInterval(beats);
    rosters.close();
    await link.close();
  };
  return { signals, rosters, enter, names, close, [Symbol.asyncDispose]: close };
}

onNats("who is there and who writes is known on every node, and gone is gone", async () => {
  await using nats = await serveNats();
  await using one = await node(nats.url());
  await using other = await node(nats.url());
  const leave = one.enter("Ann");
  other.enter("Bob");
  const typing: (readonly string[])[] = [];
  const unwatch = other.rosters.watch("lobby", (view) => typing.push(view.typing));
  one.rosters.publish({ kind: "typing", room: "lobby", name: "Ann" });
  for (const { names } of [one, other]) await eventually(() => names().join() === "Ann,Bob");
  await eventually(() => typing.at(-1)?.join() === "Ann");
  leave();
  for (const { names } of [one, other]) await eventually(() => names().join() === "Bob");
  unwatch();
});

onNats("a node that comes later knows at once who is there, also of thousands", async () => {
  await using nats = await serveNats();
  await using one = await node(nats.url());
  const everybody = Array.from({ length: 2_500 }, (_, i) => `guest ${i}`).sort();
  for (const name of everybody) one.enter(name);
  one.enter("Eve", "attic");
  await using other = await node(nats.url());
  await eventually(() => other.names().length === 2_500, { ms: 2_000 });
  assertEquals(other.names(), everybody);
  assertEquals(other.names("attic"), ["Eve"]);
});

onNats("a dead node takes its people with it; when NATS was away, all is as before", async () => {
  await using nats = await serveNats();
  await using one = await node(nats.url());
  await using other = await node(nats.url());
  one.enter("Ann");
  const bob = other.enter("Bob");
  for (const { names } of [one, other]) await eventually(() => names().join() === "Ann,Bob");
  await nats.kill();
  await eventually(() => one.names().join() === "Ann" && other.names().join() === "Bob");
  one.enter("Eve");
  bob();
  await nats.start();
  for (const { names } of [one, other]) await eventually(() => names().join() === "Ann,Eve");
  await other.close();
  other.enter("Zoe");
  await one.close();
  await using third = await node(nats.url());
  await new Promise((resolve) => setTimeout(resolve, 100));
  assertEquals(third.names(), []);
});

onNats(
  "P6 closed: who was signed out is known to a node that was not there, also when the one that did it is gone",
  async () => {
    await using nats = await serveNats();
    await using one = await node(nats.url());
    await using other = await node(nats.url());
    const heard: string[] = [];
    other.signals.listen((signal) => {
      if (signal.kind === "revoked") heard.push(signal.id);
    });
    one.rosters.publish({ kind: "revoked", id: "guest:a", name: "Ann" });
    await eventually(() => heard.length > 0);
    await one.close();
    await using third = await node(nats.url());
    const late: string[] = [];
    third.signals.listen((signal) => {
      if (signal.kind === "revoked") late.push(signal.id);
    });
    await eventually(() => late.length > 0);
    assertEquals(late[0], "guest:a");
  },
);

const holder = { node: "n", id: "1" };
const ann: Signal = { kind: "present", room: "lobby", holder, name: "Ann" };
const bob: Signal = { kind: "present", room: "lobby", holder, name: "Bob" };
const alive: Signal = { kind: "alive", node: "n" };

/** News whose tellings and questions are written down. */
function noted() {
  const told: string[] = [];
  const tell = (signal: Signal) =>
    void told.push("name" in signal ? `${signal.kind} ${signal.name}` : signal.kind);
  const news = new News({ tell, ask: (node) => told.push(`ask ${node}`), silentMs: 1_000 });
  return { news, take: () => told.splice(0) };
}

Deno.test("a signal that was lost is noticed at the next one, and what it changed is asked for", () => {
  const { news, take } = noted();
  news.take({ node: "n", count: 0, standing: [], more: false }, 0);
  news.take({ node: "n", count: 1, signals: [ann] }, 1);
  assertEquals(take(), ["present Ann"]);
  news.take({ node: "n", count: 4, signals: [alive] }, 2);
  assertEquals(take(), ["alive", "ask n"]);
  news.take({ node: "n", count: 5, signals: [alive] }, 3);
  assertEquals(take(), ["alive"], "asked once");
  news.take({ node: "n", count: 6, signals: [alive] }, 2_000);
  assertEquals(take().includes("ask n"), true, "and again when no answer comes");
  news.take({ node: "n", count: 6, standing: [bob], more: true }, 2_001);
  assertEquals(take(), [], "an answer is taken when it is whole");
  news.take({ node: "n", count: 6, standing: [], more: false }, 2_002);
  assertEquals(take(), ["gone Ann", "present Bob"]);
  news.take({ node: "n", count: 7, signals: [alive] }, 2_003);
  assertEquals(take(), ["alive"]);
});

Deno.test("after a silence its people are told again, and after a long one they are gone", () => {
  const { news, take } = noted();
  news.take({ node: "n", count: 1, standing: [ann], more: false }, 0);
  news.take({ node: "n", count: 2, signals: [alive] }, 900);
  assertEquals(take(), ["present Ann", "alive", "present Ann"]);
  news.sweep(1_800);
  assertEquals(take(), []);
  news.sweep(1_901);
  assertEquals(take(), ["gone Ann"]);
});
