/** What people do with messages on the page: real Chromium, real servers. */
import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { inBrowser, Person } from "./browser.ts";
import { FrameSocket, grpcClient, send } from "./doors.ts";
import { eventually, quietPort, serveChat, serveWeb } from "./harness.ts";

const phone = { viewport: { width: 390, height: 760 }, hasTouch: true, isMobile: true };

inBrowser(
  "P2 ordered: edits, deletions, replies, reactions and mentions of one page are seen on the other",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    const [ann, bob] = [await Person.at(browser, web.url, "Ann"), await Person.at(browser, web.url, "Bob")];
    await ann.say("teh first");
    await bob.count(1);
    await bob.act("teh first", "React");
    await bob.page.getByRole("button", { name: "thumbs up" }).click();
    const chip = ann.message("teh first").getByRole("button", { name: "👍 1: Bob" });
    await chip.click();
    await bob.message("teh first").getByRole("button", { name: "👍 2: Bob, Ann", pressed: true }).waitFor();
    await bob.act("teh first", "React");
    await bob.page.getByLabel("Another emoji").fill("a 🦔 please");
    await bob.page.getByRole("button", { name: "React 🦔" }).click();
    await ann.message("teh first").getByRole("button", { name: "🦔 1: Bob", pressed: false }).waitFor();

    await bob.act("teh first", "Reply");
    await bob.say("@ann what is it?");
    await ann.page.locator("[data-mention=true] mark").waitFor();
    await ann.field.press("ArrowUp");
    await eventually(async () => await ann.field.inputValue() === "teh first");
    await ann.say("the first");
    await bob.page.locator("article").first().getByText("edited").waitFor();
    await bob.message("what is it?").getByRole("button", { name: /In reply to/ }).getByText("the first")
      .waitFor();
    await bob.message("what is it?").getByRole("button", { name: /In reply to/ }).click();
    await eventually(() => bob.page.evaluate(() => document.activeElement?.getAttribute("data-seq") === "1"));

    await ann.act("the first", "Delete");
    await ann.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await bob.page.locator("article").first().getByText("This message was deleted.").waitFor();
    assertEquals(await bob.page.locator(".reaction").count(), 0);
    await bob.message("what is it?").getByRole("button", { name: /In reply to/ }).getByText("deleted")
      .waitFor();
    // Whoever comes later is told the same.
    await bob.page.reload();
    await bob.message("@ann what is it?").waitFor();
    await bob.page.locator("article").first().getByText("This message was deleted.").waitFor();
    assertEquals([...ann.faults, ...bob.faults], []);
  },
);

inBrowser(
  "P7 honest: what the server refuses is shown as failed, with its reason, and can be taken back",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    const ann = await Person.at(browser, web.url, "");
    await ann.page.getByLabel("Your name").fill("a\u200Bb");
    await ann.page.getByRole("button", { name: "Join" }).click();
    await ann.page.getByRole("alert").filter({ hasText: /invisible/ }).waitFor();
    await ann.join("Ann");
    await ann.field.fill("x".repeat(20_000));
    await ann.field.press("Enter");
    await ann.page.getByRole("alert").filter({ hasText: /bytes/ }).waitFor();
    assertEquals((await ann.field.inputValue()).length, 20_000);
    await ann.say("\u2800");
    await ann.page.getByRole("alert").filter({ hasText: /nothing to see/ }).waitFor();
    await ann.page.getByRole("button", { name: "Discard" }).click();
    assertEquals(await ann.texts("failed"), []);
  },
);

inBrowser(
  "P7 honest: an edit or a reaction that is refused is undone, says why, and can be given up",
  async (browser) => {
    await using chat = await serveChat();
    const port = quietPort();
    const web = await serveWeb(chat.port, { port });
    const ann = await Person.at(browser, web.url, "Ann");
    await ann.make("shed");
    await ann.say("the old words");
    await ann.count(1);
    const token = (await ann.page.context().cookies()).find(({ name }) => name === "switchboard_token")
      ?.value;
    await web.close();
    await ann.act("the old words", "Edit");
    await ann.say("the new words");
    await ann.message("the new words").getByTitle("Not sent yet").waitFor();
    await ann.act("the new words", "React");
    await ann.page.getByRole("button", { name: "heart" }).click();
    await ann.page.locator(".reaction[data-pending=true]").waitFor();
    await using again = await serveWeb(chat.port, { port: quietPort() });
    await using program = await FrameSocket.connect(again.port, { token: token ?? "" });
    await program.ask({ open: {} });
    await program.ask({ changeRoom: { room: "shed", archived: true } });
    await using _ = await serveWeb(chat.port, { port });
    await ann.message("the old words").getByRole("alert").filter({ hasText: /archived/ }).first().waitFor();
    assertEquals(await ann.message("the old words").getByRole("alert").count(), 2);
    assertEquals(await ann.page.locator(".reaction").count(), 0);
    for (const _ of [1, 2]) await ann.page.getByRole("button", { name: "Discard" }).first().click();
    await eventually(async () => await ann.page.getByRole("alert").count() === 0);
    await ann.page.getByText("This room is archived: it can only be read.").waitFor();
  },
);

