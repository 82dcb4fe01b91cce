/** The contract of chat/log.ts, on every engine: appending, reading, following, and a chat on top. */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { Command } from "../chat/decide.ts";
import type { Appended, Log } from "../chat/log.ts";
import { ChatError } from "../protos/errors.ts";
import type { RoomEvent } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { event, onEngines, take } from "./engines.ts";
import { as, bob, chatOn, hi } from "./playing.ts";

onEngines("P2 ordered: appends are all or none, against the exact head", async (open) => {
  await using log = await open();
  assertEquals(await log.append("lobby", 0, [event(1), event(2)]), { kind: "appended" });
  assertEquals(await log.append("lobby", 0, [event(1)]), { kind: "conflict", head: 2 });
  assertEquals(await log.append("lobby", 7, [event(8)]), { kind: "conflict", head: 2 });
  assertEquals(await log.append("attic", 0, [event(1)]), { kind: "appended" });
  assertEquals([log.head("lobby"), log.head("attic"), log.head("cellar")], [2, 1, 0]);
  assertEquals(log.read("lobby", 0, 10), [event(1), event(2)]);
});

onEngines(
  "P2 ordered: of many appends at once to one head, one wins and the others are told the head",
  async (open) => {
    await using log = await open();
    const results = await Promise.all(Array.from({ length: 50 }, () => log.append("lobby", 0, [event(1)])));
    assertEquals(results.filter(({ kind }) => kind === "appended").length, 1);
    assertEquals(log.head("lobby"), 1);
  },
);

onEngines(
  "P3 complete: tail gives every record after a position, then live, and ends with its signal",
  async (open) => {
    await using log = await open();
    await log.append("lobby", 0, Array.from({ length: 1_200 }, (_, i) => event(i + 1)));
    const stop = new AbortController();
    const reading = take(log.tail(0, { signal: stop.signal }), 1_203);
    await log.append("lobby", 1_200, [event(1_201)]);
    await log.append("attic", 0, [event(1)]);
    await log.append("lobby", 1_201, [event(1_202)]);
    const records = await reading;
    assertEquals(
      records.filter(({ room }) => room === "lobby").map((r) => r.event.seq),
      Array.from({ length: 1_202 }, (_, i) => i + 1),
    );
    const positions = records.map(({ position }) => position);
    assertEquals(positions, [...positions].sort((a, b) => a - b));
    assertEquals(log.position(), positions.at(-1));
    const rest = log.tail(log.position(), { signal: stop.signal })[Symbol.asyncIterator]();
    const next = rest.next();
    stop.abort();
    assertEquals((await next).done, true);
  },
);

onEngines(
  "P4 once: a speaker's id is found, whatever came since; two people of one name have two",
  async (open) => {
    await using log = await open();
    const first = event(1, undefined, { clientId: "id" });
    const second = event(3, undefined, { author: "guest:b", clientId: "id" });
    const third = event(4, undefined, { author: "", clientId: "id" });
    await log.append("lobby", 0, [first, event(2), second, third]);
    assertEquals(log.find("lobby", "guest:a", "id"), first);
    assertEquals(log.find("lobby", "guest:b", "id"), second);
    assertEquals(log.find("lobby", "name:ann", "id"), third);
    assertEquals(log.find("lobby", "guest:a", ""), undefined);
    assertEquals(log.find("lobby", "ann", "id"), undefined);
    assertEquals(log.find("attic", "guest:a", "id"), undefined);
  },
);

onEngines("P4 once: an id that was stored once is not stored again, whoever asks", async (open) => {
  await using log = await open();
  await log.append("lobby", 0, [event(1, undefined, { clientId: "id" })]);
  await assertRejects(() => log.append("lobby", 1, [event(2), event(3, undefined, { clientId: "id" })]));
  assertEquals(log.read("lobby", 0, 10).map(({ seq }) => seq), [1], "all or none");
  assertEquals(await log.append("lobby", 1, [event(2)]), { kind: "appended" });
});

onEngines(
  "P5 bounded: a read stops near a batch's bytes, is never empty before the head, and holds nothing up",
  async (open) => {
    await using log = await open();
    const text = "x".repeat(limits.textBytes);
    const big = Array.from({ length: 60 }, (_, i) => event(i + 1, { message: { text } }));
    await log.append("lobby", 0, big);
    const page = log.read("lobby", 0, limits.batchEvents);
    assert(page.length > 0 && page.length < 60, `${page.length}`);
    await log.append("lobby", 60, [event(61)]);
    assertEquals(log.read("lobby", 60, 10), [event(61)], "a read that stopped early sees later ones");
  },
);

onEngines("texts of every kind come back to the letter", async (open) => {
  await using log = await open();
  const texts = ["a\0b", "👩‍👩‍👧", "\u202Eabc", `"'\\`, "<script>", "\u2028"];
  await log.append("lobby", 0, texts.map((text, i) => event(i + 1, { message: { text } })));
  assertEquals(log.read("lobby", 0, 10).map(({ message }) => message?.text), texts);
});

