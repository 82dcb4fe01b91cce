/** Session at the gRPC door: following rooms, who is there, and speed. */
import { assert, assertEquals } from "@std/assert";
import { status } from "@grpc/grpc-js";
import { limits } from "../protos/limits.ts";
import { grpcClient, send } from "./doors.ts";
import { serveChat } from "./harness.ts";
import { onLogs } from "./logs.ts";
import { SessionClient, signInAs } from "./sessions.ts";

onLogs(
  "P3 complete: every follow answers with epoch, head and whether it could be resumed, also in a silent room",
  async (log) => {
    await using chat = await serveChat(log);
    using client = grpcClient(chat.port);
    using ann = await SessionClient.join(client, "ann");
    const { followed: silent } = await ann.ask({ follow: { replay: "REPLAY_RESUME" } });
    assertEquals([silent?.room, silent?.head, silent?.after, silent?.recovered], ["lobby", 0, 0, true]);
    for (let i = 1; i <= 150; i++) ann.write({ id: i, send: { text: `m${i}` } });
    await ann.reply(150);
    const epoch = silent?.epoch ?? "";
    assertEquals((await ann.headers).get("chat-epoch"), [epoch]);
    const cases: [asked: object, after: number, recovered: boolean][] = [
      [{}, 50, true],
      [{ replay: "REPLAY_NONE" }, 150, true],
      [{ replay: "REPLAY_LAST_N", count: 3 }, 147, true],
      [{ replay: "REPLAY_LAST_N", count: 10_000 }, 0, true],
      [{ replay: "REPLAY_SINCE", since: "2020-01-01T00:00:00Z" }, 0, true],
      [{ replay: "REPLAY_SINCE", since: "2099-01-01T00:00:00Z" }, 150, true],
      [{ replay: "REPLAY_RESUME", after: { epoch, seq: 140 } }, 140, true],
      [{ replay: "REPLAY_RESUME", after: { epoch, seq: 150 } }, 150, true],
      [{ replay: "REPLAY_RESUME", after: { epoch, seq: 151 } }, 50, false],
      [{ replay: "REPLAY_RESUME", after: { epoch: "other", seq: 140 } }, 50, false],
    ];
    for (const [follow, after, recovered] of cases) {
      using reader = new SessionClient(client);
      const { followed } = await reader.ask({ follow });
      assertEquals(
        [followed?.epoch, followed?.head, followed?.after, followed?.recovered],
        [epoch, 150, after, recovered],
        JSON.stringify(follow),
      );
      const seqs = (await reader.count(150 - after)).map(({ seq }) => seq);
      assertEquals(seqs, Array.from({ length: 150 - after }, (_, i) => after + 1 + i));
    }
  },
);

onLogs(
  "P3 complete: rooms are followed side by side; one that is left gives nothing more, one followed again goes on",
  async (log) => {
    await using chat = await serveChat(log);
    using client = grpcClient(chat.port);
    using ann = await SessionClient.join(client, "ann");
    await ann.ask({ createRoom: { room: "attic", topic: "tea" } });
    await ann.ask({ follow: {} });
    await ann.ask({ follow: { room: "attic" } });
    await ann.ask({ send: { text: "one" } });
    await ann.ask({ send: { room: "attic", text: "two" } });
    await ann.count(3);
    const heard = (room: string) =>
      ann.frames.flatMap(({ batch }) => batch?.room === room ? batch.events : []).map(({ seq }) => seq);
    assertEquals([heard("lobby"), heard("attic")], [[1], [1, 2]]);
    await ann.ask({ unfollow: { room: "attic" } });
    await ann.ask({ send: { room: "attic", text: "three" } });
    await ann.ask({ send: { text: "four" } });
    await ann.until(() => heard("lobby").length === 2, "the lobby goes on");
    assertEquals(heard("attic"), [1, 2]);
    const { room: attic } = await ann.ask({ describeRoom: { room: "attic" } });
    const after = { epoch: attic?.epoch ?? "", seq: 2 };
    await ann.ask({ follow: { room: "attic", replay: "REPLAY_RESUME", after } });
    await ann.until(() => heard("attic").length === 3, "the attic again");
    assertEquals(heard("attic"), [1, 2, 3]);
    assert((await ann.ask({ unfollow: { room: "cellar" } })).done, "what is not followed is left easily");
  },
);