inBrowser("a finger finds everything that can be done with a message in a menu", async (browser) => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  using client = grpcClient(chat.port);
  await send(client, { username: "bot", message: "tap me" });
  const ann = await Person.at(browser, web.url, "Ann", phone);
  await ann.message("tap me").locator(".text").tap();
  await ann.page.getByRole("dialog").getByRole("button", { name: "party popper" }).tap();
  await ann.message("tap me").getByRole("button", { name: "🎉 1: Ann" }).waitFor();
  await ann.message("tap me").locator(".text").tap();
  await ann.page.getByRole("dialog").getByText("🎉 Ann").waitFor();
  assertEquals(await ann.page.getByRole("dialog").getByRole("button", { name: "Delete" }).count(), 0);
  await ann.page.getByRole("dialog").getByRole("button", { name: "Reply" }).tap();
  await eventually(() => ann.page.evaluate(() => document.activeElement?.id === "text"));
  await ann.say("mine");
  await ann.message("mine").locator(".text").tap();
  await ann.page.getByRole("dialog").getByRole("button", { name: "Delete" }).tap();
  await ann.page.getByRole("dialog").getByRole("button", { name: "Delete" }).tap();
  await ann.page.getByText("This message was deleted.").waitFor();
  assertEquals(ann.faults, []);
});

inBrowser("who writes is told while they do, and no longer", async (browser) => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  const [ann, bob] = [await Person.at(browser, web.url, "Ann"), await Person.at(browser, web.url, "Bob")];
  await ann.field.pressSequentially("I think");
  await bob.page.getByText("Ann is writing…").waitFor();
  await ann.field.fill("");
  await bob.page.getByText("Ann is writing…").waitFor({ state: "detached" });
  await ann.field.pressSequentially("I know");
  await bob.page.getByText("Ann is writing…").waitFor();
  await ann.field.press("Enter");
  await bob.page.getByText("Ann is writing…").waitFor({ state: "detached" });
  assertEquals(await ann.page.getByText(/writing/).count(), 0);
});

/** Joins and speaks without touching anything but keys. */
async function joinByKeys(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle");
  await page.keyboard.press("Tab");
  for (let i = 0; i < 5 && await page.evaluate("document.activeElement?.id") !== "name"; i++) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.type("Ann");
  await page.keyboard.press("Enter");
  await page.getByRole("log").waitFor();
  await eventually(() => inField(page), { what: "the field" });
  await page.keyboard.type("line one");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("line two");
  await page.keyboard.press("Enter");
  await page.locator("[role=log] [data-state=sent]").waitFor();
}

function inField(page: Page): Promise<boolean> {
  return page.evaluate(() => document.activeElement?.id === "text");
}

inBrowser("by keyboard alone: joining, speaking, and changing one's mind about a change", async (browser) => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  const { page, faults } = await Person.at(browser, web.url, "");
  await joinByKeys(page);
  assertEquals(await page.locator("[role=log] .text").first().textContent(), "line one\nline two");
  const field = page.locator("#text");
  await page.keyboard.press("ArrowUp");
  await eventually(async () => await field.inputValue() === "line one\nline two");
  await page.keyboard.type("!");
  await page.keyboard.press("Escape");
  await eventually(async () => await field.inputValue() === "");
  await page.keyboard.press("ArrowUp");
  await eventually(async () => await field.inputValue() === "line one\nline two");
  await page.keyboard.type("?");
  await page.keyboard.press("Enter");
  await page.getByRole("log").getByText("edited").waitFor();
  assertEquals(await page.locator("[role=log] .text").first().textContent(), "line one\nline two?");
  assertEquals(faults, []);
});

inBrowser(
  "by keyboard alone: from message to message, and into what can be done with one",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    const { page, faults } = await Person.at(browser, web.url, "");
    await joinByKeys(page);
    await page.keyboard.type("another one");
    await page.keyboard.press("Enter");
    await page.getByRole("log").getByText("another one").waitFor();
    await page.getByRole("log").focus();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    const seq = () => page.evaluate(() => document.activeElement?.getAttribute("data-seq"));
    assertEquals(await seq(), "1");
    await page.getByRole("toolbar").waitFor();
    await page.keyboard.press("Tab");
    assertEquals(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "React");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Choose a reaction" }).waitFor();
    await page.keyboard.press("Enter");
    await page.locator(".reaction[aria-pressed=true]").waitFor();
    await page.getByRole("log").locator("article").first().focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await eventually(async () => await seq() === "1", { what: "the message again" });
    await page.keyboard.press("Escape");
    await eventually(() => inField(page), { what: "the field again" });
    assertEquals(faults, []);
  },
);

inBrowser(
  "P6 closed: text is text; nothing in a message, a name, a topic or an emoji runs or breaks the page",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    using client = grpcClient(chat.port);
    const nasty = [
      `<img src=x onerror="window.ran=1">`,
      `<script>window.ran=1</script>`,
      `<a href="javascript:window.ran=1">x</a>`,
      `javascript:window.ran=1`,
      `http://x"onmouseover="window.ran=1`,
      "\u202Egnp.exe",
      "a\0b",
      "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L",
    ];
    for (const message of nasty) await send(client, { username: `<b onclick="window.ran=1">`, message });
    const ann = await Person.at(browser, web.url, "Ann");
    const texts = await ann.count(nasty.length);
    assertEquals(texts.slice(0, 5), nasty.slice(0, 5));
    await ann.page.locator("[role=log] .text").nth(4).hover();
    await ann.make("pit", nasty[0]);
    await ann.page.getByRole("button", { name: "About pit" }).click();
    assertEquals(await ann.page.evaluate("window.ran"), undefined);
    assertEquals(
      await ann.page.locator(".shell :is(img, script, [onclick], [href^=javascript])").count(),
      0,
    );
    assertEquals(ann.faults, []);
  },
);
