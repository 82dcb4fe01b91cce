/** What streams are sent: put together from parts that were encoded once, and to the byte what the contract says. */
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { serviceDefinition } from "../protos/descriptors.ts";
import { type EventBody, revise, type RoomEvent } from "../protos/events.ts";
import type { ChatMessage__Output } from "../protos/gen/chat/ChatMessage.ts";
import type { ServerFrame__Output } from "../protos/gen/chat/ServerFrame.ts";
import { serializeFrame } from "../service/definition.ts";
import { encodeBatch, encodeMessage } from "../service/encode.ts";
import { event } from "./engines.ts";

const { Session, StreamMessages } = serviceDefinition("chat.ChatService");
const decodeFrame = (bytes: Uint8Array) =>
  Session?.responseDeserialize(Buffer.from(bytes)) as ServerFrame__Output;

const text = fc.oneof(fc.string({ unit: "binary" }), fc.nat(20_000).map((length) => "é".repeat(length)));
const body: fc.Arbitrary<EventBody> = fc.oneof(
  fc.tuple(text, fc.nat(3)).map(([text, replyTo]) => ({
    message: { text, ...(replyTo && { replyTo, mentions: ["ann"] }) },
  })),
  text.map((text) => ({ edited: { target: 300, text } })),
  fc.constantFrom<EventBody>({ deleted: { target: 1 } }, { reacted: { target: 2, emoji: "👍" } }, {
    settings: {},
  }, { settings: { topic: "tea", archived: true } }),
);

Deno.test("a batch is sent as the contract says, whatever is in it", () => {
  fc.assert(
    fc.property(
      fc.array(body, { minLength: 1, maxLength: 12 }),
      fc.nat(1_000_000),
      text,
      (bodies, after, room) => {
        const events = bodies.map((body, i) => event(after + 1 + i, body, { clientId: `${i}` }));
        const batch = { room: room.slice(0, 64), epoch: "0123456789ab", first: after + 1, events };
        const plain = serializeFrame({ batch: { ...batch, events: [...events] } });
        for (let reader = 0; reader < 2; reader++) {
          assertEquals(
            decodeFrame(encodeBatch(batch)),
            decodeFrame(plain),
          );
        }
        assertEquals(encodeBatch(batch).length, plain.length);
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("P6 closed: what was encoded before an edit or a deletion is not sent after it", () => {
  const said = event(1, { message: { text: "secret words" } });
  const batch = (one: RoomEvent) => ({ room: "lobby", epoch: "e", first: 1, events: [one] });
  const place = { room: "lobby", epoch: "e" };
  assert(encodeBatch(batch(said)).includes("secret words"));
  assert(encodeMessage(said, place)?.includes("secret words"));
  const gone = revise(said, event(2, { deleted: { target: 1 } }));
  assert(!encodeBatch(batch(gone)).includes("secret words"));
  assertEquals(encodeMessage(gone, place), undefined, "StreamMessages has no tombstones");
  const edited = revise(said, event(2, { edited: { target: 1, text: "other words" } }));
  assert(
    encodeBatch(batch(edited)).includes("other words") && !encodeBatch(batch(edited)).includes("secret"),
  );
  const bytes = Buffer.from(encodeMessage(edited, place) ?? []);
  assertEquals((StreamMessages?.responseDeserialize(bytes) as ChatMessage__Output).message, "other words");
});

Deno.test("a batch of one room is never sent as another's, nor of another life or place", () => {
  const events = [event(1)];
  const one = { room: "lobby", epoch: "e", first: 1, events };
  for (
    const other of [{ ...one, room: "attic" }, { ...one, epoch: "f" }, { ...one, first: 2 }, {
      ...one,
      events: [event(1), event(2)],
    }]
  ) {
    encodeBatch(one);
    const { batch } = decodeFrame(encodeBatch(other));
    assertEquals([batch?.room, batch?.epoch, batch?.first, batch?.events.length], [
      other.room,
      other.epoch,
      other.first,
      other.events.length,
    ]);
  }
});
