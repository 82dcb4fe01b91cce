/** Who is here and who writes, on `/ws`. */
import { assert, assertEquals } from "@std/assert";
import { limits } from "../protos/limits.ts";
import { FrameSocket } from "./doors.ts";
import { eventually, serveChat, serveWeb } from "./harness.ts";
import { onLogs } from "./logs.ts";

/** The last roster that a browser was told of a room. */
function rosterOf({ frames }: FrameSocket, room = "lobby") {
  return frames.findLast(({ roster }) => roster?.room === room)?.roster;
}

onLogs(
  "who follows is told who is here and who writes, at once and whenever it changes, also over two gateways",
  async (log) => {
    await using chat = await serveChat(log);
    await using web = await serveWeb(chat.port);
    await using web2 = await serveWeb(chat.port);
    await using ann = await FrameSocket.join(web.port, "ann");
    await using bob = await FrameSocket.join(web2.port, "bob");
    for (const one of [ann, bob]) {
      await one.ask({ follow: {} });
      assertEquals((await one.ask({ presence: {} })).done, {});
    }
    for (const one of [ann, bob]) await eventually(() => rosterOf(one)?.names.join() === "ann,bob");
    assertEquals((await bob.ask({ typing: {} })).done, {});
    await eventually(() => rosterOf(ann)?.typing.join() === "bob");
    await bob.ask({ typing: { stopped: true } });
    await eventually(() => rosterOf(ann)?.typing.length === 0);
    assertEquals((await ann.ask({ who: {} })).names, { names: ["ann", "bob"], count: 2 });

    // Who comes is told what is known, and is not here before they say so.
    await using late = await FrameSocket.join(web.port, "late");
    await late.ask({ follow: {} });
    await eventually(() => rosterOf(late)?.count === 2, { ms: 1_000 });
    assertEquals(rosterOf(late)?.names, ["ann", "bob"]);

    await bob[Symbol.asyncDispose]();
    for (const one of [ann, late]) await eventually(() => rosterOf(one)?.names.join() === "ann");
    await ann.ask({ presence: { gone: true } });
    await eventually(() => rosterOf(late)?.count === 0);
  },
);

Deno.test("P5 bounded: a large room is told as a count and few frames, and its names by the page", async () => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  await using watcher = await FrameSocket.join(web.port, "watcher");
  await watcher.ask({ follow: {} });
  const count = limits.rosterNames + 10;
  const names = Array.from({ length: count }, (_, i) => `guest ${String(i).padStart(3, "0")}`);
  const guests = await Promise.all(names.map((name) => FrameSocket.join(web.port, name)));
  await Promise.all(guests.map((guest) => guest.ask({ presence: {} })));
  await eventually(() => rosterOf(watcher)?.count === count);
  assertEquals(rosterOf(watcher)?.names, []);
  const told = watcher.frames.filter(({ roster }) => roster).length;
  assert(told < 10, `${told} frames for ${count} people`);
  const first = (await watcher.ask({ who: { count: 40 } })).names;
  const rest = (await watcher.ask({ who: { count: 40, after: first?.names.at(-1) } })).names;
  assertEquals([...first?.names ?? [], ...rest?.names ?? []], names);
  for (const guest of guests) await guest[Symbol.asyncDispose]();
});

onLogs("a person is where they are for every socket that they have", async (log) => {
  await using chat = await serveChat(log);
  await using web = await serveWeb(chat.port);
  await using watcher = await FrameSocket.join(web.port, "watcher");
  await watcher.ask({ follow: {} });
  await using ann = await FrameSocket.join(web.port, "ann");
  const other = await FrameSocket.connect(web.port, { token: ann.token });
  await other.ask({ open: {} });
  for (const one of [ann, other]) await one.ask({ presence: {} });
  await eventually(() => rosterOf(watcher)?.names.join() === "ann");
  await other[Symbol.asyncDispose]();
  await new Promise((resolve) => setTimeout(resolve, 2 * limits.rosterMs));
  assertEquals(rosterOf(watcher)?.names, ["ann"], "she is here on the other one");
});
