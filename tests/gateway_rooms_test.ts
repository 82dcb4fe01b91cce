/** Rooms on `/ws`: followed once and on demand, every kind of event, and all of it across a restart of ChatService. */
import { assert, assertEquals } from "@std/assert";
import { limits } from "../protos/limits.ts";
import { Proxy } from "./chaos/proxy.ts";
import { bearer, FrameSocket, grpcClient } from "./doors.ts";
import { serveParts } from "./gateway_parts.ts";
import { eventually, serveChat, serveWeb } from "./harness.ts";
import { onLogs } from "./logs.ts";
import { signInAs } from "./sessions.ts";

/** What came, without what is the same in every event. */
function told({ events }: FrameSocket): unknown[] {
  return events.map(({ seq, message, edited, deleted, reacted, unreacted, settings }) => ({
    seq,
    ...(message && { message }),
    ...(edited && { edited }),
    ...(deleted && { deleted }),
    ...(reacted && { reacted }),
    ...(unreacted && { unreacted }),
    ...(settings && { settings }),
  }));
}

onLogs(
  "a room is made, listed, described, changed, followed and left, and every kind of event reaches its readers",
  async (log) => {
    await using chat = await serveChat(log);
    await using web = await serveWeb(chat.port);
    await using ann = await FrameSocket.join(web.port, "ann");
    await using bob = await FrameSocket.join(web.port, "bob");
    const code = async (by: FrameSocket, command: object) => (await by.ask(command)).refused?.code;

    assertEquals(await code(ann, { follow: { room: "attic" } }), "NOT_FOUND");
    assertEquals(await code(ann, { read: { room: "attic", count: 1 } }), "NOT_FOUND");
    assertEquals(await code(ann, { follow: { room: "No Such Name" } }), "INVALID_ARGUMENT");
    const make = { createRoom: { room: "attic", topic: "old things", clientId: "make" } };
    const made = await ann.ask(make);
    assertEquals([made.room?.room, made.room?.topic, made.room?.creator], ["attic", "old things", "ann"]);
    assertEquals((await ann.ask(make)).room?.room, "attic");
    assertEquals(await code(bob, { createRoom: { room: "attic" } }), "ALREADY_EXISTS");
    assertEquals(await code(bob, { changeRoom: { room: "attic", topic: "mine" } }), "PERMISSION_DENIED");

    for (const one of [ann, bob]) {
      assertEquals((await one.ask({ follow: { room: "attic" } })).followed?.head, 1);
    }
    assertEquals((await ann.ask({ send: { room: "attic", text: "hello @bob" } })).sent?.seq, 2);
    assertEquals((await bob.ask({ send: { room: "attic", text: "hi", replyTo: 2 } })).sent?.seq, 3);
    assertEquals((await ann.ask({ edit: { room: "attic", target: 2, text: "hello" } })).sent?.seq, 4);
    assertEquals(await code(bob, { edit: { room: "attic", target: 2, text: "no" } }), "PERMISSION_DENIED");
    assertEquals((await bob.ask({ react: { room: "attic", target: 2, emoji: "👍" } })).sent?.seq, 5);
    assertEquals(
      (await bob.ask({ react: { room: "attic", target: 2, emoji: "👍", remove: true } })).sent?.seq,
      6,
    );
    assertEquals((await ann.ask({ delete: { room: "attic", target: 2 } })).sent?.seq, 7);
    assertEquals((await ann.ask({ changeRoom: { room: "attic", archived: true } })).room?.archived, true);
    assertEquals(await code(bob, { send: { room: "attic", text: "too late" } }), "FAILED_PRECONDITION");
    for (const one of [ann, bob]) {
      await one.until(() => one.events.length >= 8);
      assertEquals(one.events.map(({ seq }) => seq), [1, 2, 3, 4, 5, 6, 7, 8]);
      assertEquals(one.events.map(({ sender }) => sender), [
        "ann",
        "ann",
        "bob",
        "ann",
        "bob",
        "bob",
        "ann",
        "ann",
      ]);
      assertEquals(told(one).slice(1, 7), [
        { seq: 2, message: { text: "hello @bob", mentions: ["bob"] } },
        { seq: 3, message: { text: "hi", replyTo: 2 } },
        { seq: 4, edited: { target: 2, text: "hello" } },
        { seq: 5, reacted: { target: 2, emoji: "👍" } },
        { seq: 6, unreacted: { target: 2, emoji: "👍" } },
        { seq: 7, deleted: { target: 2 } },
      ]);
    }
    // Whoever comes later is given no text that is gone.
    await using late = await FrameSocket.join(web.port, "late");
    await late.ask({ follow: { room: "attic" } });
    await late.until(() => late.events.length >= 8);
    assertEquals(told(late).slice(1, 4), [
      { seq: 2, message: { text: "", deleted: 7 } },
      { seq: 3, message: { text: "hi", replyTo: 2 } },
      { seq: 4, edited: { target: 2, text: "" } },
    ]);

    assertEquals((await bob.ask({ mark: { room: "attic", seq: 7 } })).done, {});
    const described = (await bob.ask({ describeRoom: { room: "attic" } })).room;
    assertEquals([described?.head, described?.read, described?.archived], [8, 7, true]);
    assertEquals((await bob.ask({ listRooms: {} })).rooms?.rooms.map(({ room }) => room), ["lobby"]);
    assertEquals(
      (await bob.ask({ listRooms: { archived: true, count: 1 } })).rooms?.rooms.map(({ room }) => room),
      [
        "attic",
      ],
    );
    assertEquals((await ann.ask({ unfollow: { room: "attic" } })).done, {});
    await bob.ask({ delete: { room: "attic", target: 3 } });
    await bob.until(() => bob.events.length >= 9);
    assertEquals(ann.events.length, 8, "who has left is told nothing");
  },
);

