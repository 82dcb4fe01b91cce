/** The page, as people use it, over a network and servers that fail: real Chromium, real servers. */
import { assertEquals, assertMatch } from "@std/assert";
import type { BrowserContext } from "playwright-core";
import { inBrowser, openBrowser, openProfile, Person } from "./browser.ts";
import { dice } from "./chaos/dice.ts";
import { calm, clear, Proxy } from "./chaos/proxy.ts";
import { grpcClient, send } from "./doors.ts";
import { eventually, quietPort, serveChat, serveWeb, spawn, tempFolder } from "./harness.ts";
import { onLogs } from "./logs.ts";
import { runPython } from "./python.ts";

inBrowser(
  "P2 ordered: two browsers and the tutorial's Python client chat, and each sees all once, in one order",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    const [ann, bob] = [await Person.at(browser, web.url, "Ann"), await Person.at(browser, web.url, "Bob")];
    const python = runPython("chatter", [`127.0.0.1:${chat.port}`, "py", 10, 30]);
    for (let i = 0; i < 10; i++) await Promise.all([ann.say(`ann ${i}`), bob.say(`bob ${i}`)]);
    const seen = await ann.count(30);
    assertEquals(await bob.count(30), seen);
    assertEquals(new Set(seen).size, 30);
    const told = await python;
    if (told) assertEquals(told, seen);
    const mine = await ann.page.locator("[role=log] [data-mine=true] .text").allTextContents();
    assertEquals(mine.filter((text) => !text.startsWith("ann ")), []);
    assertEquals([...ann.faults, ...bob.faults], []);
  },
);

const cutSeconds = Number(Deno.env.get("CUT_SECONDS") ?? 5);
const cutMessages = Number(Deno.env.get("CUT_MESSAGES") ?? 200);

inBrowser(
  "P3 complete: the network is cut while messages are posted, and the page shows all of them once, in order, without a reload",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    await using network = await Proxy.start(() => web.port, { random: dice(1) });
    using client = grpcClient(chat.port);
    const ann = await Person.at(browser, `http://localhost:${network.port}/`, "Ann");
    await ann.say("before");
    await ann.count(1);
    await ann.page.evaluate(() => Object.assign(globalThis, { loaded: true }));

    // First nothing arrives and nobody says so, then connections are refused.
    const held = { ...clear, held: true };
    network.set({ up: held, down: held });
    const pauseMs = cutSeconds * 1_000 / cutMessages;
    const posted: string[] = [];
    for (let i = 0; i < cutMessages; i++) {
      if (i === Math.floor(cutMessages / 2)) {
        network.set({ refusing: true });
        network.cut({ reset: true });
        await ann.say("from the other side");
      }
      posted.push(`m${i}`);
      await send(client, { username: "bot", message: `m${i}` });
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    assertEquals(await ann.texts("pending"), ["from the other side"]);
    network.set(calm);

    const texts = await ann.count(cutMessages + 2);
    assertEquals(texts, ["before", ...posted, "from the other side"]);
    await eventually(async () => (await ann.texts("pending")).length === 0, { what: "nothing pending" });
    assertEquals(await ann.page.evaluate("loaded"), true);
  },
);

inBrowser(
  "P3 complete: an event that went missing on the way is noticed, told, and fetched again from the cursor",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    using client = grpcClient(chat.port);
    const ann = await Person.at(browser, web.url, "");
    let lost = 0;
    await ann.page.routeWebSocket(/\/ws$/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((data) => {
        if (lost === 0 && String(data).includes("goes missing")) lost++;
        else socket.send(data);
      });
    });
    await ann.join("Ann");
    for (const message of ["one", "goes missing"]) await send(client, { username: "bot", message });
    // Or the next one might be lost with it.
    await eventually(() => Promise.resolve(lost === 1), { what: "one lost" });
    await send(client, { username: "bot", message: "three" });
    await ann.page.getByText("Something was missing in what the server sent.").first().waitFor();
    assertEquals(await ann.count(3), ["one", "goes missing", "three"]);
    assertEquals(lost, 1);
    assertEquals(ann.faults.length, 1);
    assertMatch(ann.faults[0] ?? "", /does not follow the last one/);
  },
);

