/** One person's speed and order on a session: chat/session_person.ts, on a clock of ours. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { SessionPerson } from "../chat/session_person.ts";
import { openLog } from "../log/open.ts";
import { toChatError } from "../protos/errors.ts";
import type { ClientFrame__Output } from "../protos/gen/chat/ClientFrame.ts";
import { limits } from "../protos/limits.ts";
import { FakeClock } from "./fake_clock.ts";
import { ann, chatOn } from "./playing.ts";

/** A person whose commands are let through as long as `admits` says so. */
async function personOnClock() {
  const log = await openLog("sqlite::memory:");
  const chat = await chatOn(log);
  const clock = new FakeClock();
  const gate = { admits: true, floods: 0, sentAway: 0 };
  const person = new SessionPerson(
    { principal: ann, admit: () => gate.admits, sendAway: () => gate.sentAway++, close: () => {} },
    { chat, flood: () => gate.floods++ },
  );
  const perform = (frame: object): Promise<string> =>
    Promise.try(() => person.perform(frame as ClientFrame__Output)).then(
      () => "done",
      (error) => toChatError(error).code,
    );
  return {
    log,
    clock,
    gate,
    perform,
    send: (clientId: string, text = "hi") => perform({ send: { room: "", clientId, text, replyTo: 0 } }),
    [Symbol.asyncDispose]: async () => {
      clock[Symbol.dispose]();
      await chat.close();
      await log.close();
    },
  };
}

Deno.test("P2 ordered: what was refused for now is waited for, as long as others come behind it, and not for ever", async () => {
  await using person = await personOnClock();
  const { clock, gate, send } = person;
  gate.admits = false;
  assertEquals(await send("1"), "RESOURCE_EXHAUSTED");
  gate.admits = true;
  // As over a slow line.
  for (
    let passed = 0;
    passed < limits.orderHoldMostMs - limits.orderHoldMs;
    passed += limits.orderHoldMs - 1
  ) {
    assertEquals(await send("2"), "RESOURCE_EXHAUSTED");
    clock.pass(limits.orderHoldMs - 1);
  }
  assertEquals(
    await person.perform({ edit: { room: "", clientId: "e", target: 1, text: "x" } }),
    "RESOURCE_EXHAUSTED",
  );
  assertEquals(
    await person.perform({ listRooms: { after: "", count: 0, archived: false } }),
    "done",
    "reading need not wait",
  );
  clock.pass(limits.orderHoldMs);
  assertEquals(await send("2"), "done", "nothing came for a second");
  gate.admits = false;
  assertEquals(await send("3"), "RESOURCE_EXHAUSTED");
  gate.admits = true;
  for (let passed = 0; passed < limits.orderHoldMostMs; passed += 500) {
    assertEquals(await send("4"), "RESOURCE_EXHAUSTED");
    clock.pass(500);
  }
  assertEquals(await send("4"), "done", "it was waited for long enough");
});

Deno.test("P2 ordered: what is refused for good, or has no id, holds nobody up", async () => {
  await using person = await personOnClock();
  const { gate, send } = person;
  assertEquals(await send("1", " "), "INVALID_ARGUMENT");
  assertEquals(await send("2"), "done");
  gate.admits = false;
  assertEquals(await send(""), "RESOURCE_EXHAUSTED");
  gate.admits = true;
  assertEquals(await send("3"), "done");
});

Deno.test("P2 ordered: a client that repeats in order what was refused has its order, whatever is refused", async () => {
  const property = fc.asyncProperty(
    fc.array(fc.boolean(), { maxLength: 60 }),
    fc.integer({ min: 1, max: 16 }),
    async (dice, depth) => {
      await using person = await personOnClock();
      const total = 12;
      let next = 0;
      const throws = [...dice];
      while (next < total) {
        // A window is sent blindly; then all from the first refusal on again, in order.
        const window = Array.from({ length: Math.min(depth, total - next) }, (_, i) => next + i);
        const answers: string[] = [];
        for (const i of window) {
          person.gate.admits = throws.pop() ?? true;
          answers.push(await person.send(`${i}`));
        }
        const refused = answers.findIndex((answer) => answer !== "done");
        if (refused >= 0) assertEquals(answers.slice(refused).filter((answer) => answer === "done"), []);
        next += refused < 0 ? window.length : refused;
      }
      const stored = person.log.read("lobby", 0, 500).map(({ clientId }) => clientId);
      assertEquals(stored, Array.from({ length: total }, (_, i) => `${i}`));
    },
  );
  await fc.assert(property, { numRuns: 100 });
});

Deno.test("P5 bounded: who is refused again and again is sent away, also if one in ten is let through; who slows down is not", async () => {
  await using fast = await personOnClock();
  const { clock, gate, perform } = fast;
  let asked = 0;
  const ask = async () => {
    gate.admits = asked++ % 10 === 0;
    clock.pass(0.05);
    await perform({ describeRoom: { room: "" } });
  };
  while (gate.floods === 0 && asked < 20_000) await ask();
  assert(asked > limits.floodRefusals && asked < 1.5 * limits.floodRefusals, `${asked}`);
  assertEquals(gate.sentAway, gate.floods, "and they are kept out");

  await using slow = await personOnClock();
  for (let minute = 0; minute < 5; minute++) {
    slow.gate.admits = false;
    for (let i = 0; i < limits.floodRefusals - 1; i++) await slow.perform({ describeRoom: { room: "" } });
    slow.clock.pass(60_000);
  }
  assertEquals(slow.gate.floods, 0);
});
