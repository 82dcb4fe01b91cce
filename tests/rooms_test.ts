/** Rooms at the gRPC door: made, changed, listed, described, archived, read up to a place. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Chat } from "../chat/chat.ts";
import { openLog } from "../log/open.ts";
import type { ChatError } from "../protos/errors.ts";
import type { Room__Output } from "../protos/gen/chat/Room.ts";
import type { Rooms__Output } from "../protos/gen/chat/Rooms.ts";
import type { Sent__Output } from "../protos/gen/chat/Sent.ts";
import { limits } from "../protos/limits.ts";
import { event, onEngines } from "./engines.ts";
import { grpcClient } from "./doors.ts";
import { serveChat } from "./harness.ts";
import { onLogs } from "./logs.ts";
import { ann, as, bob, chatOn, command, hi, make } from "./playing.ts";
import { call, refusalOf, SessionClient, signInAs } from "./sessions.ts";

onLogs("a room is made, described, changed and archived; only who made it may change it", async (log) => {
  let now = Date.parse("2026-01-31T12:00:00Z");
  await using chat = await serveChat({ ...log, now: () => now });
  using client = grpcClient(chat.port);
  const [ann, bob] = [await signInAs(client, "Ann"), await signInAs(client, "Bob")];
  const room = "tea-room";
  const made = await call<Room__Output>(
    client,
    "createRoom",
    { room, topic: " Green  tea ", clientId: "1" },
    ann.token,
  );
  assertMatch(made.epoch, /^[0-9a-f]{12}\.[0-9a-z]+$/);
  const first = {
    room,
    topic: "Green  tea",
    archived: false,
    epoch: made.epoch,
    head: 1,
    read: 0,
    creator: "Ann",
    created: "2026-01-31T12:00:00.000Z",
    active: "2026-01-31T12:00:00.000Z",
    author: ann.principal.id,
  };
  assertEquals(made, first);
  assertEquals(await call(client, "describeRoom", { room }, bob.token), first);
  assertEquals(
    await call(client, "createRoom", { room, topic: "Green  tea", clientId: "1" }, ann.token),
    first,
    "a repeat",
  );
  assertEquals(
    await refusalOf(call(client, "createRoom", { room, clientId: "2" }, ann.token)),
    "ALREADY_EXISTS",
  );
  assertEquals(await refusalOf(call(client, "createRoom", { room }, bob.token)), "ALREADY_EXISTS");

  now += 60_000;
  const changed = await call<Room__Output>(client, "changeRoom", { room, topic: "Black tea" }, ann.token);
  assertEquals(changed, { ...first, topic: "Black tea", head: 2, active: "2026-01-31T12:01:00.000Z" });
  assertEquals(
    await refusalOf(call(client, "changeRoom", { room, topic: "mine" }, bob.token)),
    "PERMISSION_DENIED",
  );
  assertEquals(await refusalOf(call(client, "changeRoom", { room }, ann.token)), "INVALID_ARGUMENT");
  await call<Sent__Output>(client, "say", { room, text: "hi" }, bob.token);
  const archived = await call<Room__Output>(client, "changeRoom", { room, archived: true }, ann.token);
  assertEquals([archived.archived, archived.topic, archived.head], [true, "Black tea", 4]);
  assertEquals(await refusalOf(call(client, "say", { room, text: "hi" }, bob.token)), "FAILED_PRECONDITION");
  assertEquals((await call<Sent__Output>(client, "deleteMessage", { room, target: 3 }, bob.token)).seq, 5);
  const back = await call<Room__Output>(
    client,
    "changeRoom",
    { room, archived: false, topic: "" },
    ann.token,
  );
  assertEquals(back.head, 6, "of a oneof the last one counts");
  for (const bad of ["Tea", "a--b", "x".repeat(65), "a\u3164", "l\u043Ebby"]) {
    assertEquals(
      await refusalOf(call(client, "createRoom", { room: bad }, ann.token)),
      "INVALID_ARGUMENT",
      bad,
    );
  }
  assertEquals(
    await refusalOf(call(client, "createRoom", { room: "b", topic: "x".repeat(251) }, ann.token)),
    "INVALID_ARGUMENT",
  );
  assertEquals(
    await refusalOf(call(client, "describeRoom", { room: "b" }, ann.token)),
    "NOT_FOUND",
    "nothing was made",
  );
});

onLogs("the lobby is always there, is nobody's, and cannot be made, changed or archived", async (log) => {
  await using chat = await serveChat(log);
  using client = grpcClient(chat.port);
  const { token } = await signInAs(client, "Ann");
  const lobby = await call<Room__Output>(client, "describeRoom", {}, token);
  const nobody = { creator: "", created: "", active: "", author: "" };
  const nothing = { topic: "", archived: false, head: 0, read: 0, ...nobody };
  assertEquals(lobby, { room: "lobby", epoch: lobby.epoch, ...nothing });
  assertEquals(await refusalOf(call(client, "createRoom", { room: "lobby" }, token)), "ALREADY_EXISTS");
  for (const change of [{ archived: true }, { topic: "mine" }]) {
    assertEquals(
      await refusalOf(call(client, "changeRoom", { room: "lobby", ...change }, token)),
      "PERMISSION_DENIED",
    );
  }
  assertEquals(await call(client, "listRooms", {}, token), { rooms: [lobby] });
});

Deno.test("P5 bounded: rooms are made so fast by one, and so fast by all; what is refused is there to be made later", async () => {
  await using log = await openLog("sqlite::memory:");
  await using chat = await chatOn(log);
  let [made, refused] = [0, 0];
  const makeAs = (id: string, count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, i) =>
        chat.write(`${id}-${i}`, command({ kind: "create", topic: "", by: { ...ann, id } })).then(
          () =>
            made++,
          (error) => refused += Number(error.code === "RESOURCE_EXHAUSTED"),
        )),
    );
  await makeAs("a", 2 * limits.roomsBurst);
  assertEquals([made, refused], [limits.roomsBurst, limits.roomsBurst]);
  assertEquals(log.countRooms(), limits.roomsBurst, "the refused ones are not there");
  for (const id of "bcdefghijklm") await makeAs(id, limits.roomsBurst);
  assert(made >= 10 * limits.roomsBurst && made < 11 * limits.roomsBurst, `${made} by many`);
  const { event } = await chat.write("a-0", command({ kind: "send", text: "hi", by: bob }));
  assertEquals(event.seq, 2, "rooms that are there go on");
});

/** All rooms, page by page. */
async function listAll(list: (after: string) => Promise<string[]>): Promise<string[]> {
  const all: string[] = [];
  for (let page = await list(""); page.length > 0; page = await list(all.at(-1) ?? "")) all.push(...page);
  return all;
}

