/** The client library against real servers, on both doors, over a network that is cut. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { limits } from "../protos/limits.ts";
import { type Client, connect, fileCursor, type RoomEvent, type Told } from "../sdk/mod.ts";
import { dice } from "./chaos/dice.ts";
import { calm, clear, Proxy } from "./chaos/proxy.ts";
import { pause, until } from "./chaos/wait.ts";
import { serveChat, spawn, tempFolder } from "./harness.ts";
import type { TestLog } from "./logs.ts";
import { type Door, doors, onDoors } from "./sdk_doors.ts";

const timing = { firstMs: 10, mostMs: 100 };

/** A server with both doors, and a network between it and those who come to one of them. */
async function serve(
  door: Door,
  log?: TestLog,
): Promise<AsyncDisposable & { address: string; proxy: Proxy; chatPort: number }> {
  const stack = new AsyncDisposableStack();
  const chat = stack.use(await serveChat(log));
  // In a process of its own: a connection that is reset during its handshake leaves something open in Deno.serve.
  const env = { CHAT_ADDRESS: `localhost:${chat.port}` };
  const port = door === "grpc" ? chat.port : stack.use(await spawn("web", { env })).port;
  const proxy = stack.use(await Proxy.start(() => port, { random: dice(1) }));
  return {
    address: `${door}://127.0.0.1:${proxy.port}`,
    proxy,
    chatPort: chat.port,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function textOf({ message }: RoomEvent): string {
  return message?.text ?? "";
}

/** Reads a room's texts until there are so many. */
async function texts(chat: Client, count: number, room = "lobby"): Promise<string[]> {
  const seen: string[] = [];
  for await (const told of chat.follow(room, { replay: "ALL" })) {
    if (told.is === "event") seen.push(textOf(told.event));
    if (seen.length >= count) break;
  }
  return seen;
}

onDoors(
  "P4 once: sdk: sends over a network that is cut again and again are stored once, in order, and answered",
  async (door, log) => {
    await using server = await serve(door, log);
    const states: string[] = [];
    await using chat = await connect(server.address, {
      name: "ann",
      timing,
      onConnection: ({ is }) => states.push(is),
    });
    const said = Array.from({ length: 300 }, (_, i) => `message ${i}`);
    const cutting = (async () => {
      for (let cut = 0; cut < 5; cut++) {
        await pause(30);
        server.proxy.cut({ reset: cut % 2 === 0 });
      }
    })();
    const sents: number[] = [];
    for (let i = 0; i < said.length; i += 30) {
      const sent = await Promise.all(said.slice(i, i + 30).map((text) => chat.send({ text })));
      sents.push(...sent.map(({ seq }) => seq));
      await pause(15);
    }
    await cutting;
    assertEquals(sents, said.map((_, i) => i + 1));
    await using other = await connect(server.address, { name: "bob", timing });
    assertEquals(await texts(other, said.length), said);
    assert(states.includes("waiting"), "it was cut off");
  },
);

onDoors(
  "P3 complete: sdk: a reader over a network that is cut again and again has each event once, in order",
  async (door, log) => {
    await using server = await serve(door, log);
    await using speaker = await connect(`grpc://127.0.0.1:${server.chatPort}`, { name: "bob", timing });
    await using chat = await connect(server.address, { name: "ann", timing });
    const seen: Told[] = [];
    const reading = (async () => {
      for await (const told of chat.follow("lobby", { replay: "ALL" })) {
        seen.push(told);
        if (seen.length === 401) break;
      }
    })();
    await until(() => seen.length === 1, "the beginning");
    for (let i = 0; i < 20; i++) {
      await Promise.all(Array.from({ length: 20 }, (_, j) => speaker.send({ text: `${i * 20 + j}` })));
      if (i % 4 === 1) server.proxy.cut({ reset: i % 8 === 1 });
      await pause(15);
    }
    await reading;
    assertEquals(seen.map(({ is }) => is), ["begun", ...Array.from({ length: 400 }, () => "event")]);
    assertEquals(seen.map(({ cursor }) => cursor.seq), seen.map((_, i) => i));
  },
);

onDoors(
  "P3 complete: sdk: a bot that restarts gets what it missed, and never runs an old command again",
  async (door, log) => {
    await using server = await serve(door, log);
    await using folder = await tempFolder();
    await using speaker = await connect(`grpc://127.0.0.1:${server.chatPort}`, { name: "bob", timing });
    const say = (...texts: string[]) => Promise.all(texts.map((text) => speaker.send({ text })));
    const cursor = fileCursor(folder.file("bot.cursor"));
    let token = "";
    const run = async (until: string) => {
      const ran: string[] = [];
      await using bot = await connect(server.address, { name: "bot", token, timing });
      token = bot.token;
      for await (const told of bot.follow("lobby", { cursor })) {
        if (told.is === "begun" && ran.length === 0 && until === "nothing") return ran;
        if (told.is === "event") ran.push(textOf(told.event));
        if (ran.at(-1) !== until) continue;
        await cursor.save(told.cursor);
        break;
      }
      return ran;
    };
    await say("before its first time");
    assertEquals(await run("nothing"), []);
    await say("one", "two");
    assertEquals(await run("one"), ["one"]);
    await say("three");
    assertEquals(await run("three"), ["two", "three"]);
  },
);

onDoors("sdk: all that a person can do", async (door, log) => {
  await using server = await serve(door, log);
  await using ann = await connect(server.address, { name: "ann", timing });
  await using bob = await connect(server.address, { name: "bob", timing });
  assertEquals([ann.principal.name, bob.principal.key], ["ann", "bob"]);
  const made = await ann.createRoom({ room: "attic", topic: "old things" });
  assertEquals([made.topic, made.author], ["old things", ann.principal.id]);
  const seen: Told[] = [];
  let roster = { count: 0, typing: [] as readonly string[] };
  const reading = (async () => {
    for await (
      const told of bob.follow("attic", {
        replay: "ALL",
        onRoster: (newest) => roster = newest,
      })
    ) {
      seen.push(told);
    }
  })();
  const room = "attic";
  const hello = await ann.send({ room, text: "hello @bob" });
  const again = await bob.send({ room, text: "hi", replyTo: hello.seq, clientId: "hi" });
  assertEquals(await bob.send({ room, text: "hi", replyTo: hello.seq, clientId: "hi" }), {
    ...again,
    duplicate: true,
  });
  await ann.edit({ room, target: hello.seq, text: "hello, @bob" });
  await bob.react({ room, target: hello.seq, emoji: "👋" });
  await bob.unreact({ room, target: hello.seq, emoji: "👋" });
  await bob.delete({ room, target: again.seq });
  await ann.setTopic({ room, topic: "new things" });
  await until(() => seen.filter(({ is }) => is === "event").length === 8, "eight events");
  const kinds = seen.flatMap((told) => told.is === "event" ? [Object.keys(told.event).at(-1)] : []);
  assertEquals(kinds, [
    "settings",
    "message",
    "message",
    "edited",
    "reacted",
    "unreacted",
    "deleted",
    "settings",
  ]);

  await ann.presence({ room });
  await bob.presence({ room });
  ann.typing({ room });
  await until(() => roster.count === 2 && roster.typing.includes("ann"), "the roster");
  assertEquals(await bob.who({ room }), { names: ["ann", "bob"], count: 2 });
  await ann.presence({ room, gone: true });
  await until(() => roster.count === 1, "ann to be gone");

  await bob.mark({ room, seq: 5 });
  assertEquals((await bob.describeRoom({ room })).read, 5);
  assertEquals((await bob.listRooms()).map(({ room }) => room), ["attic", "lobby"]);
  const page = await bob.read({ room, before: 4, count: 2 });
  assertEquals(page.events.map(({ seq, message }) => [seq, message?.text]), [[2, "hello, @bob"], [3, ""]]);
  await ann.setArchived({ room, archived: true });
  const error = await assertRejects(() => bob.send({ room, text: "too late" }));
  assertEquals((error as { code?: string }).code, "FAILED_PRECONDITION");
  await bob.close();
  await reading;
  assertEquals(await bob.closed(), undefined);
});

for (const door of doors) {
  Deno.test(`sdk over ${door}: a server that goes silent is found out, and left for another connection`, async () => {
    await using server = await serve(door);
    const told: string[] = [];
    await using chat = await connect(server.address, {
      name: "ann",
      timing: { ...timing, heartbeatMs: 100, silenceMs: 400, openingMs: 500 },
      onConnection: (state) => told.push(state.is === "waiting" ? state.why.code : state.is),
    });
    server.proxy.set({ down: { ...clear, held: true } });
    const sending = chat.send({ text: "into the silence" });
    await until(() => told.includes("SILENT"), "the silence to be found");
    server.proxy.set(calm);
    assertEquals((await sending).seq, 1);
    assertEquals((await chat.describeRoom()).head, 1);
  });

  Deno.test(`sdk over ${door}: connecting fails with the code that says why, or when the caller has waited enough`, async () => {
    await using server = await serve(door);
    await using _ = await connect(server.address, { name: "Ann", timing });
    const codeOf = async (options: Parameters<typeof connect>[1]) => {
      const error = await assertRejects(() => connect(server.address, { timing, ...options }));
      return (error as { code?: string }).code;
    };
    assertEquals(await codeOf({ name: "ANN" }), "NAME_TAKEN");
    assertEquals(await codeOf({ name: "a\nb" }), "INVALID_ARGUMENT");
    assertEquals(await codeOf({ token: "no token at all" }), "UNAUTHENTICATED");
    server.proxy.set({ refusing: true });
    const signal = AbortSignal.timeout(200);
    assertEquals(
      await assertRejects(() => connect(server.address, { name: "bob", timing, signal })),
      signal.reason,
    );
  });
}

Deno.test("P5 bounded: sdk: a loop that takes its time is not sent what it has no room for, and misses nothing", async () => {
  await using server = await serve("grpc");
  await using speaker = await connect(`grpc://127.0.0.1:${server.chatPort}`, { name: "bob", timing });
  await using reader = await connect(server.address, { name: "ann", timing });
  const text = "x".repeat(1_000);
  const loop = reader.follow("lobby", { replay: "ALL", readAhead: 100 });
  await loop.next();
  const count = limits.tailEvents + 500;
  for (let i = 0; i < count; i += 100) {
    await Promise.all(Array.from({ length: 100 }, () => speaker.send({ text })));
  }
  await pause(100);
  const { bytesDown } = server.proxy.counts;
  assert(bytesDown < 1_000_000, `${bytesDown} bytes were sent ahead`);
  for (let seq = 1; seq <= count; seq++) assertEquals((await loop.next()).value?.cursor.seq, seq);
  await loop.return();
});

Deno.test("sdk: what cannot be an address, or names nobody, is refused at once; a room is followed once at a time", async () => {
  await using server = await serve("grpc");
  for (const address of ["localhost:50051", "http://localhost:8000", "grpc://", ""]) {
    assertInstanceOf(await assertRejects(() => connect(address, { name: "ann" })), TypeError);
  }
  await assertRejects(() => connect(server.address, {}));
  await using chat = await connect(server.address, { name: "ann", timing });
  const loop = chat.follow();
  await loop.next();
  const error = await assertRejects(() => chat.follow().next());
  assertEquals((error as { code?: string }).code, "FAILED_PRECONDITION");
  await loop.return();
  const again = chat.follow();
  assertEquals((await again.next()).value?.is, "begun");
  await again.return();
});
