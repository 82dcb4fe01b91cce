/**
 * Resuming, as a property: whatever cursor a reader comes back with, it is given exactly what came after it, or is
 * told plainly that it cannot be. On the decision itself with a tail and a store under it, and on a real ChatService.
 */
import { assert, assertEquals } from "@std/assert";
import type * as grpc from "@grpc/grpc-js";
import fc from "fast-check";
import { beginIn } from "../feed/begin.ts";
import { type Feed, follow } from "../feed/follow.ts";
import { Tail } from "../feed/tail.ts";
import type { RoomEvent } from "../protos/events.ts";
import type { ServerFrame__Output as ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { limits } from "../protos/limits.ts";
import { connect } from "../sdk/mod.ts";
import { pause } from "./chaos/wait.ts";
import { grpcClient } from "./doors.ts";
import { serveChat } from "./harness.ts";
import { onLogs } from "./logs.ts";

const cases = 10_000;

function eventsOf(from: number, to: number): RoomEvent[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => ({
    seq: from + i,
    timestamp: new Date((from + i) * 1_000).toISOString(),
    sender: "ann",
    author: "guest:1",
    clientId: "",
    message: { text: `${from + i}` },
  }));
}

/** A room whose store answers late and in small parts, while more is said. */
function feedOf(tail: Tail, { say, part }: { say: number; part: number }): Feed {
  let left = say;
  return {
    room: "lobby",
    tail,
    read: async (after, count) => {
      await Promise.resolve();
      if (left-- > 0) tail.push(eventsOf(tail.head + 1, tail.head + 1));
      return eventsOf(after + 1, Math.min(tail.head, after + Math.min(count, part)));
    },
  };
}

/** What a reader asks with, against a room of `head` events. */
const cursorOf = (head: number) =>
  fc.record({
    epoch: fc.constantFrom("e", "e", "e", "e", "another life", ""),
    seq: fc.oneof(
      fc.nat(head),
      fc.constantFrom(0, Math.max(0, head - 1), head, head + 1),
      fc.nat(head * 2 + 5),
    ),
  });

/** The promise, in one place: where such a reader may begin. */
function expected({ epoch, seq }: { epoch: string; seq: number }, room: { epoch: string; head: number }) {
  const nothing = epoch === "" && seq === 0;
  const recovered = nothing || (epoch === room.epoch && seq <= room.head);
  return { recovered, after: recovered ? seq : Math.max(0, room.head - limits.replayDefault) };
}

Deno.test(`P3 complete: resume, ${cases} cases on the decision: the exact rest, or a plain "not recovered"`, async () => {
  const room = fc.nat(300).chain((head) =>
    fc.record({
      head: fc.constant(head),
      held: fc.integer({ min: 1, max: 400 }),
      say: fc.nat(5),
      part: fc.integer({ min: 1, max: 500 }),
      cursor: cursorOf(head),
    })
  );
  await fc.assert(
    fc.asyncProperty(room, async ({ head, held, say, part, cursor }) => {
      const tail = new Tail({ epoch: "e", head: 0 }, { events: held, bytes: 1e9 });
      tail.push(eventsOf(1, head));
      const feed = feedOf(tail, { say, part });
      const begun = await beginIn(feed, { replay: "RESUME", ...cursor });
      const { recovered, after } = expected(cursor, { epoch: "e", head });
      assertEquals([begun.recovered, begun.epoch], [recovered, "e"]);
      if (recovered) assertEquals(begun.after, after);
      // Somebody may have spoken while the last hundred were counted.
      else assert(begun.after >= after && begun.after <= after + say);
      const stop = new AbortController();
      const got: number[] = [];
      const reader = follow(feed, begun, { signal: stop.signal });
      while (begun.after + got.length < tail.head) {
        const { value } = await reader.next();
        assert(value && value.first === begun.after + got.length + 1);
        got.push(...value.events.map(({ seq }) => seq));
      }
      stop.abort();
      assertEquals((await reader.next()).done, true);
      assertEquals(got, eventsOf(begun.after + 1, tail.head).map(({ seq }) => seq));
    }),
    { numRuns: cases },
  );
});

