/** The client library's edge: frames off both wires, as properties. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { serviceDefinition } from "../protos/descriptors.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { type Frame, readFrame, readFrames } from "../sdk/frames.ts";

Deno.test("sdk: no text and no value that comes off a wire throws, and what is read has its types", () => {
  const kinds = [
    "opened",
    "followed",
    "sent",
    "page",
    "refused",
    "room",
    "rooms",
    "names",
    "roster",
    "batch",
    "parting",
  ];
  const frame = fc.record({ id: fc.anything(), kind: fc.constantFrom(...kinds), body: fc.anything() })
    .map(({ id, kind, body }) => ({ id, [kind]: body }));
  const deep = fc.dictionary(
    fc.constantFrom(
      "room",
      "events",
      "seq",
      "first",
      "rooms",
      "names",
      "message",
      "principal",
      "code",
      "delayMs",
    ),
    fc.anything(),
  );
  const shaped = fc.record({ id: fc.nat(), kind: fc.constantFrom(...kinds), body: deep })
    .map(({ id, kind, body }) => ({ id, [kind]: body }));
  const sound = (frame: Frame | undefined) => {
    if (!frame) return;
    assert(Number.isSafeInteger(frame.id));
    if (frame.is === "batch") assert(frame.body.events.every(({ seq }) => Number.isSafeInteger(seq)));
    if (frame.is === "parting") {
      assert(Number.isSafeInteger(frame.body.delayMs) && typeof frame.body.retry === "boolean");
    }
    if (frame.is === "rooms") assert(frame.body.rooms.every(({ topic }) => typeof topic === "string"));
  };
  fc.assert(fc.property(fc.oneof(frame, shaped, fc.anything()), (value) => sound(readFrame(value))), {
    numRuns: 2_000,
  });
  fc.assert(fc.property(fc.oneof(fc.json(), fc.string()), (text) => readFrames(text).forEach(sound)));
});

const seqs = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const event = fc.oneof(
  fc.record({
    message: fc.record({ text: fc.string(), replyTo: fc.nat(), edited: fc.nat(), deleted: fc.nat() }),
  }),
  fc.record({ deleted: fc.record({ target: fc.integer({ min: 1 }) }) }),
  fc.record({ reacted: fc.record({ target: fc.integer({ min: 1 }), emoji: fc.string() }) }),
  fc.record({ settings: fc.record({ topic: fc.string(), archived: fc.boolean() }) }),
).chain((body) =>
  fc.record({
    seq: seqs,
    timestamp: fc.string(),
    sender: fc.string(),
    clientId: fc.string(),
    author: fc.string(),
  })
    .map((about) => ({ ...about, ...body }))
);
const batch = fc.record({ room: fc.string(), epoch: fc.string(), first: seqs, events: fc.array(event) });
const refusedBody = {
  code: fc.constantFrom("NOT_FOUND", "FLOOD"),
  message: fc.string(),
  retry: fc.boolean(),
};
const serverFrame: fc.Arbitrary<ServerFrame> = fc.record({
  id: seqs,
  body: fc.oneof(
    batch.map((batch) => ({ batch })),
    batch.map((page) => ({ page })),
    fc.record(refusedBody).map((refused) => ({ refused })),
    fc.record({ ...refusedBody, delayMs: fc.nat(60_000) }).map((parting) => ({ parting })),
    fc.record({ room: fc.string(), epoch: fc.string(), head: seqs, after: seqs, recovered: fc.boolean() })
      .map((followed) => ({ followed })),
    fc.record({ seq: seqs, epoch: fc.string(), timestamp: fc.string(), duplicate: fc.boolean() })
      .map((sent) => ({ sent })),
    fc.record({ names: fc.array(fc.string()), count: fc.nat() }).map((names) => ({ names })),
    fc.constant({ heartbeat: {} }),
    fc.constant({ done: {} }),
  ),
}).map(({ id, body }) => ({ id, ...body }));

Deno.test("sdk: a frame reads the same off both wires, also where proto3 JSON leaves out what is at its default", () => {
  const method = serviceDefinition("chat.ChatService").Session;
  assert(method);
  const { responseSerialize, responseDeserialize } = method;
  const lean = (_key: string, value: unknown) =>
    value === "" || value === 0 || value === false ? undefined : value;
  fc.assert(
    fc.property(serverFrame, (frame) => {
      const overGrpc = readFrame(responseDeserialize(responseSerialize(frame)));
      assertEquals(readFrames(JSON.stringify(frame)), [overGrpc]);
      const { id: _id, ...body } = frame;
      const isWhole = !("batch" in body || "page" in body);
      if (isWhole) assertEquals(readFrames(JSON.stringify(frame, lean)), [overGrpc]);
    }),
    { numRuns: 500 },
  );
});