onLogs(
  "rooms are listed by name in pages, each once, the lobby among them whether it was spoken in or not",
  async (log) => {
    await using chat = await serveChat(log);
    using client = grpcClient(chat.port);
    const { token } = await signInAs(client, "Ann");
    const names = ["b", "a", "ｱ", "кухня", "lobbx", "lobbz", "𠀋", "台所", "z"];
    for (const room of names) await call(client, "createRoom", { room }, token);
    await call(client, "changeRoom", { room: "b", archived: true }, token);
    const lists = async () => {
      const list = (count: number, archived: boolean) =>
        listAll(async (after) =>
          (await call<Rooms__Output>(client, "listRooms", { after, count, archived }, token)).rooms.map((
            { room },
          ) => room)
        );
      const visible = await list(0, false);
      for (const count of [1, 2, 3, 500]) {
        assertEquals(
          await list(count, false),
          visible,
          `${count} at a time`,
        );
      }
      assertEquals((await list(2, true)).toSorted(), [...visible, "b"].toSorted());
      return visible;
    };
    const expected = [...names.filter((name) => name !== "b"), "lobby"];
    const silent = await lists();
    assertEquals(silent.toSorted(), expected.toSorted());
    assertEquals(silent.slice(0, 5), ["a", "lobbx", "lobby", "lobbz", "z"]);
    await call(client, "say", { text: "hi" }, token);
    assertEquals(await lists(), silent);
  },
);

onLogs(
  "how far somebody has read is theirs, on all their sessions, never goes back, and survives a restart",
  async (log) => {
    let token = "";
    {
      await using chat = await serveChat(log);
      using client = grpcClient(chat.port);
      using ann = await SessionClient.join(client, "Ann");
      using bob = await SessionClient.join(client, "Bob");
      for (let i = 0; i < 5; i++) await ann.ask({ send: { text: `m${i}` } });
      assert((await ann.ask({ mark: { seq: 4 } })).done);
      assert((await ann.ask({ mark: { seq: 2 } })).done);
      assertEquals(await ann.refused({ mark: { seq: 6 } }), "INVALID_ARGUMENT");
      token = ann.guest.token;
      assertEquals((await call<Room__Output>(client, "describeRoom", {}, token)).read, 4);
      assertEquals((await bob.ask({ describeRoom: {} })).room?.read, 0);
      await call(client, "markRead", { seq: 5 }, bob.guest.token);
      assertEquals((await bob.ask({ listRooms: {} })).rooms?.rooms[0]?.read, 5);
      assertEquals(await refusalOf(call(client, "markRead", { room: "attic", seq: 1 }, token)), "NOT_FOUND");
    }
    await using chat = await serveChat(log);
    using client = grpcClient(chat.port);
    assertEquals((await call<Room__Output>(client, "describeRoom", {}, token)).read, 4);
  },
);

