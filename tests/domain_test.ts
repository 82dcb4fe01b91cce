/** What commands do to a room: properties of chat/decide.ts and chat/evolve.ts, alone and on a log. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Command } from "../chat/decide.ts";
import type { Accepted } from "../chat/room_writer.ts";
import { openLog } from "../log/open.ts";
import { ChatError } from "../protos/errors.ts";
import {
  eventKinds,
  isReadable,
  kindOf,
  type Principal,
  revise,
  type RoomEvent,
  speakerOf,
} from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { onLogs } from "./logs.ts";
import {
  ann,
  as,
  bob,
  chatOn,
  command,
  edit,
  hi,
  like,
  make,
  noon,
  play,
  remove,
  told,
  tutor,
  unlike,
} from "./playing.ts";

Deno.test("P5 bounded: a message holds so many reactions of a person and so many kinds, exactly, also within a batch", () => {
  const emoji = (i: number) => String.fromCodePoint(0x1F600 + i);
  const react = (i: number, by: Principal, remove = false): Command =>
    command({ kind: "react", target: 1, emoji: emoji(i), by, remove });
  const own = limits.reactionsPerPerson;
  const full = [hi, ...Array.from({ length: own }, (_, i) => react(i, ann))];
  assertEquals(told(play([...full, react(own, ann)]).decisions.at(-1)), "FAILED_PRECONDITION");
  assertEquals(told(play([...full, react(own, bob)]).decisions.at(-1)), `accept ${own + 2}`);
  assertEquals(
    told(play([...full, react(0, ann, true), react(own, ann)]).decisions.at(-1)),
    `accept ${own + 3}`,
  );

  const crowd = Array.from({ length: 10 }, (_, i) => ({ id: `guest:${i}`, name: `n${i}`, key: `n${i}` }));
  const [first = ann, last = ann] = [crowd[0], crowd.at(-1)];
  const kinds = [
    hi,
    ...Array.from({ length: limits.emojiPerMessage }, (_, i) => react(i, crowd[i % 9] ?? ann)),
  ];
  const next = limits.emojiPerMessage;
  assertEquals(told(play([...kinds, react(next, last)]).decisions.at(-1)), "FAILED_PRECONDITION");
  assertEquals(told(play([...kinds, react(3, last)]).decisions.at(-1)), `accept ${next + 2}`);
  const freed = [...kinds, react(0, first, true), react(next, last)];
  assertEquals(told(play(freed).decisions.at(-1)), `accept ${next + 3}`);
  const shared = [...kinds, react(0, last), react(0, first, true), react(next, last)];
  assertEquals(told(play(shared).decisions.at(-1)), "FAILED_PRECONDITION");
});

Deno.test("P5 bounded: a batch full of reactions to one message is decided in no time", () => {
  const crowd = Array.from({ length: 64 }, (_, i) => as({ id: `g${i}`, name: `n${i}`, key: `n${i}` }, like));
  const began = performance.now();
  assertEquals(play([hi, ...crowd]).events.length, 65);
  assert(performance.now() - began < 1_000, `it took ${performance.now() - began} ms`);
});

const anyCommand: fc.Arbitrary<Command> = fc.record({
  by: fc.constantFrom(ann, bob, tutor),
  clientId: fc.constantFrom("", "", "1", "2", "x".repeat(limits.clientIdBytes + 1)),
  act: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("send"),
        text: fc.constantFrom("one", "two", " "),
        replyTo: fc.nat(4),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("edit"),
        target: fc.nat(9),
        text: fc.constantFrom("one", "two", ""),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete"), target: fc.nat(9) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("react"),
        target: fc.nat(9),
        emoji: fc.constantFrom("👍", "👎"),
        remove: fc.boolean(),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("change"),
        topic: fc.constantFrom("a", "b"),
        archived: fc.boolean(),
      }),
    },
  ),
}).map(({ by, clientId, act }) => ({ by, clientId, ...act }) as Command);

/** Mostly in a room that was made. */
const anyCommands = fc.array(anyCommand, { maxLength: 40 }).map((commands) => [make, ...commands]);

Deno.test("P2 ordered: seqs are dense and a room's time never runs backwards, whatever the clock does", () => {
  fc.assert(
    fc.property(anyCommands, fc.array(fc.integer({ min: 0, max: 10_000 })), (commands, ticks) => {
      const { events } = play(commands, { name: "attic", clock: (step) => noon + (ticks[step] ?? 0) * 1000 });
      assertEquals(events.map(({ seq }) => seq), events.map((_, i) => i + 1));
      const times = events.map(({ timestamp }) => timestamp);
      assertEquals(times, [...times].sort());
    }),
  );
});

