/** The page, as people use it: real Chromium, real servers. */
import { assert, assertEquals } from "@std/assert";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { openBrowser, Person } from "./browser.ts";
import { grpcClient, send } from "./doors.ts";
import { eventually, serveChat, serveWeb, spawn, tempFolder } from "./harness.ts";
import { runPython } from "./python.ts";

function inBrowser(name: string, test: (browser: Browser) => Promise<void>): void {
  Deno.test(name, async () => {
    await using browser = await openBrowser();
    await test(browser);
  });
}

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
    assertEquals(await ann.page.locator("[role=log] [data-mine=true]").count(), 10);
    assertEquals([...ann.faults, ...bob.faults], []);
  },
);

inBrowser(
  "P3 complete, P7 honest: over a kill -9 of ChatService a page loses nothing, doubles nothing, and says how it stands",
  async (browser) => {
    await using folder = await tempFolder();
    const env = { CHAT_LOG: `sqlite:${folder.file("chat.db")}` };
    const first = await spawn("grpc", { env });
    await using web = await serveWeb(first.port);
    const ann = await Person.at(browser, web.url, "Ann");
    await ann.say("before");
    await ann.count(1);
    await first.kill("SIGKILL");
    await ann.page.getByText(/cannot be reached/i).first().waitFor();
    await ann.say("while away");
    await eventually(async () => (await ann.texts("pending")).join() === "while away", {
      what: "a pending message",
    });
    assertEquals(await ann.texts(), ["before"]);
    await using again = await spawn("grpc", { env: { ...env, GRPC_PORT: String(first.port) } });
    using client = grpcClient(again.port);
    await send(client, { username: "bot", message: "welcome back" });
    const texts = await ann.count(3);
    assertEquals(texts.toSorted(), ["before", "welcome back", "while away"]);
    await eventually(async () => (await ann.texts("pending")).length === 0, { what: "nothing pending" });
  },
);

inBrowser(
  "P3 complete, P7 honest: over a restart of the gateway and a reload, unsent messages and the draft are kept",
  async (browser) => {
    await using chat = await serveChat();
    const web = await serveWeb(chat.port);
    const port = web.port;
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

inBrowser(
  "P6 closed: text is text; nothing in a message or a name runs or breaks the page",
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
    assertEquals(await ann.page.evaluate("window.ran"), undefined);
    assertEquals(
      await ann.page.locator("[role=log] :is(img, script, [onclick], [href^=javascript])").count(),
      0,
    );
    assertEquals(ann.faults, []);
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

inBrowser("the page can be used by keyboard alone", async (browser) => {
  await using chat = await serveChat();
  await using web = await serveWeb(chat.port);
  const { page, ...rest } = await Person.at(browser, web.url, "");
  await page.waitForLoadState("networkidle");
  await page.keyboard.press("Tab");
  for (let i = 0; i < 5 && await page.evaluate("document.activeElement?.id") !== "name"; i++) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.type("Ann");
  await page.keyboard.press("Enter");
  await page.getByRole("log").waitFor();
  await page.getByRole("textbox").waitFor();
  await eventually(async () => await page.evaluate("document.activeElement?.tagName") === "TEXTAREA");
  await page.keyboard.type("line one");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("line two");
  await page.keyboard.press("Enter");
  await page.locator("[role=log] [data-state=sent]").waitFor();
  assertEquals(await page.locator("[role=log] .text").first().textContent(), "line one\nline two");
  assertEquals(rest.faults, []);
});

inBrowser(
  "a reader above stays where they are and is told of new messages; nothing shifts",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    using client = grpcClient(chat.port);
    for (let i = 0; i < 60; i++) await send(client, { username: "bot", message: `m${i}` });
    const ann = await Person.at(browser, web.url, "Ann");
    await ann.count(60);
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
    await ann.count(70);
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

async function violations(page: Page): Promise<string[]> {
  // The page's policy lets in no script without its nonce, which is as it should be; this one comes by the debugger.
  await page.evaluate(axe.source);
  const found = await page.evaluate("axe.run(document)") as {
    violations: { id: string; nodes: { html: string }[] }[];
  };
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

for (const colorScheme of ["light", "dark"] as const) {
  inBrowser(
    `axe finds nothing to object to, joining and chatting, wide and at 320 px (${colorScheme})`,
    async (browser) => {
      await using chat = await serveChat();
      await using web = await serveWeb(chat.port);
      using client = grpcClient(chat.port);
      for (let i = 0; i < 12; i++) {
        await send(client, {
          username: `Sender ${i}`,
          message: `https://example.org says ${"long ".repeat(i * 4)}`,
        });
      }
      for (const width of [1280, 320]) {
        const ann = await Person.at(browser, web.url, "", { colorScheme, viewport: { width, height: 640 } });
        assertEquals(await violations(ann.page), []);
        await ann.join("Ann");
        await ann.say("W".repeat(300));
        await ann.say("\u2800");
        await ann.page.getByRole("button", { name: "Retry" }).waitFor();
        assertEquals(await violations(ann.page), []);
        const overflow = await ann.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert(overflow <= 0, `${overflow} px too wide at ${width}`);
        await ann.page.context().close();
      }
    },
  );
}
