/** The contract of chat/log.ts, on every engine. */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { Chat } from "../chat/chat.ts";
import type { Log, LogRecord } from "../chat/log.ts";
import { openLog } from "../log/open.ts";
import { ChatError } from "../protos/errors.ts";
import type { RoomEvent } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { tempFolder } from "./harness.ts";

/** An engine, as the contract sees it: opening twice gives the same log if it lasts. */
interface Engine {
  readonly name: string;
  readonly lasts: boolean;
  use(test: (open: () => Promise<Log>) => Promise<void>): Promise<void>;
}

const engines: Engine[] = [
  {
    name: "SQLite file",
    lasts: true,
    use: async (test) => {
      await using folder = await tempFolder();
      await test(() => openLog(`sqlite:${folder.file("chat.db")}`));
    },
  },
  { name: "SQLite in memory", lasts: false, use: (test) => test(() => openLog("sqlite::memory:")) },
];

function event(seq: number, more: Partial<RoomEvent> = {}): RoomEvent {
  return {
    seq,
    timestamp: "2026-01-31T12:00:00.000Z",
    sender: "ann",
    clientId: "",
    message: { text: `m${seq}` },
    ...more,
  };
}

async function take(records: AsyncIterable<readonly LogRecord[]>, count: number): Promise<LogRecord[]> {
  const taken: LogRecord[] = [];
  for await (const batch of records) {
    taken.push(...batch);
    if (taken.length >= count) break;
  }
  return taken;
}

for (const { name, lasts, use } of engines) {
  const onEngine = (promise: string, test: (open: () => Promise<Log>) => Promise<void>) =>
    Deno.test(`${promise} (${name})`, () => use(test));

  onEngine("P2 ordered: appends are all or none, against the exact head", async (open) => {
    await using log = await open();
    assertEquals(await log.append("lobby", 0, [event(1), event(2)]), { kind: "appended" });
    assertEquals(await log.append("lobby", 0, [event(1)]), { kind: "conflict", head: 2 });
    assertEquals(await log.append("lobby", 7, [event(8)]), { kind: "conflict", head: 2 });
    assertEquals(await log.append("attic", 0, [event(1)]), { kind: "appended" });
    assertEquals([log.head("lobby"), log.head("attic"), log.head("cellar")], [2, 1, 0]);
    assertEquals(log.read("lobby", 0, 10), [event(1), event(2)]);
  });

  onEngine(
    "P2 ordered: of many appends at once to one head, one wins and the others are told the head",
    async (open) => {
      await using log = await open();
      const results = await Promise.all(Array.from({ length: 50 }, () => log.append("lobby", 0, [event(1)])));
      assertEquals(results.filter(({ kind }) => kind === "appended").length, 1);
      assertEquals(log.head("lobby"), 1);
    },
  );

  onEngine(
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

  onEngine("P4 once: a sender's id is found, whatever came since", async (open) => {
    await using log = await open();
    const first = event(1, { clientId: "id" });
    await log.append("lobby", 0, [first, event(2), event(3, { sender: "bob", clientId: "id" })]);
    assertEquals(log.find("lobby", "ann", "id"), first);
    assertEquals(log.find("lobby", "bob", "id")?.seq, 3);
    assertEquals(log.find("lobby", "ann", ""), undefined);
    assertEquals(log.find("attic", "ann", "id"), undefined);
  });

  onEngine(
    "P5 bounded: a read stops near a batch's bytes, and is never empty before the head",
    async (open) => {
      await using log = await open();
      const big = Array.from(
        { length: 60 },
        (_, i) => event(i + 1, { message: { text: "x".repeat(limits.textBytes) } }),
      );
      await log.append("lobby", 0, big);
      const page = log.read("lobby", 0, limits.batchEvents);
      assert(page.length > 0 && page.length < 60, `${page.length}`);
    },
  );

  onEngine("texts of every kind come back to the letter", async (open) => {
    await using log = await open();
    const texts = ["a\0b", "👩‍👩‍👧", "\u202Eabc", `"'\\`, "<script>", "\u2028"];
    await log.append("lobby", 0, texts.map((text, i) => event(i + 1, { message: { text } })));
    assertEquals(log.read("lobby", 0, 10).map(({ message }) => message.text), texts);
  });

  onEngine("P4 once: through Chat, the same id sent many times at once gets one seq", async (open) => {
    await using log = await open();
    const chat = new Chat(log, { now: () => 0 });
    const send = () => chat.send("lobby", { kind: "send", sender: "ann", clientId: "id", text: "hi" });
    const accepted = await Promise.all(Array.from({ length: 200 }, send));
    assertEquals(new Set(accepted.map(({ event }) => event.seq)), new Set([1]));
    assertEquals(accepted.filter(({ duplicate }) => !duplicate).length, 1);
    const late = await send();
    assertEquals([late.event.seq, late.duplicate], [1, true]);
    assertEquals(log.head("lobby"), 1);
    await chat.close();
  });

  onEngine(
    "P2 ordered: through Chat, every answered message is readable here, and one sender's order is kept",
    async (open) => {
      await using log = await open();
      const chat = new Chat(log, { now: Date.now });
      const accepted = await Promise.all(
        Array.from(
          { length: 500 },
          (_, i) => chat.send("lobby", { kind: "send", sender: "ann", clientId: `${i}`, text: `m${i}` }),
        ),
      );
      assertEquals(accepted.map(({ event }) => event.seq), Array.from({ length: 500 }, (_, i) => i + 1));
      assertEquals(chat.feed("lobby").tail.head, 500);
      await chat.close();
    },
  );

  onEngine("P5 bounded: past the queue's limit a send is refused, and told to come back", async (open) => {
    await using log = await open();
    const chat = new Chat(log, { now: Date.now });
    const sends = Array.from(
      { length: limits.commandsQueued + 50 },
      () => chat.send("lobby", { kind: "send", sender: "ann", clientId: "", text: "hi" }),
    );
    const results = await Promise.allSettled(sends);
    const refused = results.filter((result) => result.status === "rejected").map(({ reason }) => reason);
    assert(
      refused.length > 0 &&
        refused.every((error) => error instanceof ChatError && error.code === "RESOURCE_EXHAUSTED"),
    );
    assertEquals(log.head("lobby"), sends.length - refused.length);
    await chat.close();
  });

  onEngine("a log that is closed refuses, and says so", async (open) => {
    const log = await open();
    await log.close();
    await log.close();
    const error = await assertRejects(() => log.append("lobby", 0, [event(1)]));
    assert(error instanceof ChatError && error.code === "SHUTTING_DOWN");
  });

  if (lasts) {
    onEngine(
      "P1 durable: what was appended is there when the log is opened again, in the same epoch",
      async (open) => {
        const first = await open();
        await first.append("lobby", 0, [event(1, { clientId: "id" })]);
        await first.close();
        await using again = await open();
        assertEquals(again.epoch, first.epoch);
        assertEquals(again.find("lobby", "ann", "id")?.seq, 1);
        assertEquals(await again.append("lobby", 1, [event(2)]), { kind: "appended" });
      },
    );
  } else {
    onEngine("another log has another epoch", async (open) => {
      await using one = await open();
      await using other = await open();
      assertNotEquals(one.epoch, other.epoch);
    });
  }
}