onEngines("P4 once: through Chat, the same id sent many times at once gets one seq", async (open) => {
  await using log = await open();
  await using chat = await chatOn(log);
  const accepted = await Promise.all(Array.from({ length: 200 }, () => chat.write("lobby", hi)));
  assertEquals(new Set(accepted.map(({ event }) => event.seq)), new Set([1]));
  assertEquals(accepted.filter(({ duplicate }) => !duplicate).length, 1);
  const late = await chat.write("lobby", hi);
  assertEquals([late.event.seq, late.duplicate], [1, true]);
  assertEquals(log.head("lobby"), 1);
});

onEngines(
  "P2 ordered: through Chat, every answered message is readable here, and one sender's order is kept",
  async (open) => {
    await using log = await open();
    await using chat = await chatOn(log);
    const accepted = await Promise.all(
      Array.from({ length: 500 }, (_, i) => chat.write("lobby", { ...hi, clientId: `${i}` })),
    );
    assertEquals(accepted.map(({ event }) => event.seq), Array.from({ length: 500 }, (_, i) => i + 1));
    assertEquals(chat.feed("lobby").tail.head, 500);
  },
);

onEngines(
  "P2 ordered: when the log fails, nobody's later message is stored before an earlier one's repeat",
  async (open) => {
    await using log = await open();
    const failing = failOnce(log);
    await using chat = await chatOn(failing);
    const send = (i: number): Command => as(i % 2 ? bob : hi.by, hi, `${i}`);
    const first = await Promise.allSettled(
      Array.from({ length: 200 }, (_, i) => chat.write("lobby", send(i))),
    );
    assert(first.every((result) => result.status === "rejected" && result.reason.code === "UNAVAILABLE"));
    assertEquals(log.head("lobby"), 0);
    const again = await Promise.all(Array.from({ length: 200 }, (_, i) => chat.write("lobby", send(i))));
    assertEquals(again.map(({ event }) => event.clientId), Array.from({ length: 200 }, (_, i) => `${i}`));
  },
);

onEngines(
  "P2 ordered: through Chat, who is answered finds the event here, however late the log tells of it",
  async (open) => {
    await using log = await open();
    const late = withOwn(log, {
      async *tail(after: number, options: { signal: AbortSignal }) {
        for await (const records of log.tail(after, options)) {
          await new Promise((resolve) => setTimeout(resolve, 20));
          yield records;
        }
      },
    });
    await using chat = await chatOn(late);
    for (let i = 1; i <= 3; i++) {
      const { event } = await chat.write("lobby", as(bob, hi));
      assertEquals([event.seq, chat.feed("lobby").tail.head], [i, i]);
    }
  },
);

/** A log whose first append fails. */
function failOnce(log: Log): Log {
  let failed = false;
  const append = (room: string, head: number, events: readonly RoomEvent[]): Promise<Appended> => {
    if (failed) return log.append(room, head, events);
    failed = true;
    return Promise.reject(new ChatError("UNAVAILABLE", "Cannot write: it is locked, try again."));
  };
  return withOwn(log, { append });
}

/** The log, with some of its methods replaced. */
function withOwn(log: Log, own: Partial<Log>): Log {
  return new Proxy(log, {
    get: (target, name) => {
      const value = Reflect.get(own, name) ?? Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

onEngines("P5 bounded: past the queue's limit a send is refused, and told to come back", async (open) => {
  await using log = await open();
  await using chat = await chatOn(log);
  const sends = Array.from({ length: limits.commandsQueued + 50 }, () => chat.write("lobby", as(bob, hi)));
  const results = await Promise.allSettled(sends);
  const refused = results.filter((result) => result.status === "rejected").map(({ reason }) => reason);
  assert(
    refused.length > 0 &&
      refused.every((error) => error instanceof ChatError && error.code === "RESOURCE_EXHAUSTED"),
  );
  assertEquals(log.head("lobby"), sends.length - refused.length);
});

onEngines("a log that is closed refuses, and says so", async (open) => {
  const log = await open();
  await log.close();
  await log.close();
  for (const act of [() => log.append("lobby", 0, [event(1)]), () => log.mark("guest:a", "lobby", 1)]) {
    const error = await assertRejects(act);
    assert(error instanceof ChatError && error.code === "SHUTTING_DOWN");
  }
});

onEngines(
  "P1 durable: what was appended is there when the log is opened again, in the same epoch",
  async (open) => {
    const first = await open();
    await first.append("lobby", 0, [event(1, undefined, { clientId: "id" })]);
    await first.close();
    await using again = await open();
    assertEquals(again.epoch, first.epoch);
    assertEquals(again.find("lobby", "guest:a", "id")?.seq, 1);
    assertEquals(await again.append("lobby", 1, [event(2)]), { kind: "appended" });
  },
  { lasts: true },
);

onEngines("another log has another epoch", async (open) => {
  await using one = await open();
  await using other = await open();
  assertNotEquals(one.epoch, other.epoch);
}, { lasts: false });