onLogs(
  "who is in a room is told to those who follow it, and is over when a session ends or says so",
  async (log) => {
    await using chat = await serveChat(log);
    using client = grpcClient(chat.port);
    using ann = await SessionClient.join(client, "Ann");
    await ann.ask({ follow: {} });
    await ann.ask({ presence: {} });
    const names = () => ann.roster()?.names ?? [];
    await ann.until(() => names().join() === "Ann", "Ann");
    {
      using bob = await SessionClient.join(client, "Bob");
      await bob.ask({ presence: {} });
      await bob.ask({ follow: {} });
      await bob.until(() => bob.roster()?.names.join() === "Ann,Bob", "one who comes later is told of all");
      await ann.until(() => names().join() === "Ann,Bob", "Bob");
      await bob.ask({ typing: {} });
      await ann.until(() => ann.roster()?.typing.join() === "Bob", "Bob writes");
      await bob.ask({ typing: { stopped: true } });
      await ann.until(() => ann.roster()?.typing.length === 0, "Bob stops");
      assertEquals((await ann.ask({ who: { count: 1 } })).names, { names: ["Ann"], count: 2 });
      assertEquals((await ann.ask({ who: { after: "Ann" } })).names, { names: ["Bob"], count: 2 });
    }
    await ann.until(() => names().join() === "Ann", "Bob is gone with his session");
    await ann.ask({ presence: { gone: true } });
    await ann.until(() => ann.roster()?.count === 0, "Ann is gone");
    assertEquals((await ann.ask({ who: {} })).names, { names: [], count: 0 });
  },
);

onLogs(
  "P6 closed: presence in a room is not told in another; a person off the session is nowhere any more",
  async (log) => {
    await using chat = await serveChat(log);
    using client = grpcClient(chat.port);
    using ann = await SessionClient.join(client, "Ann");
    await ann.ask({ createRoom: { room: "attic" } });
    const { token } = await signInAs(client, "Bob");
    const { opened } = await ann.ask({ open: { token } });
    const bob = opened?.person ?? 0;
    await ann.ask({ follow: { person: 1 } });
    await ann.ask({ presence: { person: 1 } });
    await ann.ask({ presence: { person: bob, room: "attic" } });
    assertEquals((await ann.ask({ who: { person: 1, room: "attic" } })).names?.names, ["Bob"]);
    assertEquals((await ann.ask({ who: { person: 1 } })).names?.names, ["Ann"]);
    await ann.ask({ close: { person: bob } });
    assertEquals((await ann.ask({ who: { person: 1, room: "attic" } })).names?.count, 0);
    assertEquals(ann.frames.some(({ roster }) => roster?.room === "attic"), false);
  },
);

Deno.test("P5 bounded: who goes too fast is refused, then sent away with FLOOD and a delay; their bystanders are not", async () => {
  await using chat = await serveChat();
  using client = grpcClient(chat.port);
  using bystander = await SessionClient.join(client, "bystander");
  using flooder = await SessionClient.join(client, "flooder");
  const burst = limits.commandsBurstGrpc + limits.floodRefusals + 6_000;
  for (let id = 1; id <= burst; id++) flooder.write({ id, describeRoom: {} });
  assertEquals((await flooder.ended).code, status.OK);
  const parting = flooder.frames.find(({ parting }) => parting)?.parting;
  assertEquals([parting?.code, parting?.retry, parting?.delayMs], ["FLOOD", true, limits.floodDelayMs]);
  const codes = flooder.frames.flatMap(({ refused }) => refused ? [refused.code] : []);
  assert(codes.length >= limits.floodRefusals, `${codes.length} were refused`);
  assertEquals(new Set(codes), new Set(["RESOURCE_EXHAUSTED"]));
  assert(flooder.frames.filter(({ room }) => room).length >= limits.commandsBurstGrpc);
  assertEquals((await bystander.ask({ send: { text: "all is well" } })).sent?.seq, 1);
});