onLogs("what is pipelined is done in its order: open, follow, send, unfollow", async (log) => {
  await using chat = await serveChat(log);
  await using web = await serveWeb(chat.port);
  await using maker = await FrameSocket.join(web.port, "maker");
  await maker.ask({ createRoom: { room: "attic" } });
  await using ann = await FrameSocket.connect(web.port, { name: "ann" });
  const commands = [
    { open: {} },
    { follow: { room: "attic" } },
    { send: { room: "attic", text: "one", clientId: "1" } },
    { send: { room: "attic", text: "two", clientId: "2" } },
    { follow: {} },
    { unfollow: {} },
  ];
  ann.raw.send(commands.map((command, i) => ({ id: 101 + i, ...command })));
  await ann.until((frames) => commands.every((_, i) => frames.some(({ id }) => id === 101 + i)));
  const reply = (id: number) => ann.frames.find((frame) => frame.id === id);
  assertEquals([reply(103)?.sent?.seq, reply(104)?.sent?.seq, reply(106)?.done], [2, 3, {}]);
  assertEquals(reply(105)?.refused?.code, "UNAVAILABLE", "the follow was taken back before it was answered");
  await ann.until(() => ann.events.length >= 3);
  await maker.ask({ send: { text: "in the lobby" } });
  await maker.ask({ send: { room: "attic", text: "three" } });
  await ann.until(() => ann.events.length >= 4);
  assertEquals(ann.texts.slice(1), ["one", "two", "three"]);
});

Deno.test("P5 bounded: a room is followed once for many browsers, kept for a while after the last one, and then forgotten", async () => {
  await using chat = await serveChat();
  await using between = await Proxy.start(() => chat.port, { random: Math.random });
  await using web = await serveParts(between.port, { roomIdleMs: 300 });
  await using maker = await FrameSocket.join(web.port, "maker");
  await maker.ask({ createRoom: { room: "attic" } });
  const browsers = await Promise.all(
    Array.from({ length: 30 }, (_, i) => FrameSocket.join(web.port, `b${i}`)),
  );
  await Promise.all(browsers.map((browser) => browser.ask({ follow: { room: "attic" } })));
  const before = between.counts.bytesDown;
  const text = "x".repeat(1_000);
  for (let i = 0; i < 50; i++) await maker.ask({ send: { room: "attic", text } });
  for (const browser of browsers) await browser.until(() => browser.events.length === 51);
  const back = between.counts.bytesDown - before;
  assert(back < 2 * 50 * 1_000, `${back} bytes for 50 messages of 1,000`);
  assertEquals(web.bridge.roomCount, 2);

  for (const browser of browsers) await browser[Symbol.asyncDispose]();
  await eventually(() => web.bridge.roomCount === 1, { what: "the room to be forgotten" });
  const idle = between.counts.bytesDown;
  for (let i = 0; i < 20; i++) await maker.ask({ send: { room: "attic", text } });
  assert(between.counts.bytesDown - idle < 20 * 1_000, "ChatService does not send it any more");
  await using again = await FrameSocket.join(web.port, "again");
  assertEquals((await again.ask({ follow: { room: "attic" } })).followed?.head, 71);
  await again.until(() => again.events.length >= 71);
});

Deno.test("P5 bounded: a browser follows so many rooms and no more, and may go on from one to another", async () => {
  await using chat = await serveChat();
  await using web = await serveParts(chat.port, { roomIdleMs: 60_000 });
  await using ann = await FrameSocket.join(web.port, "ann");
  const rooms = Array.from({ length: limits.roomsPerSession + limits.roomsIdle + 20 }, (_, i) => `room-${i}`);
  using client = grpcClient(chat.port);
  // One person may not make so many at once.
  const makers = await Promise.all(["x", "y", "z"].map((name) => signInAs(client, name)));
  for (const [i, room] of rooms.entries()) {
    await new Promise((resolve, reject) => {
      const metadata = bearer(makers[i % makers.length]?.token ?? "");
      client.createRoom({ room }, metadata, (error, made) => made ? resolve(made) : reject(error));
    });
  }
  for (const [i, room] of rooms.entries()) {
    if (i % 300 === 299) await new Promise((resolve) => setTimeout(resolve, 3_000));
    const { followed, refused } = await ann.ask({ follow: { room, replay: "REPLAY_NONE" } });
    if (i < limits.roomsPerSession) assertEquals(followed?.room, room);
    else {
      assertEquals(refused?.code, "RESOURCE_EXHAUSTED");
      break;
    }
  }
  for (const room of rooms.slice(0, limits.roomsPerSession)) await ann.ask({ unfollow: { room } });
  await new Promise((resolve) => setTimeout(resolve, 4_500));
  for (const room of rooms.slice(limits.roomsPerSession, -20)) {
    await ann.ask({ follow: { room, replay: "REPLAY_NONE" } });
    await ann.ask({ unfollow: { room } });
  }
  assert(web.bridge.roomCount <= limits.roomsIdle + 1, `${web.bridge.roomCount} rooms are held`);
});
