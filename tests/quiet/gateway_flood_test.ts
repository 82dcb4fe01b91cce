/** Those who ask for too much on `/ws`, or take nothing: what they are told, and that nobody else notices. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { encodeBatch } from "../../gateway/frames.ts";
import { Order } from "../../gateway/order.ts";
import { SentAway } from "../../gateway/sent_away.ts";
import { Slots } from "../../gateway/slots.ts";
import { costOf, fullSpeed, takeWork } from "../../gateway/speed.ts";
import { ChatError, errors } from "../../protos/errors.ts";
import { revise, type RoomEvent } from "../../protos/events.ts";
import type { ServerFrame__Output } from "../../protos/gen/chat/ServerFrame.ts";
import { limits } from "../../protos/limits.ts";
import { FrameSocket, RawSocket } from "../doors.ts";
import { serveChat, serveWeb } from "../harness.ts";

Deno.test("P5 bounded: in any time, no more work is let through than the burst and the rate allow", () => {
  const asks = fc.array(
    fc.record({ cost: fc.integer({ min: 1, max: 40 }), wait: fc.integer({ min: 0, max: 500 }) }),
    {
      maxLength: 300,
    },
  );
  fc.assert(
    fc.property(asks, (asks) => {
      let speed = fullSpeed(0);
      const through: { now: number; cost: number }[] = [];
      let [now, refused] = [0, 0];
      for (const { cost, wait } of asks) {
        now += wait;
        const taken = takeWork(speed, { cost, now });
        speed = taken.speed;
        assertEquals(
          taken.verdict === "flood",
          taken.verdict !== "go" && speed.refused > limits.floodRefusals,
        );
        if (taken.verdict === "go") through.push({ now, cost });
        else refused += cost;
      }
      assert(speed.refused <= refused);
      for (const [i, { now: from }] of through.entries()) {
        let sum = 0;
        for (const { now, cost } of through.slice(i)) {
          sum += cost;
          assert(sum <= limits.commandsBurst + (now - from) * limits.commandsPerSecond / 1_000 + 1e-6);
        }
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("who keeps to the rate is never refused, who does not is a flood soon, who rests begins anew", () => {
  let speed = fullSpeed(0);
  const ask = (now: number, cost = 1) => {
    const taken = takeWork(speed, { cost, now });
    speed = taken.speed;
    return taken.verdict;
  };
  for (let i = 0; i < 5_000; i++) assertEquals(ask(i * 1_000 / limits.commandsPerSecond), "go");
  const verdicts = Array.from({ length: limits.commandsBurst + limits.floodRefusals + 1 }, () => ask(50_000));
  assertEquals(verdicts.filter((verdict) => verdict === "refuse").length, limits.floodRefusals);
  assertEquals(verdicts.at(-1), "flood");
  assertEquals(ask(50_000 + 1_000 * limits.commandsBurst / limits.commandsPerSecond), "go");
  assertEquals(speed.refused, 0);
  assert(costOf(limits.frameBytes) < limits.commandsBurst / 10 && costOf(100) === 1);
});

Deno.test("P2 ordered: what comes behind a refused one waits until that one is sent again, or for a while", () => {
  let now = 0;
  const order = new Order(() => now);
  const code = (clientId: string) => {
    try {
      order.check(clientId);
      return "go";
    } catch (error) {
      return (error as ChatError).code;
    }
  };
  assertEquals([code("1"), code("2")], ["go", "go"]);
  order.hold("3");
  order.hold("4");
  assertEquals([code("4"), code("5"), code("")], Array(3).fill("RESOURCE_EXHAUSTED"));
  assertEquals([code("3"), code("4"), code("5")], ["go", "go", "go"]);
  order.hold("6");
  now = limits.orderHoldMs - 1;
  assertEquals(code("7"), "RESOURCE_EXHAUSTED");
  now += limits.orderHoldMs;
  assertEquals(code("7"), "go", "nothing came for a second");
  order.hold("8");
  for (const end = now + limits.orderHoldMostMs; now < end; now += 500) {
    assertEquals(code("9"), "RESOURCE_EXHAUSTED");
  }
  assertEquals(code("9"), "go", "it was waited for long enough");
});

Deno.test("one who was sent away is not let in before the time, others are", () => {
  let now = 0;
  const away = new SentAway(() => now);
  const isLetIn = (id: string) => {
    try {
      away.check(id);
      return true;
    } catch {
      return false;
    }
  };
  away.add("a");
  now = 5_000;
  away.add("b");
  assertEquals([isLetIn("a"), isLetIn("b"), isLetIn("c")], [false, false, true]);
  now = limits.floodDelayMs;
  assertEquals([isLetIn("a"), isLetIn("b")], [true, false]);
  away.add("b");
  now = limits.floodDelayMs + 5_000;
  assertEquals(isLetIn("b"), false, "it was sent away again");
});

Deno.test("P6 closed: a batch is put together once, and anew when something in it was taken away", () => {
  const about = { timestamp: "", sender: "ann", author: "a", clientId: "" };
  const events: RoomEvent[] = ["one", "secret", "three"].map((text, i) => ({
    ...about,
    seq: i + 1,
    message: { text },
  }));
  const batch = { room: "attic", epoch: "e", first: 1, events };
  const text = encodeBatch(batch);
  assertEquals(JSON.parse(text), [{ batch }]);
  assert(encodeBatch({ ...batch, events: [...events] }) === text);
  const change: RoomEvent = { ...about, seq: 4, deleted: { target: 2 } };
  assert(!encodeBatch({ ...batch, events: events.map((event) => revise(event, change)) }).includes("secret"));
  assertEquals(JSON.parse(encodeBatch({ ...batch, room: "cellar" }))[0].batch.room, "cellar");
});

Deno.test("slots: so many at a time, the others in their order, and a failure gives the slot back", async () => {
  const slots = new Slots(2);
  const [begun, ends]: [number[], (() => void)[]] = [[], []];
  const run = (i: number) =>
    slots.run(() => {
      begun.push(i);
      return new Promise<void>((resolve, reject) =>
        ends.push(i === 0 ? () => reject(new Error("no")) : resolve)
      );
    }).catch(() => {});
  const runs = [0, 1, 2, 3].map(run);
  assertEquals([begun.slice(), slots.waiting], [[0, 1], 2]);
  for (let i = 0; i < 4; i++) {
    ends[i]?.();
    await runs[i];
  }
  assertEquals([begun, slots.waiting], [[0, 1, 2, 3], 0]);
});

/** How long the answers to a person's sends take, in milliseconds, sorted. */
async function talk(socket: FrameSocket, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    await socket.ask({ send: { text: `hello ${i}` } });
    times.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return times.sort((a, b) => a - b);
}

