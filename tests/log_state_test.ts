/** The contract of chat/log.ts, on every engine: events as they are now, reactions, rooms, and how far one has read. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Log } from "../chat/log.ts";
import { type EventBody, revise, type RoomEvent } from "../protos/events.ts";
import { event, onEngines, take } from "./engines.ts";

/** All that a log gives of a room's past, by each of its ways. */
async function everyWay(log: Log, room: string, ids: readonly string[]): Promise<RoomEvent[][]> {
  const read = log.read(room, 0, 500);
  const one = read.map(({ seq }) => log.read(room, seq - 1, 1)[0] as RoomEvent);
  const all = await take(log.tail(0, { signal: new AbortController().signal }), log.position());
  const records = all.filter((record) => record.room === room);
  const found = ids.map((id, i) => id === "" ? read[i] : log.find(room, "guest:a", id));
  return [read, one, records.map(({ event }) => event), found as RoomEvent[]];
}

onEngines(
  "P6 closed: an edited message is read with its newest text, a deleted one with none, in the same instant",
  async (open) => {
    await using log = await open();
    const said = event(1, { message: { text: "first words", replyTo: 7, mentions: ["bob"] } }, {
      clientId: "id",
    });
    const edits = [
      event(2, { edited: { target: 1, text: "second words", mentions: ["eve"] } }),
      event(3, { edited: { target: 1, text: "third words" } }),
    ];
    await log.append("lobby", 0, [said]);
    await log.append("attic", 0, [said]);
    await log.append("lobby", 1, edits.slice(0, 1));
    const message = { text: "second words", replyTo: 7, edited: 2, mentions: ["eve"] };
    assertEquals(log.find("lobby", "guest:a", "id"), { ...said, message } as RoomEvent);
    assertEquals([log.edits("lobby", 1), log.edits("lobby", 2), log.edits("attic", 1)], [1, 0, 0]);
    await log.append("lobby", 2, edits.slice(1));
    assertEquals(log.edits("lobby", 1), 2);
    assertEquals(log.read("lobby", 0, 1)[0]?.message, { text: "third words", replyTo: 7, edited: 3 });
    assertEquals(log.read("lobby", 1, 1)[0], edits[0], "what an edit said stays in it");
    await log.append("lobby", 3, [event(4, { deleted: { target: 1 } }), event(5)]);
    for (const way of await everyWay(log, "lobby", ["id", "", "", "", ""])) {
      assert(!JSON.stringify(way).includes("words"), "the text is gone");
      assertEquals(way.map(({ message, edited }) => message ?? edited), [
        { text: "", replyTo: 7, deleted: 4 },
        { target: 1, text: "" },
        { target: 1, text: "" },
        undefined,
        { text: "m5" },
      ]);
    }
    assertEquals(log.read("attic", 0, 10), [said], "another room's event of that seq is left alone");
  },
);

const target = fc.integer({ min: 1, max: 9 });

const anyBody: fc.Arbitrary<EventBody> = fc.oneof(
  fc.constantFrom("one", "two").map((text) => ({ message: { text } })),
  fc.tuple(target, fc.constantFrom("three", "four")).map(([target, text]) => ({ edited: { target, text } })),
  target.map((target) => ({ deleted: { target } })),
  fc.tuple(target, fc.constantFrom("👍", "👎")).map(([target, emoji]) => ({ reacted: { target, emoji } })),
);

onEngines(
  "P6 closed: whatever is appended, however it is grouped, is read as `revise` makes it",
  async (open) => {
    await using log = await open();
    let run = 0;
    const property = fc.asyncProperty(
      fc.array(fc.array(anyBody, { minLength: 1, maxLength: 6 }), { maxLength: 5 }),
      async (groups) => {
        const room = `room${++run}`;
        const from = log.position();
        let past: RoomEvent[] = [];
        for (const group of groups) {
          const events = group.map((body, i) =>
            event(past.length + 1 + i, body, { clientId: `${past.length + i}` })
          );
          await log.append(room, past.length, events);
          for (const one of events) past = [...past.map((earlier) => revise(earlier, one)), one];
        }
        assertEquals(log.read(room, 0, 500), past);
        assertEquals(past.map(({ clientId }) => log.find(room, "guest:a", clientId)), past);
        const records = await take(log.tail(from, { signal: new AbortController().signal }), past.length);
        assertEquals(records.map(({ event }) => event), past);
      },
    );
    await fc.assert(property, { numRuns: 60 });
  },
);

