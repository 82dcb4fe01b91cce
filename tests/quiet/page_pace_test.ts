/** How often the page takes in what others do: at once at rest, and in a burst together. */
import { assert, assertEquals } from "@std/assert";
import { Pace } from "../../islands/pace.ts";
import { inBrowser, Person } from "../browser.ts";
import { connect } from "../../sdk/mod.ts";
import { serveChat, serveWeb } from "../harness.ts";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A browser's tab, as far as a pace looks at it: each frame takes as long as it is told. */
function tab({ hidden = false, frameMs = 0 } = {}): Disposable {
  const frame = (run: () => void) =>
    setTimeout(() => {
      run();
      for (const end = performance.now() + frameMs; performance.now() < end;);
    });
  Object.assign(globalThis, { document: { hidden }, requestAnimationFrame: frame });
  return {
    [Symbol.dispose]: () =>
      ["document", "requestAnimationFrame"].forEach((name) => Reflect.deleteProperty(globalThis, name)),
  };
}

Deno.test("what comes alone is taken in at once, and so is all that comes to a hidden page", async () => {
  let done = 0;
  const pace = new Pace(() => done++);
  {
    using _ = tab({ frameMs: 10 });
    for (let i = 1; i <= 3; i++) {
      pace.ask();
      assertEquals(done, i);
      await wait(150);
    }
  }
  using _ = tab({ hidden: true });
  for (let i = 4; i <= 9; i++) {
    pace.ask();
    assertEquals(done, i);
  }
  await wait(150);
  assertEquals(done, 9);
});

Deno.test("in a burst a page that draws slowly works a small part of its time, and leaves nothing behind", async () => {
  using _ = tab({ frameMs: 10 });
  let [asked, taken, times] = [0, 0, 0];
  const pace = new Pace(() => {
    taken = asked;
    times++;
  });
  for (const end = performance.now() + 1_000; performance.now() < end; await wait(5)) {
    asked++;
    pace.ask();
  }
  await wait(150);
  assert(times >= 8 && times <= 25, `${times} times a second`);
  assertEquals(taken, asked);
});

inBrowser(
  "200 messages a second are drawn some at a time by a slow page, in order and all of them",
  async (browser) => {
    await using chat = await serveChat();
    await using web = await serveWeb(chat.port);
    const ann = await Person.at(browser, web.url, "Ann");
    await using bot = await connect(`grpc://127.0.0.1:${chat.port}`, { name: "Bot" });
    await bot.send({ text: "first" });
    await ann.count(1);
    await ann.page.evaluate(() => {
      const shown = Object.assign(globalThis, { times: 0, last: "" });
      const look = () => {
        const last = [...document.querySelectorAll<HTMLElement>("[role=log] article")].at(-1)?.dataset.seq ??
          "";
        if (last !== shown.last) shown.times++;
        shown.last = last;
      };
      new MutationObserver(look)
        .observe(document.querySelector("[role=log] .rows") as Node, { childList: true });
    });
    const tools = await ann.page.context().newCDPSession(ann.page);
    await tools.send("Emulation.setCPUThrottlingRate", { rate: 4 });
    const sent: Promise<unknown>[] = [];
    const since = performance.now();
    for (let i = 0; i < 400; i++) {
      const due = since + i * 5 - performance.now();
      if (due > 0) await wait(due);
      sent.push(bot.send({ text: `m${i}` }));
    }
    await Promise.all(sent);
    await ann.message("m399").waitFor();
    const times = await ann.page.evaluate("times") as number;
    assert(times < 90, `${times} times in 2 s`);
    const texts = await ann.texts();
    const last = texts.slice(-10);
    assertEquals(last, Array.from({ length: 10 }, (_, i) => `m${390 + i}`));
  },
);
