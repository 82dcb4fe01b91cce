/** A long room on the page: drawn in part, still, and quick. Real Chromium, real servers. */
import { assert, assertEquals } from "@std/assert";
import { type Client, connect } from "../../sdk/mod.ts";
import { inBrowser, Person } from "../browser.ts";
import { grpcClient, send } from "../doors.ts";
import { eventually, serveChat, serveWeb } from "../harness.ts";

/** Says so many things, as several programs do at once: `m0` and so on, of many lengths. */
async function fill(grpcPort: number, count: number): Promise<void> {
  const speakers = 8;
  await using stack = new AsyncDisposableStack();
  const bots: Client[] = [];
  for (let i = 0; i < speakers; i++) {
    bots.push(stack.use(await connect(`grpc://127.0.0.1:${grpcPort}`, { name: `bot ${i}` })));
  }
  for (let i = 0; i < count;) {
    const bot = bots[i / 50 % speakers];
    const texts = Array.from({ length: 50 }, () => `m${i} ${"of some length ".repeat(i++ % 9)}`.trim());
    await Promise.all(texts.map((text) => bot?.send({ text })));
  }
}

interface Seen {
  /** The numbers of the messages that are seen, from the top. */
  numbers: number[];
  /** Rows in the document. */
  rows: number;
  /** Pixels of what is seen that are not drawn. */
  blank: number;
}

/** What is seen of the log. */
function seen(log: HTMLElement): Seen {
  const { top, bottom } = log.getBoundingClientRect();
  const inView = (element: Element) => {
    const rect = element.getBoundingClientRect();
    return Math.max(0, Math.min(rect.bottom, bottom) - Math.max(rect.top, top));
  };
  const numbers = [...log.querySelectorAll("article")].filter((row) => inView(row) > 0)
    .map((row) => Number(/^m(\d+)/.exec(row.querySelector(".text")?.textContent ?? "")?.[1]));
  const blank = [...log.querySelectorAll(".gap")].reduce((sum, gap) => sum + inView(gap), 0);
  return { numbers, rows: log.querySelectorAll(".row").length, blank };
}

inBrowser(
  "with 10,000 messages held, few are drawn: the right ones, wherever one looks; nothing shifts or takes long",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    using client = grpcClient(chat.port);
    await fill(chat.port, 10_000);
    const ann = await Person.at(browser, web.url, "Ann");
    const { page } = ann;
    const log = page.getByRole("log");
    await ann.message("m9999").waitFor();
    await page.evaluate(() => {
      const told = Object.assign(globalThis, { longest: 0, shifts: [] as string[] });
      const observe = (type: string, each: (entry: PerformanceEntry) => void) =>
        new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type });
      observe("longtask", ({ duration }) => told.longest = Math.max(told.longest, duration));
      observe("layout-shift", (entry) => told.shifts.push(JSON.stringify(entry)));
    });
    const held = () => page.locator(".rows").getAttribute("data-held").then(Number);
    await eventually(async () => {
      await log.evaluate((list) => list.scrollTop = 0);
      return await held() === 10_000;
    }, { what: "10,000 messages", ms: 60_000 });
    for (const share of [0.5, 0.123, 0.77, 0, 1]) {
      await log.evaluate((list, share) => list.scrollTop = list.scrollHeight * share, share);
      await eventually(async () => (await log.evaluate(seen)).blank === 0, { what: `rows at ${share}` });
      const { numbers, rows } = await log.evaluate(seen);
      const [first = NaN] = numbers;
      assertEquals(numbers, numbers.map((_, index) => first + index));
      assert(Math.abs(first / 10_000 - share) < 0.05, `${first} at ${share}`);
      assert(rows < 100, `${rows} rows`);
    }
    await page.waitForTimeout(500);
    await page.evaluate("longest = 0");
    for (let i = 0; i < 20; i++) await send(client, { username: "bot", message: `live ${i}` });
    await ann.field.pressSequentially("typing while all that is held");
    await ann.field.press("Enter");
    await ann.message("typing while").waitFor();
    assertEquals(await page.evaluate("shifts"), []);
    const longest = await page.evaluate("longest") as number;
    assert(longest < 200, `something took ${longest} ms`);
  },
);

inBrowser(
  "what has the focus or is selected outlives being scrolled away from",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    await fill(chat.port, 400);
    const ann = await Person.at(browser, web.url, "Ann");
    const { page } = ann;
    const log = page.getByRole("log");
    const away = async () => {
      await log.evaluate((list) => list.scrollTop = list.scrollHeight / 3);
      await eventually(async () => (await log.evaluate(seen)).numbers.every((number) => number < 380));
    };
    await ann.message("m399").focus();
    await away();
    assert(await ann.message("m399").evaluate((row) => row === document.activeElement));
    // The way goes on from there.
    await page.keyboard.press("ArrowUp");
    await eventually(() => ann.message("m398").evaluate((row) => row === document.activeElement));
    assert((await log.evaluate(seen)).numbers.includes(398));

    await page.evaluate(() => {
      const rows = [...document.querySelectorAll("article .text")].slice(-3);
      const range = new Range();
      range.setStart(rows[0] ?? document, 0);
      range.setEnd(rows[2] ?? document, 1);
      getSelection()?.removeAllRanges();
      getSelection()?.addRange(range);
    });
    const selected = () => page.evaluate(() => `${getSelection()}`.match(/m\d+/g)?.join());
    assertEquals(await selected(), "m397,m398,m399");
    await away();
    assertEquals(await selected(), "m397,m398,m399");
  },
);