onEngines(
  "reactions are counted by kind, by person and by emoji, and go with their message",
  async (open) => {
    await using log = await open();
    const react = (seq: number, author: string, emoji: string, target = 1) =>
      event(seq, { reacted: { target, emoji } }, { author });
    await log.append("lobby", 0, [
      event(1),
      react(2, "a", "👍"),
      react(3, "b", "👍"),
      react(4, "a", "👎"),
      react(5, "a", "👍", 9),
    ]);
    assertEquals(log.reaction("lobby", 1, "👍", "a"), 2);
    assertEquals(log.reaction("lobby", 1, "👍", "c"), undefined);
    assertEquals(log.reaction("attic", 1, "👍", "a"), undefined);
    assertEquals(log.reactions("lobby", 1, "👍", "a"), { kinds: 2, own: 2, same: 2 });
    assertEquals(log.reactions("lobby", 1, "❤", "c"), { kinds: 2, own: 0, same: 0 });
    assertEquals(log.reactions("lobby", 2, "👍", "a"), { kinds: 0, own: 0, same: 0 });
    await log.append("lobby", 5, [event(6, { unreacted: { target: 1, emoji: "👍" } }, { author: "a" })]);
    assertEquals(log.reaction("lobby", 1, "👍", "a"), undefined);
    assertEquals(log.reactions("lobby", 1, "👍", "a"), { kinds: 2, own: 1, same: 1 });
    await log.append("lobby", 6, [react(7, "a", "👍")]);
    assertEquals(log.reaction("lobby", 1, "👍", "a"), 7, "it is the newest one's");
    await log.append("lobby", 7, [event(8, { deleted: { target: 1 } })]);
    assertEquals(log.reactions("lobby", 1, "👍", "a"), { kinds: 0, own: 0, same: 0 });
    assertEquals(log.reactions("lobby", 9, "👍", "a"), { kinds: 1, own: 1, same: 1 });
  },
);

const at = (minute: number) => `2026-01-31T12:0${minute}:00.000Z`;

onEngines("a room is summed up: head, newest event, settings, and who made it", async (open) => {
  await using log = await open();
  assertEquals(log.room("attic"), undefined);
  const by = { sender: "bob", author: "guest:b" };
  await log.append("attic", 0, [
    event(1, { settings: { topic: "tea" } }, { timestamp: at(1) }),
    event(2, undefined, { ...by, timestamp: at(2) }),
  ]);
  const made = { room: "attic", creator: "ann", author: "guest:a", created: at(1) };
  assertEquals(log.room("attic"), {
    ...made,
    head: 2,
    active: at(2),
    settings: 1,
    topic: "tea",
    archived: false,
  });
  await log.append("attic", 2, [event(3, { settings: { archived: true } }, { ...by, timestamp: at(3) })]);
  assertEquals(log.room("attic"), {
    ...made,
    head: 3,
    active: at(3),
    settings: 3,
    topic: "",
    archived: true,
  });
  await log.append("lobby", 0, [event(1, undefined, { timestamp: at(4) })]);
  const lobby = { room: "lobby", head: 1, active: at(4), settings: 0, topic: "", archived: false };
  assertEquals(log.room("lobby"), { ...lobby, creator: "", author: "", created: "" });
  assertEquals(log.countRooms(), 2);
});

onEngines(
  "rooms are listed by name, in pages, each once, those that are archived only when asked for",
  async (open) => {
    await using log = await open();
    const names = ["b", "a", "ｱ", "кухня", "c", "d", "𠀋", "台所"];
    for (const name of names) await log.append(name, 0, [event(1, { settings: { archived: name === "c" } })]);
    const list = (count: number, archived: boolean): string[] => {
      const all: string[] = [];
      for (let page = log.rooms("", count, { archived }); page.length > 0;) {
        assert(page.length <= count);
        all.push(...page.map(({ room }) => room));
        page = log.rooms(all.at(-1) ?? "", count, { archived });
      }
      return all;
    };
    const visible = list(100, false);
    assertEquals(visible.toSorted(), names.filter((name) => name !== "c").toSorted());
    for (const count of [1, 2, 3]) {
      assertEquals(list(count, false), visible);
      assertEquals(list(count, true), list(100, true));
    }
    assertEquals(list(100, true).length, names.length);
    assertEquals(visible.slice(0, 3), ["a", "b", "d"]);
  },
);

onEngines(
  "how far somebody has read is kept for each of them and each room, and never goes back",
  async (open) => {
    await using log = await open();
    assertEquals(log.marked("guest:a", "lobby"), 0);
    await log.mark("guest:a", "lobby", 5);
    assertEquals(log.marked("guest:a", "lobby"), 5);
    await log.mark("guest:a", "lobby", 3);
    assertEquals(log.marked("guest:a", "lobby"), 5);
    await Promise.all([9, 7, 8].map((seq) => log.mark("guest:a", "lobby", seq)));
    await log.mark("guest:a", "attic", 1);
    await log.mark("guest:b", "lobby", 2);
    assertEquals([
      log.marked("guest:a", "lobby"),
      log.marked("guest:a", "attic"),
      log.marked("guest:b", "lobby"),
    ], [9, 1, 2]);
  },
);

onEngines(
  "P1 durable: reactions, rooms, deletions and marks are there when the log is opened again",
  async (open) => {
    const gone = { text: "", deleted: 4 };
    {
      await using log = await open();
      const like = event(3, { reacted: { target: 2, emoji: "👍" } });
      await log.append("attic", 0, [event(1, { settings: { topic: "tea" } }), event(2), like]);
      await log.append("attic", 3, [
        event(4, { deleted: { target: 2 } }),
        event(5),
        event(6, { reacted: { target: 5, emoji: "👍" } }),
      ]);
      await log.mark("guest:a", "attic", 4);
    }
    await using log = await open();
    assertEquals(log.read("attic", 1, 1)[0]?.message, gone);
    assertEquals(log.reaction("attic", 2, "👍", "guest:a"), undefined);
    assertEquals(log.reaction("attic", 5, "👍", "guest:a"), 6);
    assertEquals([log.room("attic")?.head, log.room("attic")?.topic], [6, "tea"]);
    assertEquals(log.marked("guest:a", "attic"), 4);
  },
  { lasts: true },
);