Deno.test("P5 bounded: past the most rooms none can be made; those that are there go on", async () => {
  await using log = await openLog("sqlite::memory:");
  await Promise.all(
    Array.from({ length: limits.rooms }, (_, i) => log.append(`r${i}`, 0, [event(1, { settings: {} })])),
  );
  await using chat = await chatOn(log);
  const code = (writing: Promise<unknown>) => writing.then(() => "accepted", (error) => error.code);
  assertEquals(await code(chat.write("one-more", make)), "RESOURCE_EXHAUSTED");
  assertEquals(await code(chat.write("r7", make)), "ALREADY_EXISTS");
  assertEquals(await code(chat.write("r7", hi)), "accepted");
  const all = await listAll((after) =>
    Promise.resolve(chat.list(ann, { after, count: 500, archived: true }).map(({ room }) => room))
  );
  assertEquals(all.length, limits.rooms + 1);
});

/** More than one, since each may make so many rooms at once. */
const makers = ["a", "b", "c"].map((id) => ({ ...ann, id }));

onEngines("P5 bounded: rooms that nobody uses are let go of, and come back whole", async (open) => {
  await using log = await open();
  await using chat = await chatOn(log);
  const rooms = Array.from({ length: limits.roomsIdle + 50 }, (_, i) => `r${i}`);
  for (const [i, room] of rooms.entries()) {
    await chat.write(room, as(makers[i % makers.length] ?? ann, make, "make"));
  }
  const [first = "", second = ""] = rooms;
  const leave = chat.feed(first).tail.enter();
  const { tail } = chat.feed(first);
  const idle = chat.feed(second).tail;
  for (const room of rooms.slice(2)) await chat.write(room, as(bob, hi));
  assert(chat.feed(first).tail === tail, "a room that is followed is kept");
  assert(chat.feed(second).tail !== idle, "an idle one is not");
  assertEquals((await chat.write(second, hi)).event.seq, 2);
  assertEquals((await chat.feed(second).read(0, 9)).map(({ seq }) => seq), [1, 2]);
  const recent = rooms.slice(-100);
  const tails = recent.map((room) => chat.feed(room).tail);
  await chat.write("one-more", make);
  assert(recent.every((room, i) => chat.feed(room).tail === tails[i]), "no more is let go of than needed");
  leave();
});

Deno.test("P5 bounded: a room that is looked at costs no read of what was said in it, and all tails together have a bound", async () => {
  await using log = await openLog("sqlite::memory:");
  const text = "x".repeat(limits.textBytes);
  const rooms = Array.from({ length: 100 }, (_, i) => `r${i}`);
  for (const room of rooms) {
    await log.append(room, 0, [event(1, { settings: {} }, { author: "guest:a" })]);
    for (let seq = 2; seq < 80; seq++) await log.append(room, seq - 1, [event(seq, { message: { text } })]);
  }
  await using chat = await chatOn(log);
  const began = performance.now();
  for (const room of rooms) assertEquals((await chat.find(room)).tail.base, 79);
  assert(performance.now() - began < 200, "125 MB are not read for that");
  for (const room of rooms) {
    for (let i = 0; i < 170; i++) await log.append(room, 79 + i, [event(80 + i, { message: { text } })]);
    await chat.reach(room, 249);
  }
  const held = rooms.reduce((sum, room) => {
    const { head, base } = chat.feed(room).tail;
    return sum + (head - base) * limits.textBytes;
  }, 0);
  assert(held <= limits.tailsBytes + rooms.length * limits.textBytes, `${held} bytes are held`);
});

onEngines("P1 durable: a log that has lost events is told, and not written to", async (open) => {
  await using log = await open();
  await using chat = await chatOn(log);
  await chat.write("lobby", hi);
  const append = log.append.bind(log);
  log.append = (room, _, events) => append(room, 7, events).then(() => ({ kind: "conflict", head: 0 }));
  const error = await assertRejects(() => chat.write("lobby", as(bob, hi))) as ChatError;
  assertEquals(error.code, "DATA_LOSS");
});

onEngines("P2 ordered: a room that is let go of while people speak in it loses nothing", async (open) => {
  await using log = await open();
  await using chat: Chat & AsyncDisposable = await chatOn(log);
  const rooms = Array.from({ length: limits.roomsIdle * 2 }, (_, i) => `r${i}`);
  for (const [i, room] of rooms.entries()) {
    await chat.write(room, as(makers[i % makers.length] ?? ann, make, "make"));
  }
  const writes = Array.from(
    { length: 4 },
    (_, round) => Promise.all(rooms.map((room) => chat.write(room, as(bob, hi, `${round}`)))),
  );
  await Promise.all(writes);
  for (const room of rooms) {
    assertEquals(log.read(room, 0, 10).map(({ clientId }) => clientId), ["make", "0", "1", "2", "3"]);
    assertEquals(chat.feed(room).tail.head, 5);
  }
});
