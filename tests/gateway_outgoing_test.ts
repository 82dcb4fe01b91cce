/** What goes out on one WebSocket: together where it can, in order, and counted. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { nextTick } from "node:process";
import { Outgoing } from "../gateway/outgoing.ts";
import { noTraffic } from "../gateway/traffic.ts";
import { limits } from "../protos/limits.ts";
import { FrameSocket, RawSocket } from "./doors.ts";
import { serveChat, serveWeb } from "./harness.ts";

/** A WebSocket whose peer takes nothing. */
class StalledWebSocket {
  readyState: number = WebSocket.OPEN;
  readonly sent: string[] = [];
  bufferedAmount = 0;

  send(text: string): void {
    this.sent.push(text);
    this.bufferedAmount += text.length;
  }
}

function stalled(): { ws: StalledWebSocket; out: Outgoing } {
  const ws = new StalledWebSocket();
  return { ws, out: new Outgoing(ws as unknown as WebSocket, noTraffic()) };
}

const endOfTurn = () => new Promise<void>((resolve) => nextTick(resolve));

Deno.test("frames of one turn of the event loop go as one array, those of the next one behind it", async () => {
  const { ws, out } = stalled();
  // The first turn of a test is not the event loop's yet.
  await new Promise((resolve) => setTimeout(resolve));
  out.gather(`[{"id":1}]`);
  for (let i = 0; i < 20; i++) await Promise.resolve();
  out.gather(`[{"id":2},{"id":3}]`);
  out.send(`[{"id":4}]`);
  assertEquals(ws.sent, []);
  await endOfTurn();
  assertEquals(ws.sent, [`[{"id":1},{"id":2},{"id":3},{"id":4}]`]);
  out.send(`[{"id":5}]`);
  out.gather(`[{"id":6}]`);
  out.flush();
  await endOfTurn();
  assertEquals(ws.sent.slice(1), [`[{"id":5}]`, `[{"id":6}]`]);
});

Deno.test("P2: whatever is sent in whatever way arrives in order, once, and no message grows without bound", async () => {
  const size = fc.constantFrom(1, 100, 10_000, 70_000);
  const step = fc.record({ way: fc.constantFrom("send", "gather", "flush", "waiting", "turn"), size });
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    const { ws, out } = stalled();
    let id = 0;
    for (const { way, size } of steps) {
      if (way === "turn") await endOfTurn();
      else if (way === "flush" || way === "waiting") out[way]();
      else out[way](JSON.stringify([{ id: id++, text: "x".repeat(size) }]));
    }
    await endOfTurn();
    const ids = ws.sent.flatMap((text) => JSON.parse(text)).map(({ id }) => id);
    assertEquals(ids, Array.from({ length: id }, (_, i) => i));
    assert(ws.sent.every((text) => text.length < 70_100));
  }));
});

Deno.test("P5 bounded: what was gathered counts as what the peer has not taken", () => {
  const { ws, out } = stalled();
  const text = JSON.stringify(["x".repeat(30_000)]);
  let given = 0;
  for (; out.hasSpace; given += text.length) out.gather(text);
  assert(given <= limits.socketBufferBytes + text.length, `${given} bytes`);
  assert(ws.bufferedAmount < given, "some is still gathered");
  assertEquals(out.waiting(), ws.bufferedAmount);
  assert(ws.bufferedAmount >= given - ws.sent.length);
});

Deno.test("nothing is sent on a socket that is not open any more", async () => {
  const { ws, out } = stalled();
  out.gather(`[{"id":1}]`);
  ws.readyState = WebSocket.CLOSING;
  out.gather(`[{"id":2}]`);
  await endOfTurn();
  assertEquals(ws.sent, []);
});

Deno.test("one who joins is given the answer, who is there and the replay in one message", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  await using ann = await FrameSocket.join(web.port, "ann");
  for (const text of ["one", "two"]) await ann.ask({ send: { text } });
  const headers = { authorization: `Bearer ${ann.token}` };
  await using bob = await RawSocket.connect(`ws://127.0.0.1:${web.port}/ws`, { headers });
  const messages: string[] = [];
  bob.ws.addEventListener("message", ({ data }) => messages.push(data));
  bob.send([{ id: 1, open: {} }, { id: 2, follow: {} }]);
  await bob.until((all) => all.some((one) => Object.hasOwn(one as object, "batch")));
  const kinds = messages.map((text) => (JSON.parse(text) as object[]).flatMap((frame) => Object.keys(frame)))
    .find((keys) => keys.includes("followed"));
  assertEquals(kinds?.filter((key) => key === "followed" || key === "batch"), ["followed", "batch"]);
});
