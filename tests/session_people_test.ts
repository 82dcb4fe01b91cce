/** Who is on a session, over gRPC: handles, those who sign out, and what is asked for in bulk. */
import { assert, assertEquals } from "@std/assert";
import { type MethodDefinition, status } from "@grpc/grpc-js";
import { Buffer } from "node:buffer";
import { serviceDefinition } from "../protos/descriptors.ts";
import type { ServerFrame__Output as ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { limits } from "../protos/limits.ts";
import { grpcClient } from "./doors.ts";
import { eventually, serveChat } from "./harness.ts";
import { onLogs } from "./logs.ts";
import { call, refusalOf, SessionClient, signInAs } from "./sessions.ts";

onLogs(
  "P6 closed: who signs out is taken off every session at once; one that is left alone ends, another lives on",
  async (log) => {
    await using chat = await serveChat(log);
    using client = grpcClient(chat.port);
    using alone = await SessionClient.join(client, "Ann");
    const { token } = alone.guest;
    using gateway = await SessionClient.join(client, "Bob");
    const ann = (await gateway.ask({ open: { token } })).opened?.person ?? 0;
    await gateway.ask({ follow: {} });
    await gateway.ask({ presence: { person: ann } });
    await gateway.until(() => gateway.roster()?.names.includes("Ann") ?? false, "Ann in the lobby");
    const began = performance.now();
    await call(client, "signOut", { token });
    assertEquals((await alone.ended).code, status.OK);
    await gateway.until(() => gateway.frames.some(({ closed }) => closed), "that Ann is closed");
    assert(performance.now() - began < 2_000, "within 2 s");
    const [closed] = gateway.frames.flatMap(({ closed }) => closed ? [closed] : []);
    assertEquals([closed?.person, closed?.code], [ann, "UNAUTHENTICATED"]);
    assertEquals(alone.frames.find(({ parting }) => parting)?.parting?.code, "UNAUTHENTICATED");
    assertEquals(alone.frames.find(({ parting }) => parting)?.parting?.retry, false);
    assertEquals(await gateway.refused({ send: { person: ann, text: "still here" } }), "FAILED_PRECONDITION");
    assertEquals((await gateway.ask({ send: { person: 1, text: "hi" } })).sent?.seq, 1);
    await gateway.until(() => gateway.roster()?.count === 0, "nobody in the lobby");
    assertEquals(await gateway.refused({ open: { token } }), "UNAUTHENTICATED");
    assertEquals(await refusalOf(call(client, "say", { text: "still here" }, token)), "UNAUTHENTICATED");
    await signInAs(client, "Ann");
  },
);

Deno.test("person 0 is who came last of those who are here: not one who was refused, nor one who has left", async () => {
  await using chat = await serveChat();
  using client = grpcClient(chat.port);
  using session = await SessionClient.join(client, "Ann");
  const bob = await signInAs(client, "Bob");
  const saidBy = async () => {
    const { sent, refused } = await session.ask({ send: { text: "hi" } });
    if (refused) return refused.code;
    const { page } = await session.ask({ read: { after: Number(sent?.seq) - 1, count: 1 } });
    return page?.events[0]?.sender;
  };
  assertEquals(await session.refused({ open: { token: "none" } }), "UNAUTHENTICATED");
  assertEquals(await saidBy(), "Ann");
  await session.ask({ open: { token: bob.token } });
  assertEquals(await saidBy(), "Bob");
  await session.ask({ close: {} });
  assertEquals(await saidBy(), "Bob", "a close needs a handle");
  await session.ask({ close: { person: 3 } });
  assertEquals(await saidBy(), "Ann");
  await session.ask({ close: { person: 1 } });
  assertEquals(await saidBy(), "FAILED_PRECONDITION");
});

Deno.test("ids that a reply could not repeat are refused", async () => {
  await using chat = await serveChat();
  using client = grpcClient(chat.port);
  using session = await SessionClient.join(client, "Ann");
  session.write({ id: "9007199254740993" as unknown as number, send: { text: "hi" } });
  await session.until(() => session.frames.some(({ refused }) => refused), "the refusal");
  const { id, refused } = session.frames.find(({ refused }) => refused) ?? {};
  assertEquals([id, refused?.code], [0, "INVALID_ARGUMENT"]);
  assertEquals((await session.ask({ send: { text: "ho" } })).sent?.seq, 1, "nothing was stored");
});

Deno.test("what cannot be read is refused under its id, if that can be read, and the session goes on", async () => {
  await using chat = await serveChat();
  using client = grpcClient(chat.port);
  const service = serviceDefinition("chat.ChatService").Session as MethodDefinition<object, ServerFrame>;
  const call = client.makeBidiStreamRequest(
    service.path,
    (bytes: Buffer) => bytes,
    service.responseDeserialize,
  );
  const refused: unknown[] = [];
  call.on("error", () => {});
  call.on("data", ({ id, refused: why }: ServerFrame) => why && refused.push([id, why.code]));
  // A send (field 4) of a text (field 4) that is not UTF-8, behind the id 300; then bytes that are nothing at all.
  call.write(Buffer.from([0x08, 0xac, 0x02, 0x22, 0x03, 0x22, 0x01, 0xff]));
  call.write(Buffer.from([0xff, 0xff]));
  await eventually(() => refused.length === 2, { what: "two refusals" });
  assertEquals(refused, [[300, "INVALID_ARGUMENT"], [0, "INVALID_ARGUMENT"]]);
  call.cancel();
});

onLogs("P5 bounded: a room whose making is refused is nowhere", async (log) => {
  await using chat = await serveChat(log);
  using client = grpcClient(chat.port);
  using session = await SessionClient.join(client, "Ann");
  const tutor = (await session.ask({ open: { username: "tutor" } })).opened?.person ?? 0;
  const topic = "x".repeat(limits.topicBytes + 1);
  assertEquals(await session.refused({ createRoom: { person: tutor, room: "a" } }), "UNAUTHENTICATED");
  assertEquals(await session.refused({ createRoom: { person: 1, room: "a", topic } }), "INVALID_ARGUMENT");
  for (const command of [{ follow: { person: 1, room: "a" } }, { presence: { person: 1, room: "a" } }]) {
    assertEquals(await session.refused(command), "NOT_FOUND");
  }
  session.write(
    { id: 10, createRoom: { person: 1, room: "a" } },
    { id: 11, follow: { person: 1, room: "a" } },
    { id: 12, send: { person: 1, room: "a", text: "hi" } },
  );
  assertEquals((await session.reply(12)).sent?.seq, 2, "what is pipelined behind its making is carried out");
  await session.count(2);
});

Deno.test("P5 bounded: long lists count as much as they cost, and others hardly wait for them", async () => {
  await using chat = await serveChat();
  using client = grpcClient(chat.port);
  using bob = await SessionClient.join(client, "Bob");
  using greedy = await SessionClient.join(client, "greedy");
  for (let i = 0; i < limits.roomsBurst; i++) await greedy.ask({ createRoom: { room: `room-${i}` } });
  const asked = 2_000;
  const start = performance.now();
  for (let id = 1; id <= asked; id++) greedy.write({ id, listRooms: { count: 500 } });
  let slowest = 0;
  for (let i = 0; i < 10; i++) {
    const began = performance.now();
    await bob.ask({ send: { text: "hi" } });
    slowest = Math.max(slowest, performance.now() - began);
  }
  await eventually(() =>
    greedy.frames.some(({ id }) => id === asked) || greedy.frames.some((f) => f.parting)
  );
  const given = greedy.frames.filter(({ rooms }) => rooms).length;
  const seconds = (performance.now() - start) / 1_000;
  const allowed = limits.commandsBurstGrpc + seconds * limits.commandsPerSecondGrpc;
  assert(given <= allowed / 11 + 1, `${given} lists of 500 were given in ${seconds.toFixed(1)} s`);
  assert(slowest < 1_000, `a message took ${slowest.toFixed()} ms`);
});