/** Sends as fast as the socket takes it, until it is closed; gives how many were sent, and how it was closed. */
async function flood(
  socket: RawSocket,
  text: (i: number) => string,
): Promise<{ sent: number; code: number }> {
  let sent = 0;
  while (socket.ws.readyState === WebSocket.OPEN) {
    for (let i = 0; i < 500 && socket.ws.bufferedAmount < 1_000_000; i++) socket.ws.send(text(++sent));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return { sent, code: (await socket.closed).code };
}

/** One who sends into a socket that was closed may see a reset instead of the code. */
function assertFlood(code: number): void {
  assert([errors.FLOOD.close, 0, 1006].includes(code), `${code}`);
}

const refusalsOf = (frames: ServerFrame__Output[]) =>
  frames.flatMap(({ id, refused }) => refused?.code === "RESOURCE_EXHAUSTED" ? [id] : []);

Deno.test("P5 bounded: who floods /ws is refused by id, sent away, and kept away; others hardly notice", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  await using neighbour = await FrameSocket.join(web.port, "neighbour");
  const quiet = await talk(neighbour, 60);
  await using mallory = await FrameSocket.join(web.port, "mallory");
  await mallory.ask({ follow: {} });
  const talking = talk(neighbour, 60);
  const { code } = await flood(
    mallory.raw,
    (i) => JSON.stringify({ id: 100 + i, send: { text: `flood ${i}`, clientId: `${i}` } }),
  );
  const loud = await talking;
  assertFlood(code);
  const parting = mallory.frames.find(({ parting }) => parting)?.parting;
  if (parting) {
    assertEquals([parting.code, parting.retry, parting.delayMs], ["FLOOD", true, limits.floodDelayMs]);
  }
  const refused = refusalsOf(mallory.frames);
  assert(refused.length > 100 && new Set(refused).size === refused.length && refused.every((id) => id > 100));
  await neighbour.ask({ follow: { replay: "REPLAY_RESUME" } });
  const stored = () =>
    neighbour.events.filter(({ sender }) => sender === "mallory").map(({ message }) => message?.text);
  await neighbour.until(() => neighbour.events.some(({ message }) => message?.text === "hello 59"));
  assert(
    stored().length <= limits.commandsBurst + limits.commandsPerSecond,
    `${stored().length} were stored`,
  );
  assertEquals(
    stored(),
    Array.from({ length: stored().length }, (_, i) => `flood ${i + 1}`),
    "in order, without a gap",
  );
  const median = (times: number[]) => times[times.length >> 1] ?? 0;
  assert(median(loud) < 2 * median(quiet) + 20, `${median(quiet)} ms became ${median(loud)} ms`);

  const again = await fetch(`http://127.0.0.1:${web.port}/me`, {
    headers: { authorization: `Bearer ${mallory.token}` },
  });
  await again.body?.cancel();
  assertEquals(again.status, 200);
  const error = await FrameSocket.connect(web.port, { token: mallory.token }).then(() => "let in", String);
  assert(error !== "let in", "not before the time that was told");
});