Deno.test("P4 once: a speaker's id is accepted once; a repeat gets the first one's event", () => {
  fc.assert(fc.property(anyCommands, (commands) => {
    const { events, decisions } = play(commands, { name: "attic" });
    const keyOf = ({ author, sender, clientId }: RoomEvent) => `${speakerOf({ author, sender })}/${clientId}`;
    const keys = events.filter(({ clientId }) => clientId !== "").map(keyOf);
    assertEquals(new Set(keys).size, keys.length);
    for (const [i, { by, clientId }] of commands.entries()) {
      const decision = decisions[i];
      if (decision?.kind !== "duplicate" || clientId === "") continue;
      const first = events.find((event) => event.clientId === clientId && event.author === by.id);
      assert(first === undefined || first.seq === decision.event.seq);
    }
  }));
});

Deno.test("P6 closed: whatever is asked, only the author's messages change, and nothing is said where it may not be", () => {
  fc.assert(
    fc.property(anyCommands, fc.constantFrom("lobby", "attic"), (commands, name) => {
      let past: RoomEvent[] = [];
      let archived = false;
      for (const event of play(commands, { name }).events) {
        const { message, edited, deleted, reacted, unreacted, settings, author } = event;
        const changed = past[((edited ?? deleted ?? reacted ?? unreacted)?.target ?? 0) - 1];
        if (changed) assert(isReadable(changed), "only what is there to read is changed");
        if (edited ?? deleted) assertEquals(author, changed?.author);
        if (message?.replyTo) assert(isReadable(past[message.replyTo - 1] ?? { deleted: { target: 1 } }));
        if (archived) assert(deleted || settings, `${kindOf(event)} in an archived room`);
        if (settings) assertEquals([author, name], ["guest:a", "attic"]);
        if (author === "") assert(message && name === "lobby");
        archived = settings ? settings.archived ?? false : archived;
        past = [...past.map((earlier) => revise(earlier, event)), event];
      }
      const gone = new Set(past.filter(({ message }) => message?.deleted).map(({ seq }) => seq));
      for (const { seq, message, edited } of past) {
        if (gone.has(seq) || gone.has(edited?.target ?? 0)) assertEquals(message?.text ?? edited?.text, "");
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("every kind of event comes out of some command", () => {
  const { events } = play([
    make,
    hi,
    { ...like, target: 2 } as Command,
    { ...unlike, target: 2 } as Command,
    { ...edit, target: 2 } as Command,
    { ...remove, target: 2 } as Command,
  ], { name: "attic" });
  assertEquals(new Set(events.map(kindOf)), new Set(eventKinds));
});

/** What became of a command: the event's seq and whether it was there before, or a code. */
function outcome(writing: Promise<Accepted>): Promise<string> {
  return writing.then(
    ({ event, duplicate }) => `${duplicate ? "duplicate" : "accept"} ${event.seq}`,
    (error) => error instanceof ChatError ? error.code : String(error),
  );
}

onLogs(
  "P2 ordered: a batch is decided as if each command in it had been stored before the next",
  async (log) => {
    const sameOnBoth = fc.asyncProperty(
      anyCommands,
      fc.constantFrom("lobby", "attic"),
      async (commands, room) => {
        await using alone = await openLog("sqlite::memory:");
        await log.replace();
        await using together = await log.open();
        await using patient = await chatOn(alone);
        await using hasty = await chatOn(together);
        const begin = make.kind === "create" && room === "attic" ? [make] : [];
        for (const chat of [patient, hasty]) for (const one of begin) await chat.write(room, one);
        const oneByOne: string[] = [];
        for (const one of commands) oneByOne.push(await outcome(patient.write(room, one)));
        const atOnce = await Promise.all(commands.map((one) => outcome(hasty.write(room, one))));
        assertEquals(atOnce, oneByOne);
        const pure = play([...begin, ...commands], { name: room });
        assertEquals(pure.decisions.slice(begin.length).map(told), oneByOne);
        const stored = alone.read(room, 0, 500);
        assertEquals(together.read(room, 0, 500), stored);
        assertEquals(stored, pure.events.map((event) => pure.events.reduce(revise, event)));
        for (const chat of [patient, hasty]) assertEquals(chat.feed(room).tail.slice(0), stored);
      },
    );
    await fc.assert(sameOnBoth, { numRuns: 30 });
  },
);
