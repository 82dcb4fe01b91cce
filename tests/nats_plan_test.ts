/** What a node makes of the stream, and of an append whose fate is not known yet: the parts without a server. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { followStream } from "../log/nats_follow.ts";
import { connectNats, type NatsLink, next } from "../log/nats_link.ts";
import { parseNatsUrl } from "../log/nats_options.ts";
import { PendingAppends } from "../log/nats_pending.ts";
import { planMessages } from "../log/nats_plan.ts";
import { publishOnce } from "../log/nats_publish.ts";
import { ChatError } from "../protos/errors.ts";
import { event } from "./engines.ts";
import { codeOf, natsNode } from "./nats_nodes.ts";
import { onNats, serveNats } from "./nats_server.ts";

function message(seq: number, subject: string, body: unknown) {
  return { seq, subject: `CHAT.${subject}`, json: () => body };
}

const batch = (seq: number, id: string, ...seqs: number[]) =>
  message(seq, "room.lobby", { id, events: seqs.map((seq) => event(seq)) });

const after = (seq: number, id: string, after: string, ...seqs: number[]) =>
  message(seq, "room.lobby", { id, after, events: seqs.map((seq) => event(seq)) });

function plan(messages: ReturnType<typeof message>[], { after = 0, head = 0, counted = "" } = {}) {
  const placeOf = () => ({ head, sequence: after, id: "", counted });
  const { records, fault, messages: count } = planMessages(messages, { stream: "CHAT", begun: 1 }, {
    after,
    placeOf,
  });
  const kept = records.map(({ head, events, place }) =>
    `${place.sequence} ${place.id} ${head}+${events.length}`
  );
  return { kept, count, fault: fault?.code };
}

Deno.test("P4 once: of two appends to one head the first in the stream counts; the other changes nothing", () => {
  const { kept, fault } = plan(
    [batch(2, "a", 1, 2), batch(3, "b", 1), batch(4, "c", 2, 3), batch(5, "d", 3)],
    { after: 1 },
  );
  assertEquals(kept, ["2 a 0+2", "3 b 2+0", "4 c 2+0", "5 d 2+1"]);
  assertEquals(fault, undefined);
});

Deno.test("P3 complete: a hole in the stream or in a room, and another history, stop a node before them", () => {
  const good = batch(2, "a", 1);
  const faulty: ReturnType<typeof message>[][] = [
    [good, batch(4, "b", 2)],
    [good, batch(3, "b", 3)],
    [good, batch(3, "b", 2, 4)],
    [good, message(3, "epoch", { epoch: "0123456789ab" })],
    [good, message(3, "room.lobby", { id: "b", events: [{ seq: 2 }] })],
  ];
  for (const messages of faulty) {
    assertEquals(plan(messages, { after: 1 }), { kept: ["2 a 0+1"], count: 1, fault: "DATA_LOSS" });
  }
  assertEquals(plan([batch(9, "a", 8)], { after: 8, head: 7 }).kept, ["9 a 7+1"]);
});

Deno.test("P4 once: what a server gives again that has not caught up yet is passed over, and is no hole", () => {
  const given = [batch(7, "x", 6), batch(8, "y", 7), batch(9, "z", 8)];
  assertEquals(plan(given, { after: 8, head: 7 }), { kept: ["9 z 7+1"], count: 3, fault: undefined });
  assertEquals(plan(given.slice(0, 2), { after: 8, head: 7 }), { kept: [], count: 2, fault: undefined });
});

Deno.test("P2 ordered: a record that was made after another past of its room stops a node, and one that tells no past does not", () => {
  const here = { after: 4, head: 2, counted: "a" };
  const good = [after(5, "b", "a", 3), after(6, "x", "a", 3), after(7, "c", "b", 4, 5)];
  assertEquals(plan(good, here), { kept: ["5 b 2+1", "6 x 3+0", "7 c 3+2"], count: 3, fault: undefined });
  const other = after(6, "c", "z", 4);
  assertEquals(plan([batch(5, "b", 3), other], here), { kept: ["5 b 2+1"], count: 1, fault: "DATA_LOSS" });
  assertEquals(plan([other], { after: 5, head: 3 }).kept, ["6 c 3+1"], "a copy that does not know its past");
});

Deno.test("what is none of ours is passed over, and is a room's newest record all the same", () => {
  const foreign = [
    message(2, "room.lobby", "hello"),
    message(3, "room.lobby", { id: 7 }),
    message(4, "keys", {}),
  ];
  assertEquals(plan([...foreign, batch(5, "a", 1)], { after: 1 }), {
    kept: ["2  0+0", "3  0+0", "5 a 0+1"],
    count: 4,
    fault: undefined,
  });
});

Deno.test("P5 bounded: a long past is taken in pieces", () => {
  const many = Array.from({ length: 3_000 }, (_, i) => batch(i + 1, `${i}`, i + 1));
  assertEquals(plan(many).count, 1_000);
});

/** A link on which each attempt has the next of these ends. */
function link(...attempts: (() => Promise<unknown>)[]): NatsLink {
  return {
    js: { publish: () => (attempts.shift() ?? (() => Promise.resolve()))() },
    suspect: () => Promise.resolve(),
    up: () => Promise.resolve(),
    changed: () => new Promise(() => {}),
    shown: "nats://test",
  } as unknown as NatsLink;
}

