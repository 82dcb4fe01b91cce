/** What the client library makes of commands that no server can read, on both doors. */
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { byteLength } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { ChatError, type Client, connect, connectOver, memoryCursor, type Transport } from "../sdk/mod.ts";
import { grpcTransport } from "../sdk/transport_grpc.ts";
import { wsTransport } from "../sdk/transport_ws.ts";
import { serveChat, serveWeb } from "./harness.ts";

type Door = "grpc" | "ws";

const timing = { firstMs: 5, mostMs: 20 };

/** Both servers, and the way to one door. */
async function serve(door: Door): Promise<AsyncDisposable & { address: string; transport: Transport }> {
  const stack = new AsyncDisposableStack();
  const chat = stack.use(await serveChat());
  const { port } = door === "grpc" ? chat : stack.use(await serveWeb(chat.port));
  const address = `${door}://127.0.0.1:${port}`;
  const transport = door === "grpc" ? grpcTransport(`127.0.0.1:${port}`) : wsTransport(address);
  return { address, transport, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** What becomes of a promise that has to settle soon. */
async function soon<T>(promise: Promise<T>, ms = 5_000): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("it does not settle")), ms);
  return await Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}

async function refusal(promise: Promise<unknown>): Promise<ChatError> {
  const error = await assertRejects(() => soon(promise));
  assertInstanceOf(error, ChatError);
  return error;
}

async function stored(chat: Client): Promise<(string | undefined)[]> {
  return (await soon(chat.read({ after: 0 }))).events.map(({ message }) => message?.text);
}

/** The same way, but a frame that holds this text becomes another on the wire, which the server cannot read. */
function poisoned(transport: Transport, text: string, instead: string): Transport {
  return {
    ...transport,
    dial: (token, events) => {
      const wire = transport.dial(token, events);
      return {
        send: (frame) => {
          const { send, describeRoom } = frame;
          if (send?.text === text) wire.send({ ...frame, send: { ...send, text: instead } });
          else if (describeRoom?.room === text) wire.send({ id: Number(frame.id), send: { text: instead } });
          else wire.send(frame);
        },
        close: () => wire.close(),
      };
    },
  };
}

