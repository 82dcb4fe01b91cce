/** What happens on `/ws` when the gateway loses ChatService: what was asked for is carried out once, and nobody has to ask again. */
import { assert, assertEquals } from "@std/assert";
import { errors } from "../protos/errors.ts";
import { calm, clear, Proxy } from "./chaos/proxy.ts";
import { dice } from "./chaos/dice.ts";
import { FrameSocket, grpcClient, send } from "./doors.ts";
import { serveParts } from "./gateway_parts.ts";
import { eventually, quietPort, serveChat, serveWeb } from "./harness.ts";
import { onLogs } from "./logs.ts";

/** The last roster that a browser was told of a room. */
function rosterOf({ frames }: FrameSocket, room = "lobby") {
  return frames.findLast(({ roster }) => roster?.room === room)?.roster;
}

onLogs(
  "P4 once: commands whose answers were lost with the session are carried out once, in their order",
  async (log) => {
    await using chat = await serveChat(log);
    await using between = await Proxy.start(() => chat.port, { random: dice(1) });
    await using web = await serveWeb(between.port);
    await using ann = await FrameSocket.join(web.port, "ann");
    await using reader = await FrameSocket.join(web.port, "reader");
    await ann.ask({ createRoom: { room: "attic" } });
    await ann.ask({ follow: { room: "attic" } });
    await reader.ask({ follow: { room: "attic" } });
    assertEquals((await ann.ask({ send: { room: "attic", text: "first" } })).sent?.seq, 2);

    // They arrive, and are carried out; the answers are on the way when the connection breaks.
    between.set({ down: { ...clear, held: true } });
    const asked = [
      ann.ask({ send: { room: "attic", text: "second" } }),
      ann.ask({ edit: { room: "attic", target: 2, text: "first, edited" } }),
      ann.ask({ react: { room: "attic", target: 2, emoji: "👍" } }),
      ann.ask({ delete: { room: "attic", target: 2 } }),
      ann.ask({ changeRoom: { room: "attic", topic: "old things" } }),
      ann.ask({ createRoom: { room: "cellar", topic: "wine" } }),
      ann.ask({ mark: { room: "attic", seq: 2 } }),
      ann.ask({ describeRoom: { room: "attic" } }),
      ann.ask({ listRooms: {} }),
      ann.ask({ who: { room: "attic" } }),
      ann.ask({ presence: { room: "attic" } }),
      ann.ask({ typing: { room: "attic" } }),
      ann.ask({ read: { room: "attic", count: 10 } }),
    ];
    await new Promise((resolve) => setTimeout(resolve, 300));
    between.cut({ reset: true });
    between.set(calm);
    const replies = await Promise.all(asked);
    assertEquals(replies.flatMap(({ refused }) => refused ?? []), []);
    assertEquals(replies.slice(0, 4).map(({ sent }) => [sent?.seq, sent?.duplicate]), [
      [3, true],
      [4, true],
      [5, true],
      [6, true],
    ]);
    assertEquals([replies[4]?.room?.topic, replies[5]?.room?.topic], ["old things", "wine"]);
    assertEquals(replies[7]?.room?.read, 2);
    assertEquals(replies[12]?.page?.events.at(0)?.seq, 1);
    for (const one of [ann, reader]) {
      await one.until(() => one.events.length >= 7);
      assertEquals(one.events.map(({ seq }) => seq), [1, 2, 3, 4, 5, 6, 7]);
    }
    await eventually(() => rosterOf(reader, "attic")?.names.includes("ann") === true, {
      what: "ann in the room",
    });
  },
);

