/** The gRPC door: single calls with a token, and what a token adds to the tutorial's two. */
import { assertEquals } from "@std/assert";
import { Metadata } from "@grpc/grpc-js";
import { serviceDefinition } from "../protos/descriptors.ts";
import type { Batch__Output } from "../protos/gen/chat/Batch.ts";
import type { ChatMessage } from "../protos/gen/chat/ChatMessage.ts";
import type { ChatResponse__Output } from "../protos/gen/chat/ChatResponse.ts";
import type { Sent__Output } from "../protos/gen/chat/Sent.ts";
import { limits } from "../protos/limits.ts";
import { grpcClient, send, Stream } from "./doors.ts";
import { serveChat } from "./harness.ts";
import { onLogs } from "./logs.ts";
import { call, type Guest, refusalOf, signInAs } from "./sessions.ts";

onLogs("P6 closed: every call but the tutorial's two and sign-in needs a good token", async (log) => {
  let now = Date.parse("2026-01-31T12:00:00Z");
  await using chat = await serveChat({ ...log, now: () => now });
  using client = grpcClient(chat.port);
  const { token, expires } = await signInAs(client, "Ann");
  assertEquals(Date.parse(expires) - now, limits.tokenMs);
  const calls: [method: string, request: object][] = [
    ["say", { text: "hi" }],
    ["editMessage", { target: 1, text: "ho" }],
    ["deleteMessage", { target: 1 }],
    ["react", { target: 1, emoji: "👍" }],
    ["createRoom", { room: "attic" }],
    ["changeRoom", { room: "attic", topic: "x" }],
    ["listRooms", {}],
    ["describeRoom", {}],
    ["readHistory", { count: 1 }],
    ["markRead", { seq: 1 }],
    ["listPeople", {}],
  ];
  const methods = Object.keys(serviceDefinition("chat.ChatService"));
  const others = ["SendMessage", "StreamMessages", "Session", "SignIn", "SignOut"];
  assertEquals(methods.length, calls.length + others.length, "no call is left out here");
  const [head = "", body = ""] = token.split(".");
  const assertClosed = async (tokens: string[]) => {
    for (const [method, request] of calls) {
      for (const bad of tokens) {
        assertEquals(
          await refusalOf(call(client, method, request, bad)),
          "UNAUTHENTICATED",
          `${method} ${bad}`,
        );
      }
    }
  };
  await assertClosed(["", "x", `${head}.${body}.AAAA`]);
  assertEquals(await refusalOf(call(client, "signOut", { token: "x" })), "UNAUTHENTICATED");
  assertEquals(await refusalOf(call(client, "sendMessage", { message: "hi" }, "x")), "UNAUTHENTICATED");
  now += limits.tokenMs + 1_000;
  await assertClosed([token]);
  using stream = new Stream(client, { username: "reader" });
  assertEquals((await stream.headers).get("chat-head"), ["0"]);
});

