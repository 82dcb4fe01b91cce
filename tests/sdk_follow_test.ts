/** What a loop of the client library may count on, on both doors: where it goes on, and how it is left. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { ChatError, type Client, connect, type CursorStore, fileCursor, memoryCursor } from "../sdk/mod.ts";
import { grpcClient } from "./doors.ts";
import { tempFolder } from "./harness.ts";
import { onServers } from "./sdk_doors.ts";
import { call } from "./sessions.ts";

/** What becomes of a promise that has to settle soon. */
async function soon<T>(promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("it does not settle")), 2_000);
  return await Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}

async function say(chat: Client, ...texts: string[]): Promise<void> {
  for (const text of texts) await chat.send({ text });
}

/** A bot's loop: gives each text to its handler, until `last` was dealt with. */
async function bot(
  chat: Client,
  { cursor, handle, last }: {
    cursor: CursorStore;
    handle: (text: string) => void | Promise<void>;
    last: string;
  },
): Promise<void> {
  const dealtWith = new AbortController();
  const { signal } = dealtWith;
  try {
    for await (const told of chat.follow("lobby", { cursor, replay: "ALL", signal })) {
      if (told.is !== "event") continue;
      const { text = "" } = told.event.message ?? {};
      await handle(text);
      if (text === last) dealtWith.abort();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

onServers(
  "P3 complete: sdk: a bot that fails at an event is given it again after a restart, and none that it has dealt with",
  async (server) => {
    await using folder = await tempFolder();
    await using speaker = await connect(server.address, { name: "bob" });
    await say(speaker, "one", "two", "three", "four", "five");
    const begun: string[] = [];
    let token = "";
    let failures = 2;
    const run = async () => {
      await using chat = await connect(server.address, { name: "bot", token });
      token = chat.token;
      const handle = (text: string) => {
        begun.push(text);
        if (text === "three" && failures-- > 0) throw new Error("cannot deal with it");
      };
      await soon(bot(chat, { cursor: fileCursor(folder.file("bot.cursor")), handle, last: "five" }));
    };
    for (let crash = 1; crash <= 2; crash++) {
      assertEquals((await assertRejects(run) as Error).message, "cannot deal with it");
    }
    await run();
    assertEquals(begun, ["one", "two", "three", "three", "three", "four", "five"]);
    await say(speaker, "six");
    await using chat = await connect(server.address, { name: "bot", token });
    const loop = chat.follow("lobby", { cursor: fileCursor(folder.file("bot.cursor")) });
    assertEquals((await loop.next()).value?.is, "begun");
    assertEquals((await loop.next()).value?.cursor.seq, 6, "what was dealt with while the signal aborted");
    await loop.return();
  },
);

onServers(
  "P4 once: sdk: what a bot answered before it failed is stored once, though it is given the event again",
  async (server) => {
    await using speaker = await connect(server.address, { name: "bob" });
    await say(speaker, "one");
    const cursor = memoryCursor();
    let token = "";
    let failures = 2;
    const run = async () => {
      await using chat = await connect(server.address, { name: "bot", token });
      token = chat.token;
      const handle = async (text: string) => {
        if (text !== "one") return;
        await chat.send({ text: "answer", clientId: "answer to one" });
        if (failures-- > 0) throw new Error("failed behind it");
      };
      await soon(bot(chat, { cursor, handle, last: "answer" }));
    };
    await assertRejects(run);
    await assertRejects(run);
    await run();
    assertEquals((await speaker.read({ after: 0 })).events.map(({ message }) => message?.text), [
      "one",
      "answer",
    ]);
  },
);

onServers(
  "P3 complete: sdk: a loop that breaks off is given that event again, unless it has kept the cursor itself",
  async (server) => {
    await using chat = await connect(server.address, { name: "ann" });
    await say(chat, "one", "two", "three");
    const cursor = memoryCursor();
    const first = async ({ keep }: { keep: boolean }) => {
      for await (const told of chat.follow("lobby", { cursor, replay: "ALL" })) {
        if (told.is !== "event") continue;
        if (keep) await cursor.save(told.cursor);
        return told.event.message?.text;
      }
    };
    assertEquals(await first({ keep: false }), "one");
    assertEquals(await first({ keep: true }), "one");
    assertEquals(await first({ keep: true }), "two");
    assertEquals(await first({ keep: false }), "three");
    assertEquals((await cursor.load())?.seq, 2);
  },
);

onServers(
  "P3 complete: sdk: a bot that fails as soon as it has begun misses nothing of what comes then",
  async (server) => {
    await using chat = await connect(server.address, { name: "ann" });
    await say(chat, "before its first time");
    const cursor = memoryCursor();
    await assertRejects(async () => {
      for await (const told of chat.follow("lobby", { cursor })) throw new Error(told.is);
    });
    await say(chat, "one");
    const handled: string[] = [];
    await soon(bot(chat, { cursor, handle: (text) => void handled.push(text), last: "one" }));
    assertEquals(handled, ["one"]);
  },
);

onServers(
  "P3 complete: sdk: what a loop has dealt with while its client was closed does not come again",
  async (server) => {
    const cursor = memoryCursor();
    const chat = await connect(server.address, { name: "ann" });
    await say(chat, "one", "two");
    const handle = (text: string) => text === "one" ? chat.close() : undefined;
    await soon(bot(chat, { cursor, handle, last: "two" }));
    assertEquals((await cursor.load())?.seq, 1);
  },
);

onServers(
  "P3 complete: sdk: a cursor of another room is told as a reset, and nothing is left out",
  async (server) => {
    await using folder = await tempFolder();
    await using chat = await connect(server.address, { name: "ann" });
    for (const room of ["attic", "cellar"]) await chat.createRoom({ room });
    for (const room of ["lobby", "attic", "cellar"]) {
      for (const text of ["one", "two", "three"]) await chat.send({ room, text });
    }
    const seqs = { lobby: [1, 2, 3], attic: [1, 2, 3, 4], cellar: [1, 2, 3, 4] };
    const cursor = fileCursor(folder.file("bot.cursor"));
    const read = async (room: keyof typeof seqs) => {
      const told: (string | number)[] = [];
      for await (const one of chat.follow(room, { cursor, replay: "ALL" })) {
        told.push(one.is === "event" ? one.event.seq : one.is);
        await cursor.save(one.cursor);
        if (one.cursor.seq === seqs[room].length) break;
      }
      return told;
    };
    assertEquals(await soon(read("lobby")), ["begun", ...seqs.lobby]);
    for (const room of ["attic", "lobby", "cellar", "attic"] as const) {
      assertEquals(await soon(read(room)), ["reset", ...seqs[room]]);
    }
  },
);

onServers(
  "P3 complete: sdk: two loops cannot keep their cursors in one file at once",
  async (server) => {
    await using folder = await tempFolder();
    await using chat = await connect(server.address, { name: "ann" });
    await chat.createRoom({ room: "attic" });
    const path = folder.file("bot.cursor");
    const other = `${path.slice(0, path.lastIndexOf("/"))}/./bot.cursor`;
    const loop = chat.follow("lobby", { cursor: fileCursor(path) });
    assertEquals((await loop.next()).value?.is, "begun");
    for (const cursor of [fileCursor(path), fileCursor(other)]) {
      const error = await assertRejects(() => soon(chat.follow("attic", { cursor }).next()));
      assertInstanceOf(error, ChatError);
      assertEquals(error.code, "FAILED_PRECONDITION");
      assert(error.message.startsWith("Cannot keep the cursor in "), error.message);
    }
    await say(chat, "one");
    assertEquals((await soon(loop.next())).value?.cursor.seq, 1);
    await loop.return();
    const again = chat.follow("attic", { cursor: fileCursor(path) });
    assertEquals((await soon(again.next())).value?.is, "reset", "the file is free again");
    await again.return();
    const nowhere = () => chat.follow("lobby", { cursor: fileCursor(folder.file("none/bot.cursor")) }).next();
    for (let i = 0; i < 2; i++) {
      assertEquals((await assertRejects(() => soon(nowhere())) as NodeJS.ErrnoException).code, "ENOENT");
    }
  },
);

onServers(
  "P3 complete: sdk: what is left of a first replay after a restart is still told as replayed",
  async (server) => {
    await using folder = await tempFolder();
    await using chat = await connect(server.address, { name: "ann" });
    await say(chat, "one", "two", "three");
    const told: [string | undefined, boolean][] = [];
    const run = async (last: string) => {
      const cursor = fileCursor(folder.file("bot.cursor"));
      for await (const one of chat.follow("lobby", { cursor, replay: { last: 2 } })) {
        if (one.is !== "event") continue;
        told.push([one.event.message?.text, one.replayed]);
        await cursor.save(one.cursor);
        if (one.event.message?.text === last) return;
      }
    };
    await soon(run("two"));
    await say(chat, "four");
    await soon(run("four"));
    await say(chat, "five");
    await soon(run("five"));
    assertEquals(told, [["two", true], ["three", true], ["four", false], ["five", false]]);
  },
);

onServers(
  "P3 complete: sdk: a room's name may come decomposed, as a file system gives it",
  async (server) => {
    await using chat = await connect(server.address, { name: "ann" });
    const [composed, decomposed] = ["caf\u00e9", "cafe\u0301"];
    await chat.createRoom({ room: composed });
    await chat.send({ room: decomposed, text: "hello" });
    const loop = chat.follow(decomposed, { replay: "ALL" });
    const kinds = [];
    for (let i = 0; i < 3; i++) {
      const { value } = await soon(loop.next());
      kinds.push(value?.is === "event" ? Object.keys(value.event).at(-1) : value?.is);
    }
    assertEquals(kinds, ["begun", "settings", "message"]);
    const again = await assertRejects(() => chat.follow(composed).next());
    assertEquals((again as ChatError).code, "FAILED_PRECONDITION", "it is the same room");
    await loop.return();
  },
);

onServers("sdk: a loop that waits can be left, and the room be followed again at once", async (server) => {
  await using chat = await connect(server.address, { name: "ann" });
  const loop = chat.follow();
  await loop.next();
  const waiting = loop.next();
  assertEquals(await soon(loop.return()), { done: true, value: undefined });
  assertEquals(await soon(waiting), { done: true, value: undefined });
  {
    await using again = chat.follow();
    assertEquals((await again.next()).value?.is, "begun");
    void again.next();
  }
  const unused = chat.follow();
  assertEquals((await soon(unused.return())).done, true);
  const last = chat.follow();
  assertEquals((await last.next()).value?.is, "begun");
  const left = last.next();
  const why = new Error("thrown in");
  assertEquals(await soon(assertRejects(() => last.throw(why))), why);
  assertEquals((await left).done, true);
});

onServers(
  "P6 closed: sdk: a client whose token was signed out elsewhere ends, and says so",
  async (server) => {
    await using chat = await connect(server.address, { name: "ann" });
    const loop = chat.follow();
    await loop.next();
    const waiting = soon(loop.next()).catch((error) => error);
    using raw = grpcClient(server.chatPort);
    await call(raw, "signOut", { token: chat.token });
    const why = await soon(chat.closed());
    assertInstanceOf(why, ChatError);
    assertEquals(why.code, "UNAUTHENTICATED");
    assert(why.message.includes("signed out"), why.message);
    assertEquals(await waiting, why);
    assertEquals(await assertRejects(() => chat.send({ text: "too late" })), why);
    assertEquals(chat.connection, { is: "closed", why });
  },
);
