/** How the page looks and moves: accessible, and still. Real Chromium, real servers. */
import { assert, assertEquals } from "@std/assert";
import axe from "axe-core";
import type { Locator, Page } from "playwright-core";
import { inBrowser, Person } from "./browser.ts";
import { grpcClient, send } from "./doors.ts";
import { eventually, serveChat, serveWeb } from "./harness.ts";

async function violations(page: Page, when: string): Promise<void> {
  // Colours that are on their way are not what people read.
  await page.waitForTimeout(250);
  // The page's policy lets in no script without its nonce, which is as it should be; this one comes by the debugger.
  await page.evaluate(axe.source);
  const found = await page.evaluate("axe.run(document)") as {
    violations: { id: string; nodes: { html: string }[] }[];
  };
  const told = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  assertEquals(told, [], when);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert(overflow <= 0, `${overflow} px too wide, ${when}`);
}

type Look = (what: string) => Promise<void>;

for (const colorScheme of ["light", "dark"] as const) {
  inBrowser(
    `axe finds nothing to object to, whatever is open, wide, on a phone and at 320 px (${colorScheme})`,
    async (browser) => {
      await using chat = await serveChat();
      await using web = await serveWeb(chat.port);
      using client = grpcClient(chat.port);
      for (let i = 0; i < 12; i++) {
        const message = `https://example.org says ${"long ".repeat(i * 4)} @Ann`;
        await send(client, { username: `Sender ${i}`, message });
      }
      for (const width of [1280, 390, 320]) {
        const phone = width < 1000 ? { hasTouch: true, isMobile: true } : {};
        const viewport = { width, height: 640 };
        const ann = await Person.at(browser, web.url, "", { colorScheme, viewport, ...phone });
        const look: Look = (what) => violations(ann.page, `${what} at ${width}`);
        await look("the door");
        await ann.join("Ann");
        await lookAtMessages(ann, look);
        await lookAtRooms(ann, look, `room-${width}`);
        await ann.page.goto(`${web.url}/rooms/nowhere`);
        await ann.page.getByText("There is no room").waitFor();
        await look("no room");
        assertEquals(ann.faults, []);
        await ann.page.goto(web.url);
        await openRooms(ann);
        await ann.page.getByRole("button", { name: "Leave" }).click();
        await ann.page.getByLabel("Your name").waitFor();
        await ann.page.context().close();
      }
    },
  );
}

async function lookAtMessages(ann: Person, look: Look): Promise<void> {
  const { page } = ann;
  for (const text of ["W".repeat(300), "short", "gone soon", "\u2800"]) await ann.say(text);
  await page.getByRole("button", { name: "Retry" }).waitFor();
  await look("a failed message");
  await page.getByRole("button", { name: "Discard" }).click();
  for (const at of [0, 1]) await react(ann, `Sender ${at}`);
  await look("reactions");
  await open(ann, "short");
  await look("the menu");
  await page.getByRole("button", { name: "Edit" }).last().click();
  await eventually(async () => await ann.field.inputValue() === "short");
  await look("an edit");
  await ann.say("short and edited");
  await open(ann, "gone soon");
  await page.getByRole("button", { name: "Delete" }).last().click();
  await look("the question");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).last().click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await ann.message("gone soon").waitFor({ state: "detached" });
  await open(ann, "short and edited");
  await page.getByRole("button", { name: "Reply" }).last().click();
  await look("a reply");
  await ann.say("I see");
  await look("all that was done");
}

async function lookAtRooms(ann: Person, look: Look, room: string): Promise<void> {
  const { page } = ann;
  await openRooms(ann);
  await look("the rooms");
  await page.getByRole("button", { name: "New room" }).click();
  await look("a new room");
  await page.getByRole("dialog").getByLabel("Name", { exact: true }).fill(room);
  await page.getByRole("dialog").getByLabel(/What it is for/).fill("All that is said here. ".repeat(9));
  await page.getByRole("button", { name: "Make the room" }).click();
  await page.getByRole("heading", { level: 1, name: room }).waitFor();
  await look("an empty room");
  await page.getByRole("button", { name: /^About/ }).click();
  await look("about the room");
  await page.getByRole("button", { name: "Archive it" }).click();
  await page.getByText("This room is archived").waitFor();
  await page.getByRole("button", { name: "People here" }).click();
  await look("people, in an archived room");
}

/** On a phone they are behind a button. */
async function openRooms({ page }: Person): Promise<void> {
  const button = page.getByRole("button", { name: /^Rooms/ });
  if (await button.count() > 0) await button.click();
}

async function react(person: Person, sender: string): Promise<void> {
  const log = person.page.getByRole("log");
  await log.evaluate((list) => list.scrollTop = 0);
  await openMenu(person.page, person.page.locator("article").filter({ hasText: sender }).first());
  await person.page.getByRole("button", { name: "heart" }).click();
  await person.page.getByRole("dialog").waitFor({ state: "detached" });
  await log.evaluate((list) => list.scrollTop = list.scrollHeight);
}

async function open(person: Person, text: string): Promise<void> {
  await openMenu(person.page, person.message(text).last());
}

async function openMenu(page: Page, article: Locator): Promise<void> {
  // What was done before leads back to the field, a moment later: nobody is so fast, but this is.
  await eventually(async () => {
    await article.press("Enter");
    return await page.getByRole("dialog").waitFor({ timeout: 1_000 }).then(() => true, () => false);
  }, { what: `the menu of "${article}"` });
}

inBrowser(
  "a reader above stays where they are and is told of new messages; nothing shifts",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    using client = grpcClient(chat.port);
    for (let i = 0; i < 60; i++) await send(client, { username: "bot", message: `m${i}` });
    const ann = await Person.at(browser, web.url, "Ann");
    await ann.message("m59").waitFor();
    const { page } = ann;
    const log = page.getByRole("log");
    const fromBottom = () => log.evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight);
    await eventually(async () => await fromBottom() < 4, { what: "the bottom" });
    await page.evaluate(() => {
      const shifts = Object.assign(globalThis, { shifts: 0 });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) shifts.shifts += (entry as unknown as { value: number }).value;
      }).observe({ type: "layout-shift", buffered: false });
    });
    for (let i = 60; i < 70; i++) await send(client, { username: "bot", message: `m${i}` });
    await ann.say("own words");
    await ann.message("own words").and(page.locator("[data-state=sent]")).waitFor();
    await eventually(async () => await fromBottom() < 4, { what: "the bottom again" });
    await log.evaluate((list) => list.scrollTop = 0);
    await page.waitForTimeout(200);
    for (let i = 70; i < 75; i++) await send(client, { username: "bot", message: `m${i}` });
    const chip = page.getByRole("button", { name: "5 new messages" });
    await chip.waitFor();
    assertEquals(await log.evaluate((list) => list.scrollTop), 0);
    await chip.click();
    await eventually(async () => await fromBottom() < 4, { what: "the bottom, by the chip" });
    await page.waitForTimeout(300);
    assertEquals(await page.evaluate("shifts"), 0);
  },
);
