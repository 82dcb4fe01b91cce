/** `deno task import`: a log goes from one engine to the other and back as it is, however often it is interrupted. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { digestOf } from "../log/digest.ts";
import { openKeys } from "../log/keys.ts";
import { openEngine, openLog } from "../log/open.ts";
import { type EventBody, type RoomEvent } from "../protos/events.ts";
import { event } from "./engines.ts";
import { root, run, tempFolder } from "./harness.ts";
import { onNats, serveNats } from "./nats_server.ts";

const args = ["run", "-q", "-P=grpc", "log/import.ts"];

function importing(
  from: string,
  to: string,
  data: string,
  keys?: string,
): Promise<{ code: number; stderr: string }> {
  const named = keys ? ["--keys", keys] : [];
  return run([Deno.execPath(), ...args, "--from", from, "--to", to, "--data", data, ...named]);
}

/** The same, killed when it has said so often how far it is. */
async function interrupted(from: string, to: string, data: string, lines: number): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args, "--from", from, "--to", to, "--data", data],
    cwd: root,
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let said = 0;
  for await (
    const text of child.stderr.pipeThrough(
      new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>,
    )
  ) {
    said += text.split("\n").length - 1;
    if (said >= lines) child.kill("SIGKILL");
    if (said >= lines) break;
  }
  await child.status;
}

/** A room's past with everything in it that changes what came before. */
function past(count: number): RoomEvent[] {
  const bodies = (seq: number): EventBody => {
    if (seq === 1) return { settings: { topic: "tea" } };
    if (seq % 10 === 0) return { edited: { target: seq - 3, text: `edited ${seq}` } };
    if (seq % 25 === 0) return { deleted: { target: seq - 2 } };
    if (seq % 7 === 0) return { reacted: { target: seq - 1, emoji: "👍" } };
    return { message: { text: `message ${seq}`, ...(seq > 9 && { replyTo: seq - 8 }) } };
  };
  return Array.from({ length: count }, (_, i) => event(i + 1, bodies(i + 1), { clientId: `${i}` }));
}

async function makeLog(file: string, { rooms, events }: { rooms: number; events: number }): Promise<void> {
  await using log = await openLog(`sqlite:${file}`);
  for (let room = 0; room < rooms; room++) {
    const all = past(events);
    for (let from = 0; from < all.length; from += 250) {
      await log.append(`room ${room}`, from, all.slice(from, from + 250));
    }
    await log.mark("guest:a", `room ${room}`, room + 1);
  }
}

onNats(
  "a log goes to NATS and back as it is, though the import is killed twice; again, nothing changes",
  async () => {
    await using nats = await serveNats();
    await using folder = await tempFolder();
    const [here, there, back] = [
      `sqlite:${folder.file("a/chat.db")}`,
      nats.url(),
      `sqlite:${folder.file("b/chat.db")}`,
    ];
    await makeLog(folder.file("a/chat.db"), { rooms: 20, events: 1_000 });
    const keys = await openKeys(folder.file("a/keys.json"));
    const data = folder.file("node");
    await interrupted(here, there, data, 1);
    await interrupted(here, there, data, 2);
    const last = await importing(here, there, data);
    assertMatch(
      last.stderr,
      /20000 of 20000 events, \d+ a second\n(\d+) of 20000 events were new. Both logs hold the same.\n$/,
    );
    assert(!last.stderr.includes("\n20000 of 20000 events were new"), "it went on where it was");
    const again = await importing(here, there, folder.file("another"));
    assertMatch(again.stderr, /\n0 of 20000 events were new. Both logs hold the same.\n$/);
    assertMatch(
      (await importing(there, back, data)).stderr,
      /20000 of 20000 events were new. Both logs hold the same.\n$/,
    );
    await using one = await openLog(here);
    const { log: other, keys: theirs } = await openEngine({ chatLog: back, chatData: folder.file("b") });
    assertEquals([other.epoch, await digestOf(other), theirs], [one.epoch, await digestOf(one), keys]);
    assertEquals([0, 7].map((room) => other.marked("guest:a", `room ${room}`)), [1, 8]);
    assertEquals(other.find("room 3", "guest:a", "500"), one.find("room 3", "guest:a", "500"));
    await other.close();
  },
);

