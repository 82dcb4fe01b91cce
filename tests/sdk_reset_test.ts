/** What a reader of the client library is told when another log is where its own was. */
import { assert, assertEquals } from "@std/assert";
import { connect, memoryCursor, type RoomEvent, type Told } from "../sdk/mod.ts";
import { until } from "./chaos/wait.ts";
import { quietPort, serveChat } from "./harness.ts";
import { onLogs } from "./logs.ts";

const timing = { firstMs: 10, mostMs: 100 };

function textOf({ message }: RoomEvent): string {
  return message?.text ?? "";
}

Deno.test("P3 complete: sdk: a new database is told as a reset, and what was there before it as replayed", async () => {
  const port = quietPort();
  const address = `grpc://127.0.0.1:${port}`;
  const first = await serveChat({ port });
  const reader = await connect(address, { name: "ann", timing });
  const seen: Told[] = [];
  const reading = (async () => {
    for await (const told of reader.follow("lobby", { replay: "ALL", cursor: memoryCursor() })) {
      seen.push(told);
    }
  })().catch((error) => error);
  for (const text of ["one", "two"]) await reader.send({ text });
  await until(() => seen.length === 3, "two events");
  await first.close();
  await using _ = await serveChat({ port });
  // Another database has other keys too: who was signed in with the first is nobody here.
  assertEquals((await reader.closed())?.code, "UNAUTHENTICATED");
  assertEquals((await reading)?.code, "UNAUTHENTICATED");

  await using speaker = await connect(address, { name: "bob", timing });
  await speaker.send({ text: "anew" });
  await using again = await connect(address, { name: "ann", timing });
  const { epoch = "", seq = 0 } = seen.at(-1)?.cursor ?? {};
  const loop = again.follow("lobby", { cursor: memoryCursor({ epoch, seq }) });
  const reset = (await loop.next()).value;
  assertEquals([reset?.is, reset?.cursor.seq], ["reset", 0]);
  const told = (await loop.next()).value;
  assert(told?.is === "event" && told.replayed);
  assertEquals(textOf(told.event), "anew");
  await loop.return();
});

onLogs(
  "P3 complete: sdk: a reader is told that another log took the place of the one it reads, and is given all of that",
  async (log) => {
    const port = quietPort();
    const address = `grpc://127.0.0.1:${port}`;
    const first = await serveChat({ ...log, port });
    await using reader = await connect(address, { name: "ann", timing });
    const loop = reader.follow("lobby", { replay: "ALL", cursor: memoryCursor() });
    const next = async () => (await loop.next()).value;
    for (const text of ["one", "two"]) await reader.send({ text });
    const { epoch } = await reader.describeRoom();
    assertEquals([(await next())?.is, (await next())?.is, (await next())?.is], ["begun", "event", "event"]);
    await first.close();
    await log.replace();
    await using _ = await serveChat({ ...log, port });
    assertEquals((await reader.send({ text: "anew" })).seq, 1);
    const reset = await next();
    assertEquals([reset?.is, reset?.cursor.seq], ["reset", 0]);
    const told = await next();
    assert(told?.is === "event" && told.cursor.epoch !== epoch);
    assertEquals([textOf(told.event), told.cursor.seq], ["anew", 1]);
    await loop.return();
  },
);