onLogs(
  "P7 honest: across a restart of ChatService every room goes on where it was, and people are where they said",
  async (log) => {
    const port = quietPort();
    let chat = await serveChat({ ...log, port });
    await using web = await serveWeb(port);
    await using ann = await FrameSocket.join(web.port, "ann");
    await using bob = await FrameSocket.join(web.port, "bob");
    const rooms = ["attic", "cellar", "lobby"];
    for (const room of rooms.slice(0, 2)) await ann.ask({ createRoom: { room } });
    for (const room of rooms) {
      for (const one of [ann, bob]) {
        await one.ask({ follow: { room, replay: "REPLAY_RESUME" } });
        await one.ask({ presence: { room } });
      }
      await ann.ask({ send: { room, text: `${room} before` } });
    }
    await ann.ask({ presence: { room: "cellar", gone: true } });
    await eventually(() => rosterOf(bob, "cellar")?.count === 1 && rosterOf(bob, "attic")?.count === 2);

    for (let round = 1; round <= 3; round++) {
      await chat.close();
      await bob.until((frames) => frames.filter(({ link }) => link && !link.up).length >= round);
      assertEquals(
        (await ann.ask({ typing: { room: "attic" } })).done,
        {},
        "what may be lost is not waited for",
      );
      assertEquals(rosterOf(bob, "attic")?.count, 2, "what was told last is still shown");
      const rosters = bob.frames.length;
      const asked = rooms.map((room) => ann.ask({ send: { room, text: `${room} ${round}` } }));
      const looked = bob.ask({ listRooms: {} });
      chat = await serveChat({ ...log, port });
      for (const { sent } of await Promise.all(asked)) assertEquals(sent?.duplicate, false);
      assertEquals((await looked).rooms?.rooms.map(({ room }) => room), rooms);
      await eventually(
        () =>
          bob.frames.slice(rosters).some(({ roster }) => roster?.room === "attic" && roster.count === 2) &&
          bob.frames.slice(rosters).some(({ roster }) => roster?.room === "cellar" && roster.count === 1),
        {
          what: "the rosters to be told again",
        },
      );
    }
    for (const room of rooms) {
      for (const one of [ann, bob]) {
        const batches = () => one.frames.flatMap(({ batch }) => batch?.room === room ? batch.events : []);
        const expected = [`${room} before`, ...[1, 2, 3].map((round) => `${room} ${round}`)];
        await eventually(() => batches().length >= expected.length);
        assertEquals(batches().flatMap(({ message }) => message?.text ?? []), expected);
        assertEquals(batches().map(({ seq }) => seq), batches().map((_, i) => i + 1));
      }
    }
    assertEquals(
      ann.frames.filter(({ id, followed }) => followed && id === 0),
      [],
      "nobody had to begin anew",
    );
    await chat.close();
  },
);

onLogs(
  "P3 complete: catching up and paging go on where they were when sessions break under them",
  async (log) => {
    await using chat = await serveChat(log);
    await using between = await Proxy.start(() => chat.port, { random: dice(2) });
    using client = grpcClient(chat.port);
    const count = 6_000;
    for (let i = 0; i < count; i += 200) {
      await Promise.all(
        Array.from(
          { length: 200 },
          (_, j) => send(client, { username: `bot ${j}`, message: "x".repeat(2_000) }),
        ),
      );
    }
    await using web = await serveParts(between.port);
    const readers = await Promise.all(
      Array.from({ length: 5 }, (_, i) => FrameSocket.join(web.port, `reader ${i}`)),
    );
    // A slow way, so that the breaks come while pages are on it.
    between.set({ down: { ...clear, bytesPerSecond: 20_000_000 } });
    const followed = readers.map((reader, i) =>
      reader.ask({ follow: { replay: "REPLAY_LAST_N", count: count - i * 700 } })
    );
    const paged = readers.map((reader) => reader.ask({ read: { after: 100, count: 500 } }));
    for (let i = 0; i < 6; i++) {
      await new Promise((resolve) => setTimeout(resolve, 150));
      between.cut({ reset: i % 2 === 0 });
    }
    await Promise.all(followed);
    for (const [i, reader] of readers.entries()) {
      const first = 1 + i * 700;
      await reader.until(() => reader.events.length > count - first, `all from ${first} on`);
      assertEquals(
        reader.events.map(({ seq }) => seq),
        Array.from({ length: count - first + 1 }, (_, j) => first + j),
      );
      await reader[Symbol.asyncDispose]();
    }
    for (const { page } of await Promise.all(paged)) assertEquals(page?.first, 101);
    assert(between.counts.connections > 3, `${between.counts.connections} sessions`);
  },
);

Deno.test("P6 closed: a person whom a new ChatService does not know is sent away, and told to sign in", async () => {
  const port = quietPort();
  let chat = await serveChat({ port });
  await using web = await serveWeb(port);
  await using ann = await FrameSocket.join(web.port, "ann");
  await chat.close();
  // A log in memory has keys of its own: the old tokens are nobody's.
  chat = await serveChat({ port });
  const { code } = await ann.raw.closed;
  assertEquals(code, errors.UNAUTHENTICATED.close);
  const parting = ann.frames.find(({ parting }) => parting)?.parting;
  assertEquals([parting?.code, parting?.retry], ["UNAUTHENTICATED", false]);
  await using again = await FrameSocket.join(web.port, "ann");
  assert((await again.ask({ send: { text: "here again" } })).sent);
  await chat.close();
});

onLogs(
  "P7 honest: readers of a room that is no longer there are told to come back, and then that there is none",
  async (log) => {
    const port = quietPort();
    let chat = await serveChat({ ...log, port });
    await using web = await serveWeb(port);
    await using ann = await FrameSocket.join(web.port, "ann");
    await ann.ask({ createRoom: { room: "attic" } });
    await ann.ask({ follow: { room: "attic" } });
    await chat.close();
    await log.replace();
    chat = await serveChat({ ...log, port });
    assertEquals((await ann.raw.closed).code, errors.UNAVAILABLE.close);
    await using again = await FrameSocket.connect(web.port, { token: ann.token });
    await again.ask({ open: {} });
    assertEquals((await again.ask({ follow: { room: "attic" } })).refused?.code, "NOT_FOUND");
    await chat.close();
  },
);
