/** The tutorial's door, `/ws/{username}`: what it takes, what it gives, and who may use it. */
import { assertEquals, assertMatch } from "@std/assert";
import { errors } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import { FrameSocket, grpcClient, RawSocket, send } from "./doors.ts";
import { serveChat, serveWeb } from "./harness.ts";
import { onLogs } from "./logs.ts";

interface Told {
  readonly username?: string;
  readonly message?: string;
  readonly timestamp?: string;
  readonly error?: string;
}

onLogs(
  "tutorial door: joining replays the last 100; bad input is answered, and nobody else notices",
  async (log) => {
    await using chat = await serveChat(log);
    await using web = await serveWeb(chat.port);
    using client = grpcClient(chat.port);
    for (let i = 1; i <= 120; i++) await send(client, { username: "bot", message: `m${i}` });
    const url = `ws://127.0.0.1:${web.port}/ws`;
    await using neighbour = await RawSocket.connect(`${url}/bob`);
    await using ann = await RawSocket.connect(`${url}/${encodeURIComponent("Ann Ä")}`);
    const replay = await ann.until((received) => received.length >= 100) as Told[];
    assertEquals(replay.map(({ message }) => message), Array.from({ length: 100 }, (_, i) => `m${i + 21}`));

    const deep = "[".repeat(50_000) + "]".repeat(50_000);
    const bad = [
      "not json",
      "5",
      "null",
      "[]",
      "{}",
      `{"message":5}`,
      `{"message":null}`,
      `{"message":""}`,
      `{"message":"  "}`,
      `{"message":"\\ud800"}`,
      deep,
      "x".repeat(limits.frameBytes + 1),
      JSON.stringify({ message: "x".repeat(limits.textBytes + 1) }),
    ];
    for (const text of bad) ann.ws.send(text);
    ann.ws.send(new Uint8Array([1, 2, 3]));
    const told = await ann.until((received) => received.length >= 100 + bad.length + 1) as Told[];
    for (const { error } of told.slice(100)) assertMatch(String(error), /^Cannot /);
    ann.send({ message: "still here", username: "somebody else", extra: { ignored: true } });
    const seen = await neighbour.until((received) => received.length >= 101) as Told[];
    assertEquals([seen[100]?.username, seen[100]?.message], ["Ann Ä", "still here"]);
    assertEquals(seen.length, 101);
  },
);

Deno.test("tutorial door: a bad name is told why, and closed with a code that says not to come back", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  for (const name of ["%20", "a%E2%80%AEb", "x".repeat(65), "a%00b"]) {
    await using socket = await RawSocket.connect(`ws://127.0.0.1:${web.port}/ws/${name}`);
    const { code } = await socket.closed;
    assertEquals(code, errors.INVALID_ARGUMENT.close, name);
    assertEquals((socket.received as Told[]).map(({ error }) => /^Cannot use the name/.test(error ?? "")), [
      true,
    ], name);
  }
});

onLogs(
  "tutorial door: only messages come, each as it is by then, and the replay is the last 100 that are there",
  async (log) => {
    await using chat = await serveChat(log);
    await using web = await serveWeb(chat.port);
    await using bob = await FrameSocket.join(web.port, "bob");
    for (let i = 1; i <= 130; i += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, j) => bob.ask({ send: { text: `m${i + j}` } })));
    }
    await using live = await RawSocket.connect(`ws://127.0.0.1:${web.port}/ws/tom`);
    await live.until((received) => received.length >= 100);
    await bob.ask({ edit: { target: 40, text: "m40, edited" } });
    await bob.ask({ delete: { target: 50 } });
    await bob.ask({ react: { target: 60, emoji: "👍" } });
    await bob.ask({ send: { text: "m131" } });
    const texts = ({ received }: RawSocket) => (received as Told[]).map(({ message }) => message);
    await live.until((received) => received.length >= 101);
    assertEquals(texts(live), Array.from({ length: 101 }, (_, i) => `m${i + 31}`));
    await using late = await RawSocket.connect(`ws://127.0.0.1:${web.port}/ws/tim`);
    await late.until((received) => received.length >= 100);
    const there = Array.from({ length: 101 }, (_, i) => `m${i + 31}`).filter((text) => text !== "m50");
    assertEquals(texts(late), there.map((text) => text === "m40" ? "m40, edited" : text));
  },
);

onLogs(
  "tutorial door: a name that a guest has is refused, and the door stays open to others",
  async (log) => {
    await using chat = await serveChat(log);
    await using web = await serveWeb(chat.port);
    await using _ = await FrameSocket.join(web.port, "ann");
    await using socket = await RawSocket.connect(`ws://127.0.0.1:${web.port}/ws/ANN`);
    assertEquals((await socket.closed).code, errors.NAME_TAKEN.close);
    assertMatch((socket.received as Told[])[0]?.error ?? "", /^Cannot use the name "ANN"/);
    await using other = await RawSocket.connect(`ws://127.0.0.1:${web.port}/ws/tom`);
    other.send({ message: "hello" });
    assertEquals((await other.until((received) => received.length > 0) as Told[])[0]?.message, "hello");
  },
);