onNats("an empty log is imported, too: its life and its keys", async () => {
  await using nats = await serveNats();
  await using folder = await tempFolder();
  await makeLog(folder.file("a/chat.db"), { rooms: 0, events: 0 });
  const keys = await openKeys(folder.file("a/keys.json"));
  const { code, stderr } = await importing(
    `sqlite:${folder.file("a/chat.db")}`,
    nats.url(),
    folder.file("node"),
  );
  assertEquals(code, 0);
  assertMatch(stderr, /0 of 0 events were new. Both logs hold the same.\n$/);
  const { log, keys: theirs } = await openEngine({ chatLog: nats.url(), chatData: folder.file("node") });
  await using one = await openLog(`sqlite:${folder.file("a/chat.db")}`);
  assertEquals([log.epoch, theirs], [one.epoch, keys]);
  await log.close();
});

onNats(
  "an import takes the keys that it is told to, and says so if it takes none or others stay",
  async () => {
    await using nats = await serveNats();
    await using folder = await tempFolder();
    const [here, there] = [`sqlite:${folder.file("a/chat.db")}`, `sqlite:${folder.file("b/chat.db")}`];
    await makeLog(folder.file("a/chat.db"), { rooms: 1, events: 10 });
    const [own, foreign] = [
      await openKeys(folder.file("own/keys.json")),
      `sqlite:${folder.file("c/chat.db")}`,
    ];
    await openKeys(folder.file("c/keys.json"));
    const put = async (to: string, keys?: string) =>
      (await importing(here, to, folder.file("node"), keys)).stderr.split("\n")[0];
    const none =
      "There are no keys beside this log: whoever has a token of it signs in anew, unless --keys names some.";
    assertEquals(await put(there), none);
    assertMatch(await put(nats.url(), `sqlite:${folder.file("own/chat.db")}`) ?? "", /^10 of 10 events/);
    assertMatch(await put(there, nats.url()) ?? "", /^10 of 10 events/);
    for (const to of [there, nats.url()]) {
      assertMatch(
        await put(to, foreign) ?? "",
        /^The keys in ".*" stay as they are: whoever has a token of the other log signs in again.$/,
      );
    }
    const { log, keys } = await openEngine({ chatLog: there, chatData: folder.file("b") });
    await log.close();
    assertEquals(keys, own);
    for (const keys of [nats.url("NONE"), `sqlite:${folder.file("none/chat.db")}`]) {
      const { code, stderr } = await importing(here, there, folder.file("node"), keys);
      assertEquals(code, 1);
      assertMatch(stderr, /^Cannot take the keys of ".*": there are none, check its name.\n$/);
    }
  },
);

onNats("an import into another history is refused, and one that has gone on is left alone", async () => {
  await using nats = await serveNats();
  await using folder = await tempFolder();
  const [a, b] = [`sqlite:${folder.file("a/chat.db")}`, `sqlite:${folder.file("b/chat.db")}`];
  for (const name of ["a", "b"]) await makeLog(folder.file(`${name}/chat.db`), { rooms: 1, events: 10 });
  const secret = nats.url().replace("//", "//me:secret@");
  for (const to of [b, secret]) {
    if (to !== b) await importing(b, to, folder.file("node"));
    const { code, stderr } = await importing(a, to, folder.file("node"));
    assertEquals(code, 1);
    assertMatch(stderr, /^Cannot import into ".*": it holds another history, choose an empty log.\n$/);
    assert(!stderr.includes("secret"), stderr);
  }
  {
    await using log = await openLog(nats.url(), { folder: folder.file("node") });
    await log.append("room 0", 10, [event(11)]);
  }
  const { code, stderr } = await importing(b, nats.url(), folder.file("node"));
  assertEquals(code, 0);
  assertMatch(stderr, /0 of 10 events were new. The target holds more.\n$/);
  const missing = await importing("sqlite:/nowhere/chat.db", nats.url(), folder.file("node"));
  assertMatch(
    missing.stderr,
    /^Cannot import from "\/nowhere\/chat.db": there is no such file, check its name.\n$/,
  );
  assertEquals((await importing("", "", "")).code, 2);
});
