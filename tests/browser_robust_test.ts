/** The page where the browser, its clock, its storage or its network are not what they should be. */
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { inBrowser, Person } from "./browser.ts";
import { dice } from "./chaos/dice.ts";
import { clear, Proxy } from "./chaos/proxy.ts";
import { grpcClient, send } from "./doors.ts";
import { eventually, quietPort, serveChat, serveWeb } from "./harness.ts";

/** Tells the page that its browser has a network, or none. Nothing else changes. */
function tellOnline(page: Page, online: boolean): Promise<void> {
  return page.evaluate((online) => {
    Object.defineProperty(navigator, "onLine", { get: () => online, configurable: true });
    dispatchEvent(new Event(online ? "online" : "offline"));
  }, online);
}

inBrowser(
  "P7 honest: a page whose browser has lost its network asks at once, and says within 4 s how it is",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    await using network = await Proxy.start(() => web.port, { random: dice(1) });
    const ann = await Person.at(browser, `http://localhost:${network.port}/`, "Ann");
    // The browser is wrong: there is an answer, and the socket stays.
    const sockets: string[] = [];
    ann.page.on("websocket", (socket) => sockets.push(socket.url()));
    await tellOnline(ann.page, false);
    await ann.page.waitForTimeout(3_500);
    await ann.connected();
    assertEquals(sockets, []);
    await tellOnline(ann.page, true);

    const held = { ...clear, held: true };
    network.set({ up: held, down: held });
    const since = Date.now();
    await tellOnline(ann.page, false);
    await ann.page.getByText(/You are offline/).first().waitFor();
    assert(Date.now() - since < 4_000, `told after ${Date.now() - since} ms`);
    network.set({ up: clear, down: clear });
    await tellOnline(ann.page, true);
    await ann.connected();
    await ann.say("back");
    await ann.count(1);
  },
);

inBrowser(
  "P1 durable: a clock that is set back by an hour, or is wrong by a day, keeps nothing from being sent",
  async (browser) => {
    await using chat = await serveChat();
    const port = quietPort();
    const web = await serveWeb(chat.port, { port });
    const ann = await Person.at(browser, web.url, "");
    await ann.page.addInitScript(() => {
      const real = Date.now;
      const clock = Object.assign(globalThis, { behind: 86_400_000 });
      Date.now = () => real() - clock.behind;
    });
    await ann.page.reload();
    await ann.join("Ann");
    await ann.say("a day late");
    await ann.count(1);
    await web.close();
    await ann.page.getByRole("button", { name: "Try now" }).waitFor();
    await ann.page.evaluate("behind += 3_600_000");
    await ann.say("an hour later, or earlier");
    await using _ = await serveWeb(chat.port, { port });
    assertEquals(await ann.count(2), ["a day late", "an hour later, or earlier"]);
    assertEquals(await ann.page.locator("[data-state=pending]").count(), 0);
  },
);

inBrowser(
  "P7 honest: half a character in a text holds up neither it nor what comes after it",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    const ann = await Person.at(browser, web.url, "Ann");
    for (const text of ["cut \ud83d off", "after it"]) {
      await ann.page.getByRole("textbox", { name: "Message" }).evaluate((field, text) => {
        (field as HTMLTextAreaElement).value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }, text);
      await ann.page.keyboard.press("Enter");
    }
    assertEquals(await ann.count(2), ["cut \ufffd off", "after it"]);
    assertEquals(await ann.page.locator("[data-state=pending]").count(), 0);
  },
);

const broken = {
  full: () => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
  },
  "never answering": () => {
    IDBFactory.prototype.open = () => new EventTarget() as IDBOpenDBRequest;
  },
};

for (const [what, breakStorage] of Object.entries(broken)) {
  inBrowser(
    `P7 honest: where storage is ${what}, what is written is sent, and the page does not say that it outlives it`,
    async (browser) => {
      await using chat = await serveChat();
      const port = quietPort();
      const web = await serveWeb(chat.port, { port });
      const ann = await Person.at(browser, web.url, "");
      await ann.page.addInitScript(breakStorage);
      await ann.page.reload();
      await ann.join("Ann");
      await ann.say("online");
      await ann.count(1);
      await web.close();
      await ann.say("offline");
      await ann.page.getByText(/kept while this page is open/).first().waitFor();
      await using _ = await serveWeb(chat.port, { port });
      assertEquals(await ann.count(2), ["online", "offline"]);
    },
  );
}

inBrowser(
  "what was being written when a room is archived can still be read and copied; it comes back with the room",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    const [ann, bob] = [await Person.at(browser, web.url, "Ann"), await Person.at(browser, web.url, "Bob")];
    await ann.make("attic");
    await bob.page.goto(`${web.url}/rooms/attic`);
    await bob.connected();
    await bob.field.fill("half a sentence");
    const about = async (button: string) => {
      await ann.page.getByRole("button", { name: "About attic" }).click();
      await ann.page.getByRole("dialog").getByRole("button", { name: button }).click();
      await ann.page.getByRole("dialog").waitFor({ state: "detached" });
    };
    await about("Archive it");
    await bob.page.getByText("This room is archived").waitFor();
    assertEquals(await bob.page.getByLabel("What you had written").inputValue(), "half a sentence");
    await about("Bring it back");
    await eventually(async () => await bob.field.inputValue() === "half a sentence");
  },
);

inBrowser(
  "P6 closed: whoever leaves in one tab has left in all, and finds what they were writing when they come back",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    const ann = await Person.at(browser, web.url, "Ann");
    const second = new Person(await ann.page.context().newPage());
    await second.page.goto(web.url);
    await second.connected();
    await second.field.fill("half a sentence");
    await ann.page.getByRole("button", { name: "Leave" }).click();
    await second.page.getByRole("alert").filter({ hasText: /signed out/ }).waitFor();
    await second.join("Ann");
    assertEquals(await second.field.inputValue(), "half a sentence");
    assertEquals([...ann.faults, ...second.faults], []);
  },
);

inBrowser(
  "P6 closed: words that turn letters around, pile up marks or have no end change nothing beside themselves",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    using client = grpcClient(chat.port);
    const marks = "\u0300\u0301\u0302\u0303".repeat(200);
    const hostile = [
      "\u202Ehttps://example.org/\u202Egpj.exe",
      `Z${marks}`,
      "x".repeat(16_000),
      `a${"\n".repeat(500)}b`,
    ];
    for (const message of ["before", ...hostile, "after"]) await send(client, { username: "bot", message });
    for (const width of [1280, 320]) {
      const viewport = { width, height: 700 };
      const ann = await Person.at(browser, web.url, `Ann ${width}`, { viewport });
      await ann.message("after").waitFor();
      const { page } = ann;
      assertEquals(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
      await page.getByRole("log").evaluate((log) => log.scrollTop = 0);
      await ann.message("before").waitFor();
      const link = page.getByRole("link", { name: "https://example.org" });
      assertEquals(await link.evaluate((link) => getComputedStyle(link).unicodeBidi), "isolate");
      const overlaps = await page.evaluate(() => {
        const boxes = [...document.querySelectorAll(".bubble")].map((one) => one.getBoundingClientRect());
        return boxes.filter(({ top, height }, i) =>
          height > 450 || top < (boxes[i - 1]?.bottom ?? -Infinity)
        );
      });
      assertEquals(overlaps, []);
      assertEquals(ann.faults, []);
    }
  },
);
