/** The gateway: HTTP without a port, and the two WebSocket doors over real sockets. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { errors } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import { FrameSocket, grpcClient, RawSocket, send, signIn, Stream } from "./doors.ts";
import { eventually, quietPort, serveChat, serveWeb } from "./harness.ts";
import { onLogs } from "./logs.ts";
import { Proxy } from "./chaos/proxy.ts";

interface Told {
  readonly username?: string;
  readonly message?: string;
  readonly timestamp?: string;
  readonly error?: string;
}

Deno.test("P6 closed: a foreign origin is turned away before the upgrade, the page's own and a listed one are not", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port, { origins: ["https://chat.example.org"] });
  const { token } = await signIn(web.port, "ann");
  const authorization = `Bearer ${token}`;
  for (const path of ["/ws", "/ws/tom"]) {
    const url = `ws://127.0.0.1:${web.port}${path}`;
    for (
      const origin of ["https://evil.example", "null", `http://127.0.0.1:1`, `http://localhost:${web.port}`]
    ) {
      await assertRejects(() => RawSocket.connect(url, { headers: { origin, authorization } }));
    }
    for (const origin of ["https://chat.example.org", `http://127.0.0.1:${web.port}`]) {
      await using _ = await RawSocket.connect(url, { headers: { origin, authorization } });
    }
  }
  const foreign = await fetch(`http://127.0.0.1:${web.port}/ws`, {
    headers: { upgrade: "websocket", connection: "upgrade", origin: "https://evil.example" },
  });
  await foreign.body?.cancel();
  assert([400, 403, 426].includes(foreign.status), `${foreign.status}`);
});

onLogs("P2 ordered: both doors show the same messages in the same order", async (log) => {
  await using chat = await serveChat(log);
  await using web = await serveWeb(chat.port);
  using client = grpcClient(chat.port);
  using stream = new Stream(client, { username: "reader" });
  await using tutorial = await RawSocket.connect(`ws://127.0.0.1:${web.port}/ws/ann`);
  await using browser = await FrameSocket.join(web.port, "bob");
  await browser.ask({ follow: {} });
  await Promise.all([
    ...Array.from({ length: 20 }, (_, i) => send(client, { username: "bot", message: `bot ${i}` })),
    ...Array.from({ length: 20 }, (_, i) => browser.ask({ send: { text: `bob ${i}`, clientId: `b${i}` } })),
    ...Array.from({ length: 20 }, (_, i) => Promise.resolve(tutorial.send({ message: `ann ${i}` }))),
  ]);
  const streamed = (await stream.count(60)).map(({ message }) => message);
  assertEquals(await browser.count(60), streamed);
  const told = await tutorial.until((received) => received.length >= 60) as Told[];
  assertEquals(told.map(({ message }) => message), streamed);
  assertEquals(
    streamed.filter((text) => text.startsWith("ann")),
    Array.from({ length: 20 }, (_, i) => `ann ${i}`),
  );
  assertEquals(Object.keys(told[0] ?? {}), ["username", "message", "timestamp"]);
});

Deno.test("P5 bounded: a gateway follows the room once, however many browsers are in it", async () => {
  await using chat = await serveChat();
  await using between = await Proxy.start(() => chat.port, { random: Math.random });
  await using web = await serveWeb(between.port);
  using client = grpcClient(chat.port);
  const browsers = await Promise.all(Array.from({ length: 40 }, () => FrameSocket.connect(web.port)));
  await Promise.all(browsers.map((browser) => browser.ask({ follow: {} })));
  const text = "x".repeat(1_000);
  for (let i = 0; i < 50; i++) await send(client, { username: "bot", message: text });
  for (const browser of browsers) assertEquals((await browser.count(50)).length, 50);
  assertEquals(between.counts.connections, 1);
  assert(
    between.counts.bytesDown < 2 * 50 * 1_000,
    `${between.counts.bytesDown} bytes for 50 messages of 1,000`,
  );
  for (const browser of browsers) await browser[Symbol.asyncDispose]();
});

Deno.test("/ws: bad frames are refused by id with a code, and the socket goes on", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  await using browser = await FrameSocket.connect(web.port);
  const code = async (command: object) => (await browser.ask(command)).refused?.code;
  assertEquals(await code({ send: { text: "nobody is open" } }), "FAILED_PRECONDITION");
  assertEquals(await code({ follow: { room: "attic" } }), "FAILED_PRECONDITION");
  assertEquals(await code({ read: { room: "attic", count: 1 } }), "FAILED_PRECONDITION");
  assertEquals(await code({ close: {} }), "FAILED_PRECONDITION");
  assertEquals(await code({ open: { username: "ann" } }), "INVALID_ARGUMENT");
  assertEquals(await code({ open: { username: 5 } }), "INVALID_ARGUMENT");
  assertEquals(await code({ open: { token: "of nobody" } }), "UNAUTHENTICATED");
  assertEquals(await code({ open: {} }), undefined);
  assertEquals(await code({ send: { person: 7, text: "not me" } }), "FAILED_PRECONDITION");
  assertEquals(await code({ send: { text: "" } }), "INVALID_ARGUMENT");
  assertEquals(await code({ send: { text: "x".repeat(limits.textBytes + 1) } }), "INVALID_ARGUMENT");
  assertEquals(await code({ send: "text" }), "INVALID_ARGUMENT");
  assertEquals(await code({ follow: { room: "attic" } }), "NOT_FOUND");
  assertEquals(await code({ follow: { replay: "ALL" } }), "INVALID_ARGUMENT");
  assertEquals(await code({ follow: { after: { seq: -1 } } }), "INVALID_ARGUMENT");
  assertEquals(await code({ follow: { after: { seq: 1.5 } } }), "INVALID_ARGUMENT");
  assertEquals(await code({ follow: {}, unfollow: {} }), "INVALID_ARGUMENT");
  assertEquals(await code({ read: { count: 501 } }), "INVALID_ARGUMENT");
  assertEquals(await code({ read: {} }), "INVALID_ARGUMENT");
  assertEquals(await code({ react: { target: 1.5 } }), "INVALID_ARGUMENT");
  assertEquals(await code({ presence: { gone: "no" } }), "INVALID_ARGUMENT");
  assertEquals(
    await code({ changeRoom: { room: "attic", topic: "dust", archived: true } }),
    "INVALID_ARGUMENT",
  );
  assertEquals(await code({ dance: {} }), "UNIMPLEMENTED");
  const strays = [
    "nope",
    "null",
    `"text"`,
    "[[[]]]",
    `{"send":{"text":"no id"}}`,
    `{"id":"x","send":{}}`,
    JSON.stringify(Array.from({ length: limits.framesPerMessage + 1 }, () => ({}))),
    "x".repeat(limits.frameBytes + 1),
  ];
  for (const text of strays) browser.raw.ws.send(text);
  browser.raw.ws.send(new Uint8Array(10));
  const refusals = () =>
    browser.frames.filter(({ id, refused }) => !id && refused?.code === "INVALID_ARGUMENT").length;
  await eventually(() => refusals() === strays.length + 1, { what: "a refusal each" });
  assertEquals((await browser.ask({ send: { text: "fine", clientId: "1" } })).sent?.seq, 1);
});

Deno.test("P5 bounded: more commands at once than may wait are refused, told to retry, and none is lost or out of order", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  await using browser = await FrameSocket.join(web.port, "ann");
  await browser.ask({ follow: {} });
  const asked = Array.from(
    { length: 2_000 },
    (_, i) => browser.ask({ send: { text: `m${i}`, clientId: `${i}` } }),
  );
  const replies = await Promise.all(asked);
  const stored = replies.filter(({ sent }) => sent).length;
  const refused =
    replies.filter((reply) => reply.refused?.code === "RESOURCE_EXHAUSTED" && reply.refused.retry).length;
  assertEquals(stored + refused, 2_000);
  assert(refused > 0, "some had to be refused");
  const texts = await browser.count(stored);
  const accepted = replies.flatMap(({ sent }, i) => sent ? [`m${i}`] : []);
  assertEquals(texts, accepted);
});

onLogs(
  "P3 complete: a browser that resumes gets the rest, also from before the gateway's own tail",
  async (log) => {
    await using chat = await serveChat(log);
    using client = grpcClient(chat.port);
    let epoch = "";
    for (let i = 0; i < 1_500; i += 100) {
      const sent = await Promise.all(
        Array.from(
          { length: 100 },
          (_, j) => send(client, { username: `bot ${j}`, message: `m${i + j + 1}` }),
        ),
      );
      epoch = sent[0]?.epoch ?? "";
    }
    await using web = await serveWeb(chat.port);
    const all = Array.from({ length: 1_500 }, (_, i) => `m${i + 1}`);
    for (const seq of [0, 1, 700, 1_000, 1_499, 1_500]) {
      await using browser = await FrameSocket.connect(web.port);
      const { followed } = await browser.ask({ follow: { replay: "REPLAY_RESUME", after: { epoch, seq } } });
      assertEquals([followed?.after, followed?.head, followed?.recovered], [seq, 1_500, true]);
      assertEquals(await browser.count(1_500 - seq), all.slice(seq));
    }
    await using stranger = await FrameSocket.connect(web.port);
    for (const after of [{ epoch: "other", seq: 5 }, { epoch, seq: 1_501 }]) {
      const { followed } = await stranger.ask({ follow: { replay: "REPLAY_RESUME", after } });
      assertEquals([followed?.after, followed?.recovered], [1_400, false]);
    }
    await using late = await FrameSocket.connect(web.port);
    const since = (await late.ask({ read: { after: 1_200, count: 1 } })).page?.events[0]?.timestamp;
    const { followed } = await late.ask({ follow: { replay: "REPLAY_SINCE", since } });
    assert((followed?.after ?? 1_500) <= 1_200);
  },
);

onLogs(
  "P7 honest: while ChatService is away browsers are told so, what they send waits, and nothing is lost or doubled",
  async (log) => {
    const port = quietPort();
    let chat = await serveChat({ ...log, port });
    await using web = await serveWeb(port);
    await using ann = await FrameSocket.join(web.port, "ann");
    await using tutorial = await RawSocket.connect(`ws://127.0.0.1:${web.port}/ws/tom`);
    const { token } = await signIn(web.port, "late");
    await ann.ask({ follow: {} });
    await ann.ask({ send: { text: "before", clientId: "1" } });
    await chat.close();
    await ann.until((frames) => frames.some(({ link }) => link && !link.up));
    await tutorial.until((received) =>
      (received as Told[]).some(({ error }) => /cannot be reached/.test(error ?? ""))
    );
    // The keys are known: who comes now is told from a stranger, and let in once there is somebody to ask.
    await using late = await FrameSocket.connect(web.port, { token });
    await late.until((frames) => frames.some(({ link }) => link && !link.up));
    const waiting = [2, 3, 4].map((i) => ann.ask({ send: { text: `while away ${i}`, clientId: `${i}` } }));
    tutorial.send({ message: "from the tutorial" });
    const joining = late.ask({ open: {} });
    // Another epoch, so this is a reset as well.
    await log.replace();
    chat = await serveChat({ ...log, port });
    assertEquals((await Promise.all(waiting)).map(({ sent }) => sent?.duplicate), [false, false, false]);
    assertEquals((await joining).opened?.principal?.name, "late");
    const reset = (await ann.until((frames) => frames.some(({ id, followed }) => !id && followed))).find((
      { id, followed },
    ) => !id && followed);
    assertEquals(reset?.followed?.recovered, false);
    await ann.until((frames) =>
      frames.filter(({ batch }) => batch).flatMap(({ batch }) => batch?.events).length >= 5
    );
    const fresh = ann.frames.flatMap(({ batch }) =>
      batch?.epoch === reset?.followed?.epoch ? batch?.events ?? [] : []
    );
    assertEquals(fresh.map(({ seq }) => seq), [1, 2, 3, 4]);
    assertEquals(fresh.filter(({ sender }) => sender === "ann").map(({ message }) => message?.text), [
      "while away 2",
      "while away 3",
      "while away 4",
    ]);
    await chat.close();
  },
);

onLogs("P7 honest: a drained gateway tells browsers to come back after a spread of delays", async (log) => {
  await using chat = await serveChat(log);
  const web = await serveWeb(chat.port);
  const browsers = await Promise.all(Array.from({ length: 10 }, () => FrameSocket.connect(web.port)));
  await browsers[0]?.ask({ open: {} });
  for (let i = 0; i < 100; i++) {
    browsers[0]?.raw.send({ id: 100 + i, send: { text: `m${i}`, clientId: `${i}` } });
  }
  await browsers[0]?.until((frames) => frames.some(({ sent }) => sent));
  await web.close();
  const codes = await Promise.all(browsers.map(async ({ raw }) => (await raw.closed).code));
  using client = grpcClient(chat.port);
  using stream = new Stream(client, { username: "reader" });
  // What was not taken in time is the page's to send again; what was stored must have been answered.
  const answered = browsers[0]?.frames.filter(({ sent }) => sent).length;
  assertEquals(answered, Number((await stream.headers).get("chat-head")[0]));
  const delays = browsers.map(({ frames }) => frames.find(({ parting }) => parting)?.parting?.delayMs ?? -1);
  assert(delays.every((delay) => delay >= 0 && delay <= limits.returnSpreadMs), `${delays}`);
  assert(new Set(delays).size > 3, "spread");
  assert(
    codes.every((code) => code === errors.SHUTTING_DOWN.close || code === 1005 || code === 1006),
    `${codes}`,
  );
});
