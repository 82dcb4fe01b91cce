import { assert, assertEquals } from "@std/assert";
import { FrameSocket, grpcClient, RawSocket, send, serveChat, serveWeb, Stream } from "./harness.ts";

Deno.test("P2 ordered: both doors show the same messages in the same order", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  using client = grpcClient(chat.port);
  using stream = new Stream(client, { username: "reader" });
  await using tutorial = await RawSocket.connect(`ws://127.0.0.1:${web.port}/ws/ann`);
  await using browser = await FrameSocket.connect(web.port);
  await browser.ask({ open: { username: "bob" } });
  await browser.ask({ follow: {} });
  await Promise.all([
    ...Array.from({ length: 20 }, (_, i) => send(client, { username: "bot", message: `bot ${i}` })),
    ...Array.from({ length: 20 }, (_, i) => browser.ask({ send: { text: `bob ${i}`, clientId: `b${i}` } })),
    ...Array.from({ length: 20 }, (_, i) => Promise.resolve(tutorial.send({ message: `ann ${i}` }))),
  ]);
  const streamed = (await stream.count(60)).map(({ message }) => message);
  assertEquals(await browser.count(60), streamed);
  const told = await tutorial.until((received) => received.length >= 60) as { message: string }[];
  assertEquals(told.map(({ message }) => message), streamed);
  assertEquals(
    streamed.filter((text) => text.startsWith("ann")),
    Array.from({ length: 20 }, (_, i) => `ann ${i}`),
  );
  assertEquals(Object.keys(told[0] ?? {}), ["username", "message", "timestamp"]);
  assert(!Number.isNaN(Date.parse(stream.messages[0]?.timestamp ?? "")));
});