Deno.test("P5 bounded: a guest who is too fast on many sockets of a gateway is refused, and the session lives on", async () => {
  await using chat = await serveChat();
  using client = grpcClient(chat.port);
  using gateway = await SessionClient.join(client, "bob");
  const { token } = await signInAs(client, "flooder");
  const sockets = await Promise.all(Array.from({ length: 10 }, () => gateway.ask({ open: { token } })));
  const burst = 0.9 * limits.commandsBurstGrpc * sockets.length;
  for (let id = 1; id <= burst; id++) {
    const person = sockets[id % sockets.length]?.opened?.person ?? 0;
    gateway.write({ id: 1_000 + id, describeRoom: { person } });
  }
  await gateway.reply(1_000 + burst);
  assert(gateway.frames.some(({ refused }) => refused?.code === "RESOURCE_EXHAUSTED"));
  assertEquals(gateway.frames.filter(({ parting }) => parting), []);
  assertEquals((await gateway.ask({ send: { person: 1, text: "all is well" } })).sent?.seq, 1);
});

const floods: Readonly<Record<string, (session: SessionClient, id: number) => void>> = {
  "sends beside an idle person": (session, id) => session.write({ id, describeRoom: { person: 1 } }),
  "acts for nobody": (session, id) => session.write({ id, describeRoom: { person: 99 } }),
  "leaves rooms": (session, id) => session.write({ id, unfollow: {} }),
  "closes people who are not there": (session, id) => session.write({ id, close: { person: 99 } }),
  "gives no ids": (session) => session.write({ describeRoom: {} }),
  "only beats": (session) => session.write({ heartbeat: {} }),
};

for (const [what, act] of Object.entries(floods)) {
  Deno.test(`P5 bounded: a session that ${what} far too fast is sent away with FLOOD`, async () => {
    await using chat = await serveChat();
    using client = grpcClient(chat.port);
    using session = await SessionClient.join(client, "flooder");
    await session.ask({ open: { username: "idle" } });
    const most = 10 * limits.floodRefusals;
    for (let id = 10; id < most && !session.frames.some(({ parting }) => parting); id++) {
      act(session, id);
      // The client's own queue would hold them all.
      if (id % 500 === 0) await new Promise((resolve) => setTimeout(resolve));
    }
    assertEquals((await session.ended).code, status.OK);
    assertEquals(session.frames.find(({ parting }) => parting)?.parting?.code, "FLOOD");
  });
}

onLogs(
  "P3 complete: of two follows at once the last one asked for reads, and every event comes once",
  async (log) => {
    await using chat = await serveChat(log);
    using client = grpcClient(chat.port);
    for (let i = 1; i <= 10; i++) await send(client, { username: "bot", message: `m${i}` });
    using reader = new SessionClient(client);
    reader.write(
      { id: 1, follow: { replay: "REPLAY_LAST_N", count: 10 } },
      { id: 2, follow: { replay: "REPLAY_LAST_N", count: 3 } },
    );
    assertEquals((await reader.reply(2)).followed?.after, 7);
    await send(client, { username: "bot", message: "m11" });
    await reader.until(() => reader.events.at(-1)?.seq === 11, "the newest");
    const second = reader.frames.findIndex(({ id }) => id === 2);
    const since = reader.frames.slice(second).flatMap(({ batch }) => batch?.events ?? []);
    assertEquals(since.map(({ seq }) => seq), [8, 9, 10, 11]);
  },
);