/** One session of a ChatService, that follows again and again. */
class Reader {
  readonly #call: grpc.ClientDuplexStream<object, ServerFrame>;
  readonly #frames: ServerFrame[] = [];
  #wake = () => {};
  #lastId = 0;

  constructor(call: grpc.ClientDuplexStream<object, ServerFrame>) {
    this.#call = call;
    call.on("data", (frame: ServerFrame) => {
      this.#frames.push(frame);
      this.#wake();
    });
    call.on("error", () => {});
  }

  /** Gives a command, again if it came too fast. */
  async ask(command: object): Promise<ServerFrame> {
    const id = ++this.#lastId;
    this.#call.write({ id, ...command });
    for (;;) {
      const frame = await this.next();
      if (frame.id !== id) continue;
      if (!frame.refused?.retry) return frame;
      await pause(100);
      return await this.ask(command);
    }
  }

  async next(): Promise<ServerFrame> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame) return frame;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

onLogs(
  `P3 complete: resume, ${cases / 2} cases on a ChatService: silent, small and long rooms, any cursor`,
  async (log) => {
    await using chat = await serveChat(log);
    await using speaker = await connect(`grpc://127.0.0.1:${chat.port}`, { name: "ann" });
    // The long room has more than its tail holds.
    const heads = { lobby: 0, "one-event": 1, small: 40, long: limits.tailEvents + 200 };
    for (const [room, head] of Object.entries(heads)) {
      if (room !== "lobby") await speaker.createRoom({ room });
      await Promise.all(
        Array.from({ length: Math.max(0, head - 1) }, (_, i) => speaker.send({ room, text: `${i + 2}` })),
      );
    }
    const epochs = new Map<string, string>();
    for (const room of Object.keys(heads)) epochs.set(room, (await speaker.describeRoom({ room })).epoch);
    using client = grpcClient(chat.port);
    const call = client.session();
    const reader = new Reader(call);
    const { opened } = await reader.ask({ open: { token: speaker.token } });

    const asked = fc.constantFrom(...Object.keys(heads) as (keyof typeof heads)[]).chain((room) => {
      const head = heads[room];
      // A cursor far back in the long room costs thousands of events, so most are near its end or on the tail's edge.
      const far = [0, head - limits.tailEvents - 1, head - limits.tailEvents, head - limits.tailEvents + 1];
      const seq = room === "long"
        ? fc.oneof({ weight: 97, arbitrary: fc.integer({ min: head - 40, max: head + 40 }) }, {
          weight: 1,
          arbitrary: fc.constantFrom(...far),
        })
        : cursorOf(head).map(({ seq }) => seq);
      return fc.record({
        room: fc.constant(room),
        seq,
        // Its own, that of another room, of another life, or none.
        epoch: fc.oneof(
          { weight: 3, arbitrary: fc.constant(epochs.get(room) ?? "") },
          { weight: 1, arbitrary: fc.constantFrom(...epochs.values()) },
          { weight: 1, arbitrary: fc.constantFrom("another life", "") },
        ),
      });
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ room, ...after }) => {
        const head = heads[room];
        const epoch = epochs.get(room) ?? "";
        const person = opened?.person ?? 0;
        const { followed } = await reader.ask({ follow: { person, room, replay: "REPLAY_RESUME", after } });
        const { recovered, after: from } = expected(after, { epoch, head });
        assertEquals(followed, { room, epoch, head, after: from, recovered });
        for (let seq = from; seq < head;) {
          const { batch } = await reader.next();
          // A roster, or a heartbeat.
          if (!batch) continue;
          assertEquals([batch.room, batch.epoch, batch.first], [room, epoch, seq + 1]);
          for (const event of batch.events) {
            assertEquals(event.seq, ++seq);
            if (event.message) assertEquals(event.message.text, `${seq}`);
          }
        }
      }),
      { numRuns: cases / 2, endOnFailure: true },
    );
    call.cancel();
  },
);