for (const door of ["grpc", "ws"] as const) {
  Deno.test(`P7 honest: sdk over ${door}: what is no text, or too long, is refused at once, and takes nobody's place`, async () => {
    await using server = await serve(door);
    const states: string[] = [];
    await using chat = await connect(server.address, {
      name: "ann",
      depth: 4,
      timing,
      onConnection: ({ is }) => states.push(is),
    });
    const { seq: target } = await chat.send({ text: "first" });
    const half = "a\ud800b";
    const unfit: Promise<unknown>[] = [];
    for (const text of [half, "x".repeat(limits.textBytes + 1), "é".repeat(8_193), '"'.repeat(600_000)]) {
      unfit.push(chat.send({ text }), chat.edit({ target, text }));
    }
    for (const clientId of [half, "x".repeat(limits.clientIdBytes + 1)]) {
      unfit.push(chat.send({ text: "fit", clientId }), chat.delete({ target, clientId }));
    }
    for (const room of [half, "x".repeat(limits.roomBytes + 1), "x".repeat(600_000)]) {
      unfit.push(chat.send({ room, text: "fit" }), chat.createRoom({ room }), chat.read({ room }));
      unfit.push(chat.follow(room).next(), chat.presence({ room }), chat.mark({ room, seq: 1 }));
      assertInstanceOf(assertThrows(() => chat.typing({ room })), ChatError);
    }
    for (const topic of [half, "x".repeat(limits.topicBytes + 1)]) {
      unfit.push(chat.createRoom({ room: "attic", topic }), chat.setTopic({ room: "attic", topic }));
    }
    for (const emoji of [half, "👍".repeat(13)]) unfit.push(chat.react({ target, emoji }));
    for (const asked of [half, "x".repeat(600_000)]) {
      unfit.push(chat.listRooms({ after: asked }), chat.who({ after: asked }));
    }
    const after = chat.send({ text: "last" });
    const errors = await Promise.all(unfit.map(refusal));
    for (const epoch of [half, "x".repeat(600_000)]) {
      const cursor = memoryCursor({ epoch, seq: 1 });
      errors.push(await refusal(chat.follow("lobby", { cursor }).next()));
      errors.push(await refusal(chat.follow("lobby", { replay: { since: epoch } }).next()));
    }
    for (const { code, message } of errors) {
      assertEquals(code, "INVALID_ARGUMENT", message);
      assert(/^Cannot [^\n]+: [^\n]+\.$/.test(message) && message.length < 200, message);
    }
    assertEquals((await soon(after)).seq, 2);
    assertEquals(await stored(chat), ["first", "last"]);
    assertEquals(states, ["live"], "one wire for all of it");
  });

  Deno.test(`sdk over ${door}: what is just short enough is sent, and counted as the server counts it`, async () => {
    await using server = await serve(door);
    await using chat = await connect(server.address, { name: "ann", timing });
    const texts = [
      "x".repeat(limits.textBytes),
      "é".repeat(limits.textBytes / 2),
      '"'.repeat(limits.textBytes),
    ];
    const clientId = "x".repeat(limits.clientIdBytes);
    for (const text of texts) await soon(chat.send({ text, ...(text === texts[0] && { clientId }) }));
    assertEquals(await stored(chat), texts);
    // Composed these are as long as may be, and longer as they come.
    const room = "e\u0301".repeat(limits.roomBytes / 2);
    assertEquals(byteLength(room), limits.roomBytes * 1.5);
    const topic = ` ${"e\u0301".repeat(limits.topicBytes / 2)} `;
    const made = await soon(chat.createRoom({ room, topic }));
    assertEquals([made.room, made.topic], [room.normalize("NFC"), topic.normalize("NFC").trim()]);
  });

  Deno.test(`sdk over ${door}: a name that nobody can have, and a token that is none, are refused, and not tried for ever`, async () => {
    await using server = await serve(door);
    for (const name of ["a\ud800", "x".repeat(limits.nameBytes + 1), "x".repeat(600_000)]) {
      assertEquals((await refusal(connect(server.address, { name }))).code, "INVALID_ARGUMENT");
    }
    for (const token of ["a\ud800", "ü€", "a\nb", "x".repeat(600_000)]) {
      for (const name of ["ann", ""]) {
        assertEquals((await refusal(connect(server.address, { name, token }))).code, "UNAUTHENTICATED");
      }
    }
  });

  const half = ["half a character", "a\ud800", "INVALID_ARGUMENT", "Cannot read the message: "] as const;
  const huge = [
    "600 KB",
    "x".repeat(600_000),
    "UNAVAILABLE",
    "Cannot tell whether it was done: 10 ",
  ] as const;
  for (const [what, instead, code, begins] of [half, huge]) {
    Deno.test(`P7 honest: sdk over ${door}: a command that no server can read (${what}) is answered or given up, and stops no other`, async () => {
      await using server = await serve(door);
      await using chat = await connectOver(poisoned(server.transport, "poison", instead), {
        name: "ann",
        depth: 4,
        timing,
      });
      const sends = (from: number) =>
        Array.from({ length: 8 }, (_, i) => chat.send({ text: `${from + i}` }).then(({ seq }) => seq));
      const before = sends(1);
      const answers = Promise.all([
        refusal(chat.send({ text: "poison" })),
        refusal(chat.describeRoom({ room: "poison" })),
      ]);
      const after = sends(9);
      for (const error of await answers) {
        assertEquals(error.code, code);
        assert(error.message.startsWith(begins), error.message);
      }
      const seqs = Array.from({ length: 16 }, (_, i) => i + 1);
      assertEquals(await soon(Promise.all([...before, ...after])), seqs);
      assertEquals(await stored(chat), seqs.map(String));
    });
  }
}
