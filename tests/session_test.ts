/** Session at the gRPC door: every command, by id, in order, and what is refused. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { status } from "@grpc/grpc-js";
import type { ClientFrame } from "../protos/gen/chat/ClientFrame.ts";
import { grpcClient } from "./doors.ts";
import { eventually, serveChat } from "./harness.ts";
import { onLogs } from "./logs.ts";
import { SessionClient, signInAs } from "./sessions.ts";

onLogs("Session: its metadata tells the log's life and the keys that tokens are signed with", async (log) => {
  await using chat = await serveChat(log);
  using client = grpcClient(chat.port);
  using session = new SessionClient(client);
  const headers = await session.headers;
  assertMatch(String(headers.get("chat-epoch")[0]), /^[0-9a-f]{12}$/);
  const { keys } = JSON.parse(String(headers.get("chat-keys")[0]));
  assertEquals([keys.length, keys[0].crv, "d" in keys[0]], [1, "Ed25519", false]);
});

onLogs(
  "Session: commands are answered by id, sends keep their order, events come in batches",
  async (log) => {
    await using chat = await serveChat(log);
    using client = grpcClient(chat.port);
    using session = new SessionClient(client);
    const { token, principal } = await signInAs(client, "ann");
    session.write({ id: 1, open: { token } }, { id: 2, follow: {} });
    for (let i = 0; i < 300; i++) {
      session.write({ id: 10 + i, send: { person: 1, text: `m${i}`, clientId: `${i}` } });
    }
    session.write({ id: 1000, send: { person: 1, text: "m5", clientId: "5" } });
    assertEquals((await session.reply(1)).opened, { person: 1, principal });
    const { followed } = await session.reply(2);
    assertEquals([followed?.room, followed?.after, followed?.recovered], ["lobby", 0, true]);
    const repeated = (await session.reply(1000)).sent;
    assertEquals([repeated?.seq, repeated?.duplicate], [6, true]);
    const events = await session.count(300);
    assertEquals(events.map(({ message }) => message?.text), Array.from({ length: 300 }, (_, i) => `m${i}`));
    assertEquals(events.map(({ seq }) => seq), Array.from({ length: 300 }, (_, i) => i + 1));
    assertEquals([events[0]?.sender, events[0]?.author, events[0]?.clientId], ["ann", principal.id, "0"]);
    const acks = Array.from({ length: 300 }, (_, i) => session.frames.find(({ id }) => id === 10 + i)?.sent);
    assertEquals(
      acks.map((sent) => [sent?.seq, sent?.timestamp]),
      events.map(({ seq, timestamp }) => [seq, timestamp]),
    );
  },
);

onLogs("P2 ordered: what is sent right behind `open`, before its answer, keeps its order", async (log) => {
  await using chat = await serveChat(log);
  using client = grpcClient(chat.port);
  const { token } = await signInAs(client, "ann");
  for (let round = 0; round < 5; round++) {
    using session = new SessionClient(client);
    session.write({ id: 1, open: { token } });
    for (let i = 0; i < 50; i++) session.write({ id: 10 + i, send: { text: `${round} ${i}` } });
    await session.reply(1);
    for (let i = 50; i < 100; i++) session.write({ id: 10 + i, send: { text: `${round} ${i}` } });
    const seqs: (number | undefined)[] = [];
    for (let i = 0; i < 100; i++) seqs.push((await session.reply(10 + i)).sent?.seq);
    assertEquals(seqs, Array.from({ length: 100 }, (_, i) => round * 100 + i + 1));
  }
});

onLogs(
  "Session: a message is edited, reacted to, replied to and deleted; others are given each as an event",
  async (log) => {
    await using chat = await serveChat(log);
    using client = grpcClient(chat.port);
    using ann = await SessionClient.join(client, "Ann");
    using bob = await SessionClient.join(client, "Bob");
    await bob.ask({ follow: {} });
    const send = { text: "hi @Bob", clientId: "1" };
    assertEquals((await ann.ask({ send })).sent?.seq, 1);
    assertEquals((await bob.ask({ send: { text: "yes?", replyTo: 1 } })).sent?.seq, 2);
    assertEquals((await ann.ask({ edit: { target: 1, text: "hello @Bob", clientId: "2" } })).sent?.seq, 3);
    const like = { target: 1, emoji: "👍" };
    assertEquals((await bob.ask({ react: like })).sent?.seq, 4);
    const again = (await bob.ask({ react: like })).sent;
    assertEquals([again?.seq, again?.duplicate], [4, true]);
    assertEquals((await bob.ask({ react: { ...like, remove: true } })).sent?.seq, 5);
    assertEquals((await ann.ask({ delete: { target: 1 } })).sent?.seq, 6);
    const repeated = (await ann.ask({ delete: { target: 1 } })).sent;
    assertEquals([repeated?.seq, repeated?.duplicate], [6, true]);
    assertEquals((await ann.ask({ send })).sent?.seq, 1, "its id is known, though its text is gone");

    const events = await bob.count(6);
    assertEquals(events.map(({ body }) => body), [
      "message",
      "message",
      "edited",
      "reacted",
      "unreacted",
      "deleted",
    ]);
    assertEquals(events[0]?.message, {
      text: "hi @Bob",
      replyTo: 0,
      mentions: [bob.guest.principal.key],
      edited: 0,
      deleted: 0,
    });
    assertEquals(events[1]?.message?.replyTo, 1);
    assertEquals(events[2]?.edited, { target: 1, text: "hello @Bob", mentions: [bob.guest.principal.key] });
    assertEquals([events[3]?.reacted, events[4]?.unreacted, events[5]?.deleted], [like, like, { target: 1 }]);
    assertEquals([events[3]?.sender, events[3]?.author], ["Bob", bob.guest.principal.id]);

    const { page } = await ann.ask({ read: { count: 10 } });
    assertEquals(page?.events[0]?.message, { text: "", replyTo: 0, mentions: [], edited: 0, deleted: 6 });
    assertEquals(page?.events[2]?.edited?.text, "");
  },
);

onLogs("Session: a page goes forward or back; one that is empty says where it stands", async (log) => {
  await using chat = await serveChat(log);
  using client = grpcClient(chat.port);
  using ann = await SessionClient.join(client, "ann");
  for (let i = 1; i <= 20; i++) ann.write({ id: i, send: { text: `m${i}` } });
  await ann.reply(20);
  const seqs = async (read: NonNullable<ClientFrame["read"]>) => {
    const { page } = await ann.ask({ read });
    return [page?.first, ...page?.events.map(({ seq }) => seq) ?? []];
  };
  assertEquals(await seqs({ after: 3, count: 2 }), [4, 4, 5]);
  assertEquals(await seqs({ after: 18, count: 10 }), [19, 19, 20]);
  assertEquals(await seqs({ after: 20, count: 10 }), [21]);
  assertEquals(await seqs({ before: 4, count: 2 }), [2, 2, 3]);
  assertEquals(await seqs({ before: 3, count: 10 }), [1, 1, 2]);
  assertEquals(await seqs({ before: 1, count: 10 }), [1]);
  assertEquals(await seqs({ before: 9_999, count: 2 }), [19, 19, 20]);
  assertEquals(await seqs({ before: 2 ** 60, after: 7, count: 1 }), [20, 20]);
  for (const count of [0, 501]) assertEquals(await ann.refused({ read: { count } }), "INVALID_ARGUMENT");
});

onLogs("Session: what cannot be done is refused by id with a code, and the session goes on", async (log) => {
  await using chat = await serveChat(log);
  using client = grpcClient(chat.port);
  using session = new SessionClient(client);
  const { token } = await signInAs(client, "ann");
  const cases: [command: ClientFrame, code: string][] = [
    [{ open: { username: "" } }, "INVALID_ARGUMENT"],
    [{ open: { token: "x.y.z" } }, "UNAUTHENTICATED"],
    [{ open: { username: "ANN" } }, "NAME_TAKEN"],
    [{ send: { text: "nobody is open" } }, "FAILED_PRECONDITION"],
    [{ send: { person: 9, text: "hi" } }, "FAILED_PRECONDITION"],
    [{ close: { person: 9 } }, "FAILED_PRECONDITION"],
    [{ follow: { room: "attic" } }, "FAILED_PRECONDITION"],
    [{ follow: { room: "NOT A ROOM" } }, "INVALID_ARGUMENT"],
    [{ follow: { replay: "REPLAY_SINCE", since: "noon" } }, "INVALID_ARGUMENT"],
    [{ unfollow: { room: "NOT A ROOM" } }, "INVALID_ARGUMENT"],
    [{ read: { room: "attic", count: 1 } }, "FAILED_PRECONDITION"],
    [{}, "FAILED_PRECONDITION"],
  ];
  for (const [command, code] of cases) {
    assertEquals(await session.refused(command), code, JSON.stringify(command));
  }

  const { opened } = await session.ask({ open: { token } });
  const person = opened?.person ?? 0;
  const later: [command: ClientFrame, code: string][] = [
    [{ send: { room: "attic", text: "hi" } }, "NOT_FOUND"],
    [{ send: { text: " " } }, "INVALID_ARGUMENT"],
    [{ edit: { target: 1, text: "hi" } }, "NOT_FOUND"],
    [{ delete: { target: 1 } }, "NOT_FOUND"],
    [{ react: { target: 1, emoji: "x" } }, "INVALID_ARGUMENT"],
    [{ follow: { room: "attic" } }, "NOT_FOUND"],
    [{ read: { room: "attic", count: 1 } }, "NOT_FOUND"],
    [{ describeRoom: { room: "attic" } }, "NOT_FOUND"],
    [{ who: { room: "attic" } }, "NOT_FOUND"],
    [{ presence: { room: "attic" } }, "NOT_FOUND"],
    [{ typing: { room: "attic" } }, "NOT_FOUND"],
    [{ mark: { seq: 1 } }, "INVALID_ARGUMENT"],
    [{ createRoom: { room: "lobby" } }, "ALREADY_EXISTS"],
    [{ changeRoom: { room: "attic", topic: "x" } }, "NOT_FOUND"],
    [{}, "UNIMPLEMENTED"],
  ];
  for (const [command, code] of later) {
    assertEquals(await session.refused(command), code, JSON.stringify(command));
  }
  assertEquals((await session.ask({ send: { person, text: "hi" } })).sent?.seq, 1);
  assert((await session.ask({ close: { person } })).done);
  assertEquals(await session.refused({ send: { person, text: "again" } }), "FAILED_PRECONDITION");
  session.write({ send: { text: "no id" } });
  await eventually(() =>
    session.frames.some(({ id, refused }) => id === 0 && refused?.code === "INVALID_ARGUMENT")
  );
  session.write({ heartbeat: {} });
  session.end();
  assertEquals((await session.ended).code, status.OK);
});

onLogs(
  "P6 closed: one who came in under a name at its word reads and speaks in the lobby, and does nothing else",
  async (log) => {
    await using chat = await serveChat(log);
    using client = grpcClient(chat.port);
    using ann = await SessionClient.join(client, "Ann");
    await ann.ask({ createRoom: { room: "attic" } });
    await ann.ask({ send: { room: "attic", text: "among us" } });
    using tutor = new SessionClient(client);
    const { opened } = await tutor.ask({ open: { username: "Tutor" } });
    assertEquals(opened?.principal, { id: "", name: "Tutor", key: "tutor" });
    assertEquals((await tutor.ask({ send: { text: "hi" } })).sent?.seq, 1);
    assertEquals((await tutor.ask({ follow: {} })).followed?.head, 1);
    assertEquals((await tutor.ask({ read: { count: 5 } })).page?.events.length, 1);
    assertEquals((await tutor.ask({ describeRoom: {} })).room?.head, 1);
    const room = "attic";
    const refused: ClientFrame[] = [
      { follow: { room } },
      { read: { room, count: 5 } },
      { read: { room, before: 9, count: 5 } },
      { send: { room, text: "hi" } },
      { describeRoom: { room } },
      { who: { room } },
      { listRooms: {} },
      { createRoom: { room: "cellar" } },
      { changeRoom: { room, topic: "mine" } },
      { edit: { target: 1, text: "ho" } },
      { delete: { target: 1 } },
      { react: { target: 1, emoji: "👍" } },
      { mark: { seq: 1 } },
      { presence: {} },
      { typing: {} },
    ];
    for (const command of refused) {
      assertEquals(await tutor.refused(command), "UNAUTHENTICATED", JSON.stringify(command));
    }
  },
);

onLogs("P6 closed: without a person the lobby can be read, and nothing else", async (log) => {
  await using chat = await serveChat(log);
  using client = grpcClient(chat.port);
  using ann = await SessionClient.join(client, "Ann");
  await ann.ask({ createRoom: { room: "attic" } });
  await ann.ask({ send: { text: "hi" } });
  using nobody = new SessionClient(client);
  assertEquals((await nobody.ask({ follow: {} })).followed?.head, 1);
  assertEquals((await nobody.ask({ read: { count: 5 } })).page?.events.length, 1);
  assertEquals((await nobody.count(1))[0]?.message?.text, "hi");
  const refused: ClientFrame[] = [
    { follow: { room: "attic" } },
    { read: { room: "attic", count: 5 } },
    { send: { text: "hi" } },
    { describeRoom: {} },
    { listRooms: {} },
    { who: {} },
    { mark: { seq: 1 } },
    { presence: {} },
    { typing: {} },
    { react: { target: 1, emoji: "👍" } },
  ];
  for (const command of refused) {
    assertEquals(await nobody.refused(command), "FAILED_PRECONDITION", JSON.stringify(command));
  }
});

onLogs("P6 closed: on a session of many people each acts under their own handle alone", async (log) => {
  await using chat = await serveChat(log);
  using client = grpcClient(chat.port);
  using session = new SessionClient(client);
  const people = await Promise.all(["Ann", "Bob", "Cid"].map((name) => signInAs(client, name)));
  for (const [i, { token }] of people.entries()) session.write({ id: i + 1, open: { token } });
  for (let i = 0; i < 3; i++) assertEquals((await session.reply(i + 1)).opened?.person, i + 1);
  for (const person of [2, 1, 3]) await session.ask({ send: { person, text: `I am ${person}` } });
  await session.ask({ follow: { person: 1 } });
  assertEquals((await session.count(3)).map(({ sender, message }) => [sender, message?.text]), [
    ["Bob", "I am 2"],
    ["Ann", "I am 1"],
    ["Cid", "I am 3"],
  ]);
  assertEquals(await session.refused({ edit: { person: 1, target: 1, text: "taken" } }), "PERMISSION_DENIED");
  await session.ask({ close: { person: 2 } });
  assertEquals(await session.refused({ send: { person: 2, text: "gone" } }), "FAILED_PRECONDITION");
  assertEquals((await session.ask({ send: { person: 1, text: "here" } })).sent?.seq, 4);
});
