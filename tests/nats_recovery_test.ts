/** A stream that no node can follow any more: what docs/operations.md says to do then brings back all that the copies hold. */
import { DatabaseSync } from "node:sqlite";
import { assertEquals, assertMatch } from "@std/assert";
import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { openLog } from "../log/open.ts";
import type { RoomEvent } from "../protos/events.ts";
import { FrameSocket } from "./doors.ts";
import { event } from "./engines.ts";
import { eventually, quietPort, run, spawn, type Spawned, tempFolder } from "./harness.ts";
import { type NatsServer, onNats, serveNats } from "./nats_server.ts";

function importing(...args: string[]): Promise<{ code: number; stderr: string }> {
  return run([Deno.execPath(), "task", "-q", "import", ...args]);
}

/** Writes what no ChatService would: a record that leaves events out. */
async function damage(nats: NatsServer): Promise<void> {
  const nc = await connect({ servers: `127.0.0.1:${nats.port}` });
  const record = JSON.stringify({ id: "x", events: [event(1_000)] });
  await jetstream(nc).publish("CHAT.room.lobby", record);
  await nc.close();
}

/** What the docs do with the sqlite3 program. */
function setEpoch(log: string, epoch: string): void {
  using db = new DatabaseSync(log.slice("sqlite:".length));
  db.prepare("UPDATE meta SET value = ? WHERE key = 'epoch'").run(epoch);
}

/** Says and does all that can be stored. Gives how many events of the lobby that makes. */
async function fill(ann: FrameSocket): Promise<number> {
  for (let i = 0; i < 20; i++) await ann.ask({ send: { text: `m${i}`, clientId: `${i}` } });
  await ann.ask({ edit: { target: 3, text: "edited", clientId: "edit" } });
  await ann.ask({ delete: { target: 4, clientId: "delete" } });
  await ann.ask({ react: { target: 5, emoji: "👍", clientId: "react" } });
  await ann.ask({ createRoom: { room: "attic", topic: "dust", clientId: "make" } });
  await ann.ask({ mark: { seq: 7 } });
  return 23;
}

/** How far somebody has read in each room. */
async function marks(person: FrameSocket) {
  const { rooms } = await person.ask({ listRooms: {} });
  return rooms?.rooms.map(({ room, read }) => [room, Number(read ?? 0)]);
}

