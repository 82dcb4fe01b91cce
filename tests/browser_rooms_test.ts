/** Rooms on the page: real Chromium, real servers. */
import { assert, assertEquals } from "@std/assert";
import { inBrowser, Person } from "./browser.ts";
import { FrameSocket, grpcClient, send } from "./doors.ts";
import { eventually, serveChat, serveWeb } from "./harness.ts";

const phone = { viewport: { width: 390, height: 760 }, hasTouch: true, isMobile: true };

inBrowser(
  "rooms are made, listed and switched by list, address and back button, each with its own draft",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    const [ann, bob] = [await Person.at(browser, web.url, "Ann"), await Person.at(browser, web.url, "Bob")];
    await ann.page.getByRole("button", { name: "New room" }).click();
    const dialog = ann.page.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill("Not Good");
    await dialog.getByRole("button", { name: "Make the room" }).click();
    await dialog.getByRole("alert").filter({ hasText: /Cannot/ }).waitFor();
    await ann.page.keyboard.press("Escape");
    await ann.make("garden", "Tomatoes and more");
    assertEquals(new URL(ann.page.url()).pathname, "/rooms/garden");
    await ann.page.getByText("Ann made the room: Tomatoes and more").waitFor();
    await ann.say("in the garden");
    await ann.field.fill("half a garden");
    await ann.show("lobby");
    assertEquals(await ann.field.inputValue(), "");
    await ann.field.fill("half a lobby");
    await ann.page.goBack();
    await ann.page.getByRole("heading", { level: 1, name: "garden" }).waitFor();
    await eventually(async () => await ann.field.inputValue() === "half a garden");
    await ann.page.reload();
    await ann.page.getByRole("heading", { level: 1, name: "garden" }).waitFor();
    assertEquals(await ann.count(1), ["in the garden"]);
    assertEquals(await ann.field.inputValue(), "half a garden");

    await bob.page.goto(`${web.url}/rooms/garden`);
    assertEquals(await bob.count(1), ["in the garden"]);
    await bob.page.getByRole("button", { name: "About garden" }).click();
    await bob.page.getByRole("dialog").getByText(/Made by Ann/).waitFor();
    assertEquals(await bob.page.getByRole("button", { name: "Archive it" }).count(), 0);
    assertEquals(ann.faults, []);
  },
);

inBrowser(
  "a room that was left is followed on: what is new in it is counted, marked, and read",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    const [ann, bob] = [
      await Person.at(browser, web.url, "Ann"),
      await Person.at(browser, web.url, "Bob", phone),
    ];
    await ann.make("den");
    await ann.say("hello");
    await ann.count(1);
    await ann.show("lobby");
    await bob.page.goto(`${web.url}/rooms/den`);
    await bob.count(1);
    for (const text of ["one", "two", "three"]) await bob.say(text);
    await bob.count(4);
    await ann.page.getByRole("link", { name: "den 3 new" }).waitFor();
    // The tab's title is not set at each message.
    await eventually(async () => await ann.page.title() === "(3) lobby · Switchboard");
    await ann.show("den");
    await ann.page.getByText("New since you left").waitFor();
    assertEquals(await ann.page.locator(":is(.row:has(.new), .row:has(.new) ~ .row) article").count(), 3);
    await eventually(async () => await ann.page.title() === "den · Switchboard");
    // Read is read, also for the next page.
    await ann.page.waitForTimeout(2_500);
    await ann.page.goto(web.url);
    await ann.connected();
    await ann.page.getByRole("link", { name: "den", exact: true }).waitFor();

    // On a phone the same is told by the button that leads to the rooms.
    await bob.page.goto(web.url);
    await bob.connected();
    await ann.show("den");
    await ann.say("four");
    await bob.page.getByRole("button", { name: "Rooms, with new messages" }).tap();
    await bob.page.getByRole("link", { name: "den 1 new" }).tap();
    await bob.page.getByRole("heading", { level: 1, name: "den" }).waitFor();
    assertEquals(await bob.page.getByRole("dialog").count(), 0);
    assertEquals([...ann.faults, ...bob.faults], []);
  },
);

inBrowser(
  "a room's maker changes its topic, archives it and brings it back; all see that",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    const [ann, bob] = [await Person.at(browser, web.url, "Ann"), await Person.at(browser, web.url, "Bob")];
    await ann.make("attic");
    await bob.page.goto(`${web.url}/rooms/attic`);
    await bob.connected();
    const about = async (button: string) => {
      await ann.page.getByRole("button", { name: "About attic" }).click();
      await ann.page.getByRole("dialog").getByRole("button", { name: button }).click();
      await ann.page.getByRole("dialog").waitFor({ state: "detached" });
    };
    await ann.page.getByRole("button", { name: "About attic" }).click();
    await ann.page.getByLabel("What it is for").fill("Old things");
    await ann.page.keyboard.press("Enter");
    await bob.page.getByText("Ann set the topic: Old things").waitFor();
    await bob.page.locator(".bar-topic").getByText("Old things").waitFor();
    await bob.say("dusty");
    await ann.count(1);
    await about("Archive it");
    await bob.page.getByText("Ann archived the room").waitFor();
    await bob.page.getByText("This room is archived: it can only be read.").waitFor();
    assertEquals(await bob.field.count(), 0);
    await bob.page.locator(".archived").getByRole("link", { name: "attic" }).waitFor();
    await about("Bring it back");
    await bob.page.getByText("Ann brought the room back").waitFor();
    await bob.say("dusted");
    await ann.count(2);
  },
);

