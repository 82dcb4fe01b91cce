/** Who one is on the page, and who else is here: real Chromium, real servers. */
import { assertEquals } from "@std/assert";
import { inBrowser, Person } from "./browser.ts";
import { FrameSocket } from "./doors.ts";
import { eventually, quietPort, serveChat, serveWeb } from "./harness.ts";

inBrowser("who is here is counted and named, page by page in a large room", async (browser) => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  await using crowd = new AsyncDisposableStack();
  const ann = await Person.at(browser, web.url, "Ann");
  await ann.page.getByRole("button", { name: "People here: 1" }).click();
  for (let i = 0; i < 120; i++) {
    const name = `Guest ${String(i).padStart(3, "0")}`;
    const guest = crowd.use(await FrameSocket.connect(web.port, { name }));
    await guest.ask({ open: {} });
    await guest.ask({ presence: { room: "lobby" } });
  }
  await ann.page.getByRole("button", { name: "People here: 121" }).waitFor();
  await ann.page.getByText("Guest 098").waitFor();
  assertEquals(await ann.page.locator(".people li").count(), 100);
  await ann.page.getByRole("button", { name: "Show more" }).click();
  await ann.page.getByText("Guest 119").waitFor();
  assertEquals(await ann.page.locator(".people li").count(), 121);
  await ann.page.getByRole("button", { name: "Guest 007" }).click();
  await eventually(async () => await ann.field.inputValue() === `@"Guest 007" `);
});

inBrowser("P6 closed: a name that somebody has is refused at the door; leaving frees it", async (browser) => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  const ann = await Person.at(browser, web.url, "Ann");
  const other = await Person.at(browser, web.url, "");
  await other.page.getByLabel("Your name").fill("ANN");
  await other.page.getByRole("button", { name: "Join" }).click();
  await other.page.getByRole("alert").filter({ hasText: /Cannot/ }).waitFor();
  await ann.page.getByRole("button", { name: "Leave" }).click();
  await ann.page.getByLabel("Your name").waitFor();
  await eventually(async () => (await ann.page.context().cookies()).length === 0, { what: "no cookie" });
  await other.join("ANN");
  await ann.page.reload();
  await ann.page.getByLabel("Your name").waitFor();
});

inBrowser(
  "P7 honest: while ChatService is away the door says so, and opens once it is back",
  async (browser) => {
    const port = quietPort();
    await using web = await serveWeb(port);
    const ann = await Person.at(browser, `${web.url}/rooms/gr%C3%B6%C3%9Fe`, "");
    await ann.page.getByLabel("Your name").fill("Ann");
    await ann.page.getByRole("button", { name: "Join" }).click();
    await ann.page.getByRole("alert").filter({ hasText: /Cannot/ }).waitFor();
    await using _ = await serveChat({ port });
    await eventually(async () => {
      await ann.page.getByRole("button", { name: "Join" }).click({ timeout: 500 }).catch(() => {});
      return await ann.page.getByText("There is no room “größe”.").count() > 0;
    }, { what: "the room of the address" });
  },
);

inBrowser("where the browser keeps nothing, the page works all the same", async (browser) => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  const ann = await Person.at(browser, web.url, "");
  await ann.page.addInitScript(() => {
    for (const name of ["indexedDB", "localStorage", "sessionStorage"]) {
      Object.defineProperty(globalThis, name, {
        get() {
          throw new DOMException("forbidden", "SecurityError");
        },
      });
    }
  });
  await ann.page.reload();
  await ann.join("Ann");
  await ann.say("hello");
  await ann.count(1);
  await ann.make("den");
  await ann.page.reload();
  await ann.connected();
  assertEquals(ann.faults, []);
});

inBrowser("P6 closed: a page whose token is gone goes back to the door and says why", async (browser) => {
  await using chat = await serveChat();
  const port = quietPort();
  const web = await serveWeb(chat.port, { port });
  const ann = await Person.at(browser, web.url, "Ann");
  await ann.page.context().clearCookies();
  await web.close();
  await using _ = await serveWeb(chat.port, { port });
  await ann.page.getByRole("alert").filter({ hasText: /Cannot/ }).waitFor();
  assertEquals(await ann.page.getByLabel("Your name").inputValue(), "Ann");
});

inBrowser(
  "P6 closed: a page that comes back as somebody else goes on as that one, and sends none of the other's words",
  async (browser) => {
    await using chat = await serveChat();
    const port = quietPort();
    const web = await serveWeb(chat.port, { port });
    const ann = await Person.at(browser, web.url, "Ann");
    await ann.say("by Ann");
    await ann.count(1);
    await web.close();
    await ann.say("never sent");
    await ann.page.context().clearCookies();
    // Another tab of this browser signs in anew, at another gateway: before Ann's page can reach one.
    await using other = await serveWeb(chat.port);
    const second = new Person(await ann.page.context().newPage());
    await second.page.goto(other.url);
    await second.join("Eve");
    await using _ = await serveWeb(chat.port, { port });
    await ann.page.getByTitle("You are Eve").waitFor();
    await ann.connected();
    await ann.say("by Eve");
    assertEquals(await second.count(2), ["by Ann", "by Eve"]);
    await ann.page.getByText(/One thing that Ann, signed in here before, did was never sent/).waitFor();
    await ann.page.getByRole("button", { name: "Take the words over" }).click();
    await eventually(async () => await ann.field.inputValue() === "never sent");
    assertEquals(await second.texts(), ["by Ann", "by Eve"]);
  },
);