const timeout = () => Promise.reject(new Error("timeout"));
const unheard = () => Promise.reject(Object.assign(new Error("no"), { name: "JetStreamNotEnabled" }));
const publication = { subject: "CHAT.room.lobby", payload: new Uint8Array(), expected: 0 };

Deno.test("P1 durable: what may be stored is never refused; what cannot be is refused at once", async () => {
  const { signal } = new AbortController();
  const error = await assertRejects(() =>
    publishOnce(link(unheard), publication, { doubt: () => {}, signal })
  );
  assertEquals(error instanceof ChatError && error.code, "UNAVAILABLE");
  let doubts = 0;
  const shown = new AbortController();
  const attempts = [timeout, unheard, timeout, () => Promise.resolve(), () => Promise.resolve(shown.abort())];
  const options = { doubt: () => doubts++, signal: shown.signal, patienceMs: 10 };
  await publishOnce(link(...attempts), publication, options);
  // Two were not answered, one was acknowledged and then not shown.
  assertEquals(doubts, 3);
});

Deno.test("an answer that comes too late leaves no doubt behind: the stream has shown what became of it", async () => {
  const pending = new PendingAppends();
  const known = new AbortController();
  const answer = Promise.withResolvers<never>();
  const append = pending.add("lobby", 4);
  const options = { doubt: append.doubt, signal: known.signal };
  const publishing = publishOnce(link(() => answer.promise), publication, options);
  pending.show({ room: "lobby", place: { id: append.id, sequence: 5 }, head: 3, counts: true });
  assertEquals(await append.shown, { kind: "appended" });
  append[Symbol.dispose]();
  known.abort();
  answer.reject(new Error("timeout"));
  await publishing;
  assertEquals(pending.doubtful, false);
});

Deno.test("an append is settled by the first record after its place: itself, or another one", async () => {
  const pending = new PendingAppends();
  using one = pending.add("lobby", 4);
  using two = pending.add("lobby", 4);
  using three = pending.add("lobby", 5);
  pending.show({ room: "attic", place: { id: "x", sequence: 9 }, head: 9, counts: true });
  pending.show({ room: "lobby", place: { id: one.id, sequence: 5 }, head: 3, counts: true });
  assertEquals([await one.shown, await two.shown], [{ kind: "appended" }, { kind: "conflict", head: 3 }]);
  pending.show({ room: "lobby", place: { id: three.id, sequence: 6 }, head: 3, counts: false });
  assertEquals(await three.shown, { kind: "conflict", head: 3 });
});

Deno.test("a connection serves again after whatever happened to it", () => {
  assertEquals(next("up", "unanswered"), "silent");
  assertEquals(next("silent", "answered"), "up");
  assertEquals(next("down", "answered"), "down");
  assertEquals(next("silent", "disconnected"), "down");
  assertEquals(next("down", "connected"), "up");
});

onNats(
  "P1 durable: a node that cannot ask whether its stream is the same goes on asking; if it is not, it ends",
  async () => {
    await using nats = await serveNats();
    await using log = await natsNode(nats.url());
    await log.append("lobby", 0, [event(1)]);
    const link = await connectNats(parseNatsUrl(nats.url()));
    const answers = ["UNAVAILABLE", "UNAVAILABLE", ""] as const;
    let asked = 0;
    const check = () => {
      const code = answers[asked++];
      return code ? Promise.reject(new ChatError(code, "Cannot ask.")) : Promise.resolve();
    };
    const stop = new AbortController();
    for await (const [message] of followStream(link, "CHAT", { after: 0, check, signal: stop.signal })) {
      assertEquals([message?.seq, asked], [1, 3]);
      break;
    }
    const lost = () => Promise.reject(new ChatError("DATA_LOSS", "Cannot follow."));
    const ended = followStream(link, "CHAT", { after: 0, check: lost, signal: stop.signal }).next();
    assertEquals(await codeOf(ended), "DATA_LOSS");
    await link.close();
  },
);

for (const how of ["killed", "stopped"] as const) {
  onNats(`a log ends at once, also when NATS was ${how}`, async () => {
    await using nats = await serveNats();
    const log = await natsNode(nats.url());
    await log.append("lobby", 0, [event(1)]);
    if (how === "killed") await nats.kill();
    else nats.signal("SIGSTOP");
    const catching = codeOf(log.catchUp());
    const began = performance.now();
    await log[Symbol.asyncDispose]();
    assert(performance.now() - began < 1_000, `${performance.now() - began}`);
    assert(["UNAVAILABLE", "SHUTTING_DOWN"].includes(await catching));
  });
}