onLogs("single calls do what the commands of a session do, and refuse with the same codes", async (log) => {
  await using chat = await serveChat(log);
  using client = grpcClient(chat.port);
  const [ann, bob] = [await signInAs(client, "Ann"), await signInAs(client, "Bob")];
  const as = ({ token }: Guest) => <A>(method: string, request: object) =>
    call<A>(client, method, request, token);
  const said = await as(ann)<Sent__Output>("say", { text: "hi @bob", clientId: "1", person: 77 });
  assertEquals([said.seq, said.duplicate], [1, false]);
  assertEquals(await as(ann)("say", { text: "hi @bob", clientId: "1" }), { ...said, duplicate: true });
  assertEquals((await as(ann)<Sent__Output>("editMessage", { target: 1, text: "hello" })).seq, 2);
  assertEquals((await as(bob)<Sent__Output>("react", { target: 1, emoji: "👍" })).seq, 3);
  assertEquals((await as(bob)<Sent__Output>("say", { text: "yes", replyTo: 1 })).seq, 4);
  const read = (request: object) => as(bob)<Batch__Output>("readHistory", request);
  const page = await read({ count: 10 });
  assertEquals([page.room, page.epoch, page.first, page.events.length], ["lobby", said.epoch, 1, 4]);
  assertEquals(page.events[0]?.message?.text, "hello");
  assertEquals((await read({ before: 3, count: 1 })).events.map(({ seq }) => seq), [2]);
  assertEquals((await as(ann)<Sent__Output>("deleteMessage", { target: 1 })).seq, 5);
  assertEquals((await read({ count: 1 })).events[0]?.message?.text, "");
  assertEquals(await as(bob)("listPeople", {}), { names: [], count: 0 });
  const refused: [Guest, method: string, request: object, code: string][] = [
    [ann, "say", { text: "other", clientId: "1" }, "accepted"],
    [ann, "say", { text: "other", clientId: "x".repeat(65) }, "INVALID_ARGUMENT"],
    [ann, "say", { room: "attic", text: "hi" }, "NOT_FOUND"],
    [bob, "editMessage", { target: 1, text: "mine" }, "FAILED_PRECONDITION"],
    [ann, "editMessage", { target: 4, text: "mine" }, "PERMISSION_DENIED"],
    [ann, "deleteMessage", { target: 4 }, "PERMISSION_DENIED"],
    [ann, "deleteMessage", { target: 99 }, "NOT_FOUND"],
    [ann, "react", { target: 4, emoji: "no" }, "INVALID_ARGUMENT"],
    [ann, "react", { target: 4, emoji: "👍", remove: true }, "NOT_FOUND"],
    [ann, "readHistory", { count: 0 }, "INVALID_ARGUMENT"],
    [ann, "readHistory", { room: "attic", count: 1 }, "NOT_FOUND"],
    [ann, "listPeople", { room: "attic" }, "NOT_FOUND"],
    [ann, "markRead", { seq: 99 }, "INVALID_ARGUMENT"],
  ];
  for (const [who, method, request, code] of refused) {
    assertEquals(await refusalOf(as(who)(method, request)), code, `${method} ${JSON.stringify(request)}`);
  }
});

onLogs(
  "P6 closed: SendMessage with a token speaks as its guest, in any room; without one in the lobby alone",
  async (log) => {
    await using chat = await serveChat(log);
    using client = grpcClient(chat.port);
    const { token } = await signInAs(client, "Ann");
    await call(client, "createRoom", { room: "attic" }, token);
    const sendAs = (message: ChatMessage, token = "") =>
      call<ChatResponse__Output>(client, "sendMessage", message, token);
    assertEquals((await sendAs({ message: "one", room: "attic" }, token)).seq, 2);
    assertEquals((await sendAs({ username: "Ann", message: "two", room: "attic" }, token)).seq, 3);
    assertEquals(await refusalOf(sendAs({ username: "Bob", message: "three" }, token)), "PERMISSION_DENIED");
    assertEquals(
      await refusalOf(sendAs({ username: "Bob", message: "four", room: "attic" })),
      "UNAUTHENTICATED",
    );
    assertEquals(await refusalOf(sendAs({ username: "ann", message: "five" })), "NAME_TAKEN");
    assertEquals((await sendAs({ username: "Bob", message: "six" })).seq, 1);
    const history = await call<Batch__Output>(client, "readHistory", { room: "attic", count: 9 }, token);
    await call(client, "signOut", { token });
    assertEquals(await refusalOf(sendAs({ message: "seven" }, token)), "UNAUTHENTICATED");
    assertEquals((await sendAs({ username: "ann", message: "eight" })).seq, 2, "the name is free");
    assertEquals(history.events.map(({ sender, message }) => [sender, message?.text]), [["Ann", undefined], [
      "Ann",
      "one",
    ], ["Ann", "two"]]);
  },
);

