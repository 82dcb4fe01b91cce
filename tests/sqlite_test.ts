/** What is true of the SQLite file alone: what is left of a deleted text, and files of older versions. */
import { assert, assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { openLog } from "../log/open.ts";
import { event } from "./engines.ts";
import { tempFolder } from "./harness.ts";
import { as, bob, chatOn, hi } from "./playing.ts";

/** Which of the words are somewhere in the bytes of a folder's files. */
async function wordsIn(folder: string, words: readonly string[]): Promise<string[]> {
  const texts: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    texts.push(new TextDecoder("latin1").decode(await Deno.readFile(`${folder}/${name}`)));
  }
  return words.filter((word) => texts.some((text) => text.includes(word)));
}

Deno.test("P6 closed: once the server has ended, no byte of its files has a deleted text, or one that was edited away", async () => {
  await using folder = await tempFolder();
  const kept = "this-stays";
  const words = ["short-secret", "edited-away", "edited-secret", "second-secret", "huge-secret"];
  const [short = "", away = "", edited = "", second = "", huge = ""] = words;
  {
    await using log = await openLog(`sqlite:${folder.file("chat.db")}`);
    const filler = Array.from({ length: 200 }, (_, i) => event(i + 1, { message: { text: `${kept} ${i}` } }));
    await log.append("lobby", 0, filler);
    // One after the other: what is changed within one append never reaches the disk.
    const changes = [
      event(201, { message: { text: short } }),
      event(202, { message: { text: away } }),
      event(203, { edited: { target: 202, text: edited } }),
      event(204, { edited: { target: 202, text: second } }),
      // Longer than a page, so that it is kept in pages of its own.
      event(205, { message: { text: huge.repeat(1_000) } }),
      event(206, { message: { text: `${huge} no more`.repeat(500) } }),
      event(207, { edited: { target: 206, text: kept } }),
    ];
    for (const change of changes) await log.append("lobby", change.seq - 1, [change]);
    assertEquals(await wordsIn(folder.path, words), words, "they were on the disk");
    const deletions = [201, 202, 205].map((target, i) => event(208 + i, { deleted: { target } }));
    await log.append("lobby", 207, deletions);
    assertEquals(log.read("lobby", 205, 1)[0]?.message?.text, kept);
  }
  assertEquals(await wordsIn(folder.path, [...words, kept]), [kept]);
});

/** The file as version 1 made it: released, so it is here to stay. */
const version1 = `
  CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE events (
    position  INTEGER PRIMARY KEY AUTOINCREMENT,
    room      TEXT    NOT NULL,
    seq       INTEGER NOT NULL CHECK (seq > 0),
    timestamp TEXT    NOT NULL,
    sender    TEXT    NOT NULL,
    client_id TEXT    NOT NULL,
    body      TEXT    NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX events_order ON events (room, seq);
  CREATE UNIQUE INDEX events_once  ON events (room, sender, client_id) WHERE client_id <> '';
  INSERT INTO meta VALUES ('epoch', '0123456789ab');
  PRAGMA application_id = ${0x53574244};
  PRAGMA user_version = 1;
`;

function makeVersion1(file: string): void {
  using db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode = WAL");
  db.exec(version1);
  const insert = db.prepare(
    "INSERT INTO events (room, seq, timestamp, sender, client_id, body) VALUES (?, ?, ?, ?, ?, ?)",
  );
  for (let seq = 1; seq <= 30; seq++) {
    const body = JSON.stringify({ message: { text: `old ${seq}` } });
    const id = seq % 3 === 0 ? `${seq}` : "";
    insert.run(
      "lobby",
      seq,
      `2025-12-24T12:00:${String(seq).padStart(2, "0")}.000Z`,
      seq % 2 ? "ann" : "bob",
      id,
      body,
    );
  }
}

Deno.test("P1 durable: a file of version 1 is taken over: its epoch, its messages, their ids, its heads", async () => {
  await using folder = await tempFolder();
  const file = folder.file("chat.db");
  makeVersion1(file);
  {
    await using log = await openLog(`sqlite:${file}`);
    assertEquals(log.epoch, "0123456789ab");
    assertEquals(log.head("lobby"), 30);
    const record = log.room("lobby");
    assertEquals([record?.head, record?.active, record?.settings], [30, "2025-12-24T12:00:30.000Z", 0]);
    assertEquals([log.countRooms(), log.position()], [1, 30]);
    const events = log.read("lobby", 0, 100);
    assertEquals(
      events.map(({ message }) => message?.text),
      Array.from({ length: 30 }, (_, i) => `old ${i + 1}`),
    );
    assert(events.every(({ author }) => author === ""));
    assertEquals(log.find("lobby", "name:ann", "3")?.seq, 3);
    assertEquals(log.find("lobby", "name:bob", "3"), undefined);

    await using chat = await chatOn(log);
    const repeat = {
      kind: "send",
      by: { id: "", name: "ann", key: "ann" },
      clientId: "3",
      text: "old 3",
    } as const;
    assertEquals((await chat.write("lobby", repeat)).event.seq, 3);
    assertEquals((await chat.write("lobby", hi)).event.seq, 31);
    const foreign = await chat.write("lobby", { ...as(bob, hi), kind: "delete", target: 2 }).catch((error) =>
      error.code
    );
    assertEquals(foreign, "PERMISSION_DENIED");
  }
  await using again = await openLog(`sqlite:${file}`);
  assertEquals([again.epoch, again.head("lobby")], ["0123456789ab", 31]);
});

Deno.test("a message of 10,000 reactions costs no walk over them", async () => {
  await using log = await openLog("sqlite::memory:");
  const reactions = Array.from(
    { length: 10_000 },
    (_, i) => event(i + 2, { reacted: { target: 1, emoji: i % 2 ? "👍" : "👎" } }, { author: `guest:${i}` }),
  );
  await log.append("lobby", 0, [event(1), ...reactions]);
  const began = performance.now();
  for (let i = 0; i < 200; i++) {
    const { kinds, own, same } = log.reactions("lobby", 1, "👍", "guest:1");
    assert(kinds === 2 && own === 1 && same >= 64);
  }
  assert(performance.now() - began < 200, `${(performance.now() - began) / 200} ms each`);
});