onLogs(
  "P3 complete, P7 honest: over a kill -9 of ChatService a page loses nothing, doubles nothing, and says how it stands",
  async (log) => {
    await using browser = await openBrowser();
    const env = { ...log.env, GRPC_PORT: String(quietPort()) };
    const first = await spawn("grpc", { env });
    await using web = await serveWeb(first.port);
    const ann = await Person.at(browser, web.url, "Ann");
    await ann.say("before");
    await ann.count(1);
    await first.kill("SIGKILL");
    await ann.page.getByText(/cannot be reached/i).first().waitFor();
    await ann.say("while away");
    await ann.act("before", "Edit");
    await ann.say("before, in other words");
    await eventually(async () => (await ann.texts("pending")).join() === "while away", {
      what: "a pending message",
    });
    await ann.message("before, in other words").getByTitle("Not sent yet").waitFor();
    assertEquals(await ann.texts(), ["before, in other words"]);
    await using again = await spawn("grpc", { env });
    using client = grpcClient(again.port);
    await send(client, { username: "bot", message: "welcome back" });
    const texts = await ann.count(3);
    assertEquals(texts.toSorted(), ["before, in other words", "welcome back", "while away"]);
    await eventually(async () => await ann.page.getByTitle("Not sent yet").count() === 0, {
      what: "nothing pending",
    });
  },
);

inBrowser(
  "P3 complete, P7 honest: over a restart of the gateway and a reload, unsent messages and the draft are kept",
  async (browser) => {
    await using chat = await serveChat();
    const port = quietPort();
    const web = await serveWeb(chat.port, { port });
    const ann = await Person.at(browser, web.url, "Ann");
    await ann.say("one");
    await ann.count(1);
    await web.close();
    await ann.say("two");
    await ann.say("three");
    await ann.field.fill("a draft");
    await eventually(async () => (await ann.texts("pending")).join() === "two,three", {
      what: "pending messages",
    });
    await using _ = await serveWeb(chat.port, { port });
    assertEquals(await ann.count(3), ["one", "two", "three"]);
    assertEquals(await ann.field.inputValue(), "a draft");
    await ann.page.reload();
    assertEquals(await ann.count(3), ["one", "two", "three"]);
    assertEquals(await ann.field.inputValue(), "a draft");
  },
);

onLogs(
  "P3 complete, P7 honest: a room whose log was started anew is shown as that, and what was held is dropped",
  async (log) => {
    await using browser = await openBrowser();
    const port = quietPort();
    const first = await serveChat({ ...log, port });
    await using web = await serveWeb(port);
    const ann = await Person.at(browser, web.url, "Ann");
    await ann.say("long ago");
    await ann.count(1);
    await first.close();
    await log.replace();
    await using _ = await serveChat({ ...log, port });
    await ann.page.getByText("The history was reset.").waitFor();
    await ann.say("a new life");
    assertEquals(await ann.count(1), ["a new life"]);
  },
);

Deno.test("P1 durable: what was said offline outlives the browser, and is sent once when it is back", async () => {
  await using folder = await tempFolder();
  await using chat = await serveChat();
  const port = quietPort();
  let web = await serveWeb(chat.port, { port });
  {
    await using profile = await openProfile(folder.path);
    const ann = new Person(await profile.newPage());
    await ann.page.goto(web.url);
    await ann.join("Ann");
    await ann.say("online");
    await ann.count(1);
    await web.close();
    await ann.say("offline one");
    await ann.say("offline two");
    await eventually(async () => (await ann.texts("pending")).length === 2);
  }
  web = await serveWeb(chat.port, { port });
  await using _ = web;
  await using profile = await openProfile(folder.path);
  const ann = new Person(await profile.newPage());
  await ann.page.goto(web.url);
  assertEquals(await ann.count(3), ["online", "offline one", "offline two"]);
});

async function inTab(context: BrowserContext, url: string): Promise<Person> {
  const person = new Person(await context.newPage());
  await person.page.goto(url);
  return person;
}

inBrowser(
  "P4 once: two tabs of one person share what is unsent, send it once, and lose nothing of a tab that is closed",
  async (browser) => {
    await using chat = await serveChat();
    const port = quietPort();
    const web = await serveWeb(chat.port, { port });
    const context = await browser.newContext();
    const first = await inTab(context, web.url);
    await first.join("Ann");
    const second = await inTab(context, web.url);
    await second.connected();
    await web.close();
    await first.say("by the first");
    await second.say("by the second");
    await eventually(async () => (await first.texts("pending")).length === 1);
    await first.page.close();
    await using _ = await serveWeb(chat.port, { port });
    const texts = await second.count(2);
    assertEquals(texts.toSorted(), ["by the first", "by the second"]);
    await eventually(async () => (await second.texts("pending")).length === 0);
    const third = await inTab(context, web.url);
    assertEquals(await third.count(2), texts);
    await third.page.waitForTimeout(300);
    assertEquals(await second.texts(), texts);
  },
);
