/**
 * What a crash of ChatService leaves. That nothing is lost or doubled under load is tried by the scenario kill-chat of
 * the suite (chaos_test.ts, `deno task chaos`).
 */
import { assert, assertEquals } from "@std/assert";
import { FrameSocket, grpcClient, send, Stream } from "./doors.ts";
import { quietPort, serveWeb, spawn } from "./harness.ts";
import { onLogs } from "./logs.ts";

onLogs(
  "P3 complete: a restart keeps the epoch; a new database is told to browsers as another past",
  async (log) => {
    const port = quietPort();
    const serve = () => spawn("grpc", { env: { ...log.env, GRPC_PORT: String(port) } });
    await using servers = new AsyncDisposableStack();
    let server = servers.use(await serve());
    await using web = await serveWeb(port);
    await using browser = await FrameSocket.join(web.port, "ann");
    const { followed } = await browser.ask({ follow: {} });
    for (const text of ["old 1", "old 2", "old 3"]) await browser.ask({ send: { text } });
    await server.kill("SIGKILL");
    server = servers.use(await serve());
    {
      using client = grpcClient(port);
      using stream = new Stream(client, { username: "reader" });
      assertEquals((await stream.headers).get("chat-epoch"), [followed?.epoch ?? "none"]);
      await browser.ask({ send: { text: "old 4" } });
      assertEquals(await browser.count(4), ["old 1", "old 2", "old 3", "old 4"]);
      assertEquals(browser.frames.filter((frame) => frame.followed).length, 1);
    }
    await server.kill("SIGKILL");
    await log.replace();
    server = servers.use(await serve());
    using client = grpcClient(port);
    await send(client, { username: "bob", message: "new 1" });
    await send(client, { username: "bob", message: "new 2" });
    const anew = (frames: typeof browser.frames) => frames.findIndex((frame) => frame.followed && !frame.id);
    await browser.until((frames) => anew(frames) >= 0, "word of the new database");
    const texts = await browser.count(6);
    const told = browser.frames[anew(browser.frames)]?.followed;
    assertEquals(told?.recovered, false);
    assert(told?.epoch !== followed?.epoch, "it is another epoch");
    assertEquals(
      texts.slice(4),
      ["new 1", "new 2"],
      "all of the new history, also what was there before the gateway came back",
    );
    const later = browser.frames.slice(anew(browser.frames)).flatMap(({ batch }) => batch ? [batch] : []);
    assert(later.every(({ epoch }) => epoch === told?.epoch));
    assertEquals(later.flatMap(({ events }) => events.map(({ seq }) => seq)), [1, 2]);
  },
);