Deno.test("P5 bounded: long messages are a flood sooner, whatever is in them", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  for (
    const text of [
      "x".repeat(limits.frameBytes),
      `{"id":1,"read":{"count":1,"x":"${"y".repeat(100_000)}"}}`,
      "x".repeat(400_000),
    ]
  ) {
    await using mallory = await FrameSocket.join(web.port, `m${text.length}`);
    const { sent } = await flood(mallory.raw, () => text);
    // 12 MB are heard, and some more are on the way, in the buffers of both ends.
    assert(sent * text.length < 30_000_000, `${sent} messages of ${text.length}`);
  }
});

Deno.test("P5 bounded: frames count, not only messages", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  await using ann = await FrameSocket.join(web.port, "ann");
  const answered = () => ann.frames.filter(({ id }) => id >= 1_000);
  for (let message = 0; message < 20; message++) {
    const first = 1_000 + message * limits.framesPerMessage;
    const ids = Array.from({ length: limits.framesPerMessage }, (_, i) => first + i);
    ann.raw.send(ids.map((id) => ({ id, describeRoom: {} })));
    await ann.until(() => answered().length >= (message + 1) * limits.framesPerMessage);
  }
  const through = answered().filter(({ room }) => room).length;
  assert(through < 2 * limits.commandsBurst && through > 100, `${through} went through`);
  assertEquals(
    new Set(answered().map(({ id }) => id)).size,
    20 * limits.framesPerMessage,
    "each is answered once",
  );
});

Deno.test("tutorial door: who floods it is told so and closed", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  await using socket = await RawSocket.connect(`ws://127.0.0.1:${web.port}/ws/mallory`);
  const { code } = await flood(socket, (i) => JSON.stringify({ message: `flood ${i}` }));
  assertFlood(code);
  const told = socket.received as { error?: string; message?: string }[];
  assert(told.filter(({ error }) => /more than 100 a second/.test(error ?? "")).length > 100);
  const last = told.findLast(({ error }) => error)?.error ?? "";
  if (code === errors.FLOOD.close) assertMatch(last, /come back in 10 s/);
});