inBrowser("an address of no room says so, and offers to make it", async (browser) => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  const ann = await Person.at(browser, web.url, "Ann");
  await ann.page.goto(`${web.url}/rooms/nowhere`);
  await ann.page.getByText("There is no room “nowhere”.").waitFor();
  await ann.page.getByRole("button", { name: "Make it" }).click();
  await ann.page.getByRole("dialog").getByRole("button", { name: "Make the room" }).click();
  await ann.page.getByText("Ann made the room").waitFor();
  await ann.say("here now");
  await ann.count(1);
});

inBrowser(
  "P5 bounded: eight rooms are read at a time; the one that was not visited for longest is let go",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    await using bob = await FrameSocket.connect(web.port, { name: "Bob" });
    await bob.ask({ open: {} });
    const names = Array.from({ length: 9 }, (_, index) => `room-${index}`);
    for (const room of names) await bob.ask({ createRoom: { room } });
    const ann = await Person.at(browser, web.url, "Ann");
    for (const room of names) await ann.show(room);
    await bob.ask({ follow: { room: "room-0" } });
    await bob.ask({ follow: { room: "room-1" } });
    const counts = () => bob.frames.flatMap(({ roster }) => roster ? [`${roster.room} ${roster.count}`] : []);
    await eventually(() => counts().at(-1) === "room-1 1" && counts().includes("room-0 0"), {
      what: `who is where: ${counts()}`,
    });
    // And all of them again after a reload.
    await ann.page.reload();
    await ann.connected();
    await bob.ask({ send: { room: "room-3", clientId: "1", text: "psst" } });
    await ann.page.getByRole("link", { name: "room-3 1 new" }).waitFor();
  },
);

inBrowser(
  "P3 complete: scrolled up, a page loads what was said before, and keeps its place",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    using client = grpcClient(chat.port);
    for (let i = 0; i < 450; i++) await send(client, { username: "bot", message: `m${i}` });
    const ann = await Person.at(browser, web.url, "");
    const { page } = ann;
    // Pages of history wait until the test has looked.
    const late = Promise.withResolvers<void>();
    await page.routeWebSocket(/\/ws$/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage(async (data) => {
        if (/^\[?\{("id":\d+,)?"page"/.test(String(data))) await late.promise;
        socket.send(data);
      });
    });
    await ann.join("Ann");
    await ann.message("m449").waitFor();
    const log = page.getByRole("log");
    // What is seen at the moment, and where.
    const seen = () =>
      log.evaluate((list) => {
        const { top } = list.getBoundingClientRect();
        const row = [...list.querySelectorAll("article")].find((row) =>
          row.getBoundingClientRect().bottom > top
        );
        return `${row?.getAttribute("data-seq")} at ${
          Math.round((row?.getBoundingClientRect().top ?? 0) - top)
        }`;
      });
    const high = () => log.evaluate((list) => list.scrollHeight);
    const held = await high();
    await log.evaluate((list) => list.scrollTop = 700);
    await eventually(async () => Number((await seen()).split(" at ")[1]) <= 0, {
      what: "what is there drawn",
    });
    const before = await seen();
    assertEquals(await high() < 2 * held, true, "nothing has come yet");
    late.resolve();
    await eventually(async () => await high() > 2 * held, { what: "the page before" });
    assertEquals(await seen(), before);
    await send(client, { username: "bot", message: "live" });
    await page.getByRole("button", { name: "1 new message" }).waitFor();
    assertEquals(await seen(), before);
    for (let i = 0; i < 40 && await page.getByText("This is where lobby began.").count() === 0; i++) {
      await log.evaluate((list) => list.scrollTop = 0);
      await page.waitForTimeout(100);
    }
    const texts = await ann.texts();
    assertEquals(texts, [...Array.from({ length: 450 }, (_, i) => `m${i}`), "live"]);
    assertEquals(ann.faults, []);
  },
);

inBrowser("a reply leads to a message that is far up", async (browser) => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  using client = grpcClient(chat.port);
  for (let i = 0; i < 700; i++) await send(client, { username: "bot", message: `m${i}` });
  await using bob = await FrameSocket.connect(web.port, { name: "Bob" });
  await bob.ask({ open: {} });
  await bob.ask({ send: { room: "lobby", clientId: "r", text: "about that", replyTo: 5 } });
  const ann = await Person.at(browser, web.url, "Ann");
  await ann.message("about that").getByRole("button", { name: /An earlier message/ }).click();
  await eventually(() => ann.page.evaluate(() => document.activeElement?.getAttribute("data-seq") === "5"));
  const box = await ann.message("m4").first().boundingBox();
  assert(box && box.y > 0 && box.y < 800, "it is seen");
});
