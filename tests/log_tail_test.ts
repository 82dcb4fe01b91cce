/** What a log's tail gives live, from what was just committed, against what the same log gives who reads it later. */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { LogRecord } from "../chat/log.ts";
import type { EventBody } from "../protos/events.ts";
import { event, onEngines, take } from "./engines.ts";

const bodies: Record<string, (seq: number) => EventBody> = {
  message: (seq) => ({ message: { text: `m${seq}`, mentions: ["bob"] } }),
  reply: (seq) => ({ message: { text: "é\u0000", replyTo: Math.max(1, seq - 1) } }),
  edit: () => ({ edited: { target: 1, text: "changed" } }),
  deletion: () => ({ deleted: { target: 1 } }),
  reaction: () => ({ reacted: { target: 1, emoji: "👍" } }),
  settings: (seq) => ({ settings: { topic: `t${seq}` } }),
};

/** One append: a room, and what is appended to it. */
const appends = fc.record({
  room: fc.constantFrom("lobby", "attic"),
  kinds: fc.array(fc.constantFrom(...Object.keys(bodies)), { minLength: 1, maxLength: 4 }),
});

onEngines("P3 complete: live, a tail gives every record once, and just what it gives later", async (open) => {
  const property = fc.asyncProperty(fc.array(appends, { minLength: 1, maxLength: 8 }), async (asked) => {
    await using log = await open();
    const start = log.position();
    const stop = new AbortController();
    const count = asked.reduce((sum, { kinds }) => sum + kinds.length, 0);
    const live = take(log.tail(start, { signal: stop.signal }), count);
    const heads = new Map<string, number>();
    // Those of one room wait for each other, so that what is committed together is of several rooms.
    const waiting = new Map<string, Promise<unknown>>();
    for (const { room, kinds } of asked) {
      await waiting.get(room);
      const head = heads.get(room) ?? log.head(room);
      // Without the first message, there is nothing to edit.
      const events = kinds.map((kind, i) => {
        const seq = head + 1 + i;
        return event(seq, (seq === 1 ? bodies.message : bodies[kind])?.(seq));
      });
      heads.set(room, head + events.length);
      waiting.set(room, log.append(room, head, events));
    }
    await Promise.all(waiting.values());
    const places = ({ position, room, event: { seq } }: LogRecord) => ({ position, room, seq });
    const later = await take(log.tail(start, { signal: stop.signal }), count);
    stop.abort();
    assertEquals((await live).map(places), later.map(places));
    // The others may have been revised since.
    const isLasting = ({ event: { seq, edited } }: LogRecord) => seq > 1 && !edited;
    assertEquals((await live).filter(isLasting), later.filter(isLasting));
    for (const room of heads.keys()) {
      assertEquals([log.room(room)?.head, log.head(room)], [heads.get(room), heads.get(room)]);
    }
  });
  await fc.assert(property, { numRuns: 20 });
});

onEngines("P6 closed: a text that is deleted in the commit that stored it is in no tail", async (open) => {
  await using log = await open();
  const stop = new AbortController();
  const live = take(log.tail(0, { signal: stop.signal }), 2);
  await log.append("lobby", 0, [
    event(1, { message: { text: "secret" } }),
    event(2, { deleted: { target: 1 } }),
  ]);
  const [first] = await live;
  stop.abort();
  assertEquals(first?.event.message?.text, "");
});