onNats(
  "P3 complete: what all copies of a damaged stream hold goes into a new one: readers and tokens go on",
  async () => {
    await using nats = await serveNats();
    await using folder = await tempFolder();
    await using started = new AsyncDisposableStack();
    const ports = [quietPort(), quietPort()];
    const serve = async (stream: string, i: number): Promise<Spawned> => {
      const env = { CHAT_LOG: nats.url(stream), CHAT_DATA: folder.file(`${i}`), GRPC_PORT: `${ports[i]}` };
      return started.use(await spawn("grpc", { env }));
    };
    const nodes = await Promise.all([serve("CHAT", 0), serve("CHAT", 1)]);
    const CHAT_ADDRESS = ports.map((port) => `127.0.0.1:${port}`).join();
    const gateway = started.use(await spawn("web", { env: { CHAT_ADDRESS } }));
    const ann = started.use(await FrameSocket.join(gateway.port, "Ann"));
    const { followed } = await ann.ask({ follow: {} });
    const head = await fill(ann);
    await ann.count(head);

    await damage(nats);
    for (const node of nodes) {
      await eventually(() => node.output().includes("leaving"), { what: "the fault to be noticed" });
      assertEquals((await node.kill("SIGTERM")).code, 1);
    }
    const again = await serve("CHAT", 0).then(() => "it serves", String);
    assertMatch(
      again,
      /Cannot follow the stream "CHAT": its record \d+ does not continue the room "lobby", restart, and if it ends so again make a new one of the copies: see docs\/operations.md\.\n/,
    );

    const good = `sqlite:${folder.file("good/chat.db")}`;
    for (const i of [0, 1]) {
      const copy = `sqlite:${folder.file(`${i}/CHAT.replica.db`)}`;
      const { code, stderr } = await importing("--from", copy, "--to", good);
      assertEquals(code, 0, stderr);
      assertMatch(
        stderr,
        /^24 of 24 events, \d+ a second\n\d+ of 24 events were new\. Both logs hold the same\.\n$/,
      );
    }
    const into = (stream: string) =>
      importing("--from", good, "--to", nats.url(stream), "--data", folder.file("copy"));
    const { stderr } = await into("CHAT2");
    assertMatch(
      stderr,
      /^24 of 24 events, \d+ a second\n24 of 24 events were new. Both logs hold the same.\n$/,
    );
    const fresh = await Promise.all([serve("CHAT2", 0), serve("CHAT2", 1)]);

    const repeat = (await ann.ask({ send: { text: "m7", clientId: "7" } })).sent;
    assertEquals([Number(repeat?.seq), repeat?.duplicate], [8, true]);
    const next = (await ann.ask({ send: { text: "after", clientId: "after" } })).sent;
    assertEquals([Number(next?.seq), next?.epoch], [head + 1, followed?.epoch]);
    await ann.count(head + 1);
    assertEquals(ann.frames.filter(({ id, followed }) => !id && followed).length, 0, "the same life");
    const tab = started.use(await FrameSocket.connect(gateway.port, { token: ann.token }));
    assertEquals((await tab.ask({ open: {} })).opened?.principal?.name, "Ann");
    assertEquals(await marks(tab), [["attic", 0], ["lobby", 7]]);
    assertEquals((await ann.ask({ edit: { target: 1, text: "mine", clientId: "own" } })).refused, undefined);

    await Promise.all(fresh.map((node) => node.kill("SIGTERM")));
    setEpoch(good, "another life");
    assertEquals((await into("CHAT3")).code, 0);
    await Promise.all([serve("CHAT3", 0), serve("CHAT3", 1)]);
    await ann.until(
      (frames) => frames.some(({ followed }) => followed?.recovered === false),
      "it to be told",
    );
    assertEquals(await marks(ann), [["attic", 0], ["lobby", 7]]);
  },
);

Deno.test(
  "P3 complete: copies are put together: each adds what only it has, and one with another past is refused",
  async () => {
    await using folder = await tempFolder();
    const copy = async (name: string, rooms: Record<string, RoomEvent[]>) => {
      const file = `sqlite:${folder.file(`${name}/chat.db`)}`;
      await using log = await openLog(file);
      for (const [room, events] of Object.entries(rooms)) await log.append(room, 0, events);
      return file;
    };
    const said = (seq: number, clientId = `${seq}`) => event(seq, undefined, { clientId });
    const all = await copy("all", { lobby: [said(1), said(2)] });
    const { epoch } = await openLog(all).then((log) => log.close().then(() => log));
    /** As copies of one stream are. */
    const sameLife = (file: string) => {
      setEpoch(file, epoch);
      return file;
    };
    const more = sameLife(
      await copy("more", { lobby: [said(1)], attic: [said(1)], tea: [said(1), said(2)] }),
    );
    const other = sameLife(await copy("other", { lobby: [said(1), said(2, "x"), said(3)] }));
    const good = `sqlite:${folder.file("good/chat.db")}`;
    const putIn = (file: string) => importing("--from", file, "--to", good);
    assertMatch((await putIn(all)).stderr, /2 of 2 events were new. Both logs hold the same.\n$/);
    assertMatch((await putIn(more)).stderr, /3 of 4 events were new. The target holds more.\n$/);
    const { code, stderr } = await putIn(other);
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /Cannot import "lobby": event 2 of the target is another one, leave this log out or choose an empty one.\n$/,
    );
    await using log = await openLog(good);
    assertEquals(["lobby", "attic", "tea"].map((room) => log.head(room)), [2, 1, 2]);
  },
);