onLogs(
  "P6 closed: StreamMessages gives what can be read, as it is now, and nothing else; other rooms need a token",
  async (log) => {
    await using chat = await serveChat(log);
    using client = grpcClient(chat.port);
    const { token } = await signInAs(client, "Ann");
    const act = <A>(method: string, request: object) => call<A>(client, method, request, token);
    for (const text of ["one", "two", "three", "four"]) await act("say", { text });
    await act("editMessage", { target: 1, text: "first" });
    await act("deleteMessage", { target: 2 });
    await act("react", { target: 3, emoji: "👍" });
    using stream = new Stream(client, { username: "reader" });
    await stream.count(3);
    await act("editMessage", { target: 3, text: "third" });
    await act("deleteMessage", { target: 4 });
    await act("say", { text: "five" });
    assertEquals((await stream.count(4)).map(({ seq, message }) => [seq, message]), [
      [1, "first"],
      [3, "three"],
      [4, "four"],
      [10, "five"],
    ]);
    using late = new Stream(client, { username: "reader", replay: "REPLAY_LAST_N", count: 2 });
    assertEquals((await late.count(2)).map(({ seq, message }) => [seq, message]), [[3, "third"], [
      10,
      "five",
    ]]);

    await act("createRoom", { room: "attic", topic: "tea" });
    await act("say", { room: "attic", text: "up here" });
    using outside = new Stream(client, { username: "reader", room: "attic" });
    assertEquals((await outside.status).metadata.get("chat-code"), ["UNAUTHENTICATED"]);
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${token}`);
    const inside = client.streamMessages({ room: "attic" }, metadata);
    inside.on("error", () => {});
    const first = await new Promise<ChatMessage>((resolve) => inside.once("data", resolve));
    inside.cancel();
    assertEquals([first.username, first.message, first.room, first.seq], ["Ann", "up here", "attic", 2]);
  },
);

Deno.test("P5 bounded: a guest, and a name at its word, has one speed over all calls; others are not held up", async () => {
  await using chat = await serveChat();
  using client = grpcClient(chat.port);
  const { token } = await signInAs(client, "Ann");
  const real = performance.now;
  const still = real.call(performance);
  // No bucket fills meanwhile.
  performance.now = () => still;
  try {
    const count = limits.commandsBurstGrpc + 100;
    const accepted = async (act: () => Promise<unknown>) => {
      const codes = await Promise.all(Array.from({ length: count }, () => refusalOf(act())));
      assertEquals(new Set(codes), new Set(["accepted", "RESOURCE_EXHAUSTED"]));
      return codes.filter((code) => code === "accepted").length;
    };
    const most = limits.commandsBurstGrpc;
    assertEquals(await accepted(() => call(client, "describeRoom", {}, token)), most);
    assertEquals(await accepted(() => call(client, "sendMessage", { username: "bob", message: "hi" })), most);
    assertEquals((await send(client, { username: "cid", message: "all is well" })).seq, most + 1);
  } finally {
    performance.now = real;
  }
});

onLogs(
  "P4 once: two guests who had one name after the other have their own ids, as has a name at its word",
  async (log) => {
    let now = Date.parse("2026-01-31T12:00:00Z");
    await using chat = await serveChat({ ...log, now: () => now });
    using client = grpcClient(chat.port);
    const say = async (token: string) =>
      (await call<Sent__Output>(client, "say", { text: "hi", clientId: "1" }, token)).seq;
    const first = await signInAs(client, "Ann");
    assertEquals([await say(first.token), await say(first.token)], [1, 1]);
    now += limits.guestAwayMs + 1_000;
    const second = await signInAs(client, "Ann");
    assertEquals([await say(second.token), await say(second.token)], [2, 2]);
    await call(client, "signOut", { token: second.token });
    assertEquals((await send(client, { username: "Ann", message: "hi", clientId: "1" })).seq, 3);
  },
);

onLogs(
  "P6 closed: tokens and names outlive a restart: the keys are kept, and the one with the token stays who they are",
  async (log) => {
    let ann: Guest;
    {
      await using chat = await serveChat(log);
      using client = grpcClient(chat.port);
      ann = await signInAs(client, "Ann");
      await call(client, "say", { text: "before" }, ann.token);
    }
    await using chat = await serveChat(log);
    using client = grpcClient(chat.port);
    assertEquals(
      (await call<Sent__Output>(client, "editMessage", { target: 1, text: "after" }, ann.token)).seq,
      2,
    );
    assertEquals((await signInAs(client, "ann", ann.token)).principal.id, ann.principal.id);
    assertEquals(await refusalOf(signInAs(client, "Ann")), "NAME_TAKEN");
  },
);
