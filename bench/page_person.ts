/** Somebody with a browser: what their page does is measured where it happens. */
import type { Browser, BrowserContext, CDPSession, Page } from "playwright-core";

/** How long a page may take to be ready. */
const patienceMs = 60_000;
/** After which time without a long task a page counts as at rest. */
const restMs = 1_000;

/** How frames came while something went on. */
export interface Frames {
  readonly perSecond: number;
  /** The time between two frames that one in a hundred passes, in milliseconds. */
  readonly p99: number;
  /** Frames in which a part of the list was not drawn. */
  readonly blank: number;
}

/** A page of ours in a browser of its own profile. */
export class PagePerson implements AsyncDisposable {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #tools: CDPSession;

  private constructor(page: Page, { context, tools }: { context: BrowserContext; tools: CDPSession }) {
    this.page = page;
    this.#context = context;
    this.#tools = tools;
  }

  /** Comes in by the door, under a name. */
  static async join(browser: Browser, { url, name }: { url: string; name: string }): Promise<PagePerson> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    const tools = await context.newCDPSession(page);
    // What others take of the processor meanwhile is not counted.
    await tools.send("Performance.enable", { timeDomain: "threadTicks" });
    await page.addInitScript(watch);
    const person = new PagePerson(page, { context, tools });
    await page.goto(url);
    await page.getByLabel("Your name").fill(name);
    await page.getByRole("button", { name: "Join" }).click();
    await person.ready();
    return person;
  }

  /** Lets the page's thread run at a fraction of its speed from now on. */
  async slow(times: number): Promise<void> {
    await this.#tools.send("Emulation.setCPUThrottlingRate", { rate: times });
  }

  /** Waits until the page shows what was said and could be written to; gives the time since it was asked for. */
  async ready(): Promise<number> {
    for (const end = Date.now() + patienceMs; Date.now() < end;) {
      const ready = await this.page.evaluate("watched.ready") as number;
      if (ready > 0) return ready;
      await this.page.waitForTimeout(50);
    }
    throw new Error(`Cannot measure the page: it is not ready after ${patienceMs / 1_000} s.`);
  }

  /** Opens the page again with an empty cache; gives the time until it can be used: from there on no task is long. */
  async open(): Promise<number> {
    await this.#tools.send("Network.clearBrowserCache");
    await this.page.reload({ waitUntil: "commit" });
    await this.ready();
    for (;;) {
      const [ready, busyUntil, now] = await this.page.evaluate(
        "[watched.ready, watched.busyUntil, performance.now()]",
      ) as [number, number, number];
      if (now > Math.max(ready, busyUntil) + restMs) return Math.max(ready, busyUntil);
      await this.page.waitForTimeout(restMs / 4);
    }
  }

  /** Scrolls up until so many messages are held, or there are no more. */
  async hold(wanted: number): Promise<number> {
    const held = () => this.page.evaluate("watched.held()") as Promise<number>;
    const end = Date.now() + patienceMs;
    while (await held() < wanted && Date.now() < end) {
      await this.page.evaluate("document.querySelector('[role=log]').scrollTop = 0");
      await this.page.waitForTimeout(20);
    }
    return await held();
  }

  /** Turns the wheel, as the compositor knows it: so many pixels, negative ones up. */
  async scroll(pixels: number, perSecond: number): Promise<void> {
    await this.#tools.send("Input.synthesizeScrollGesture", {
      x: 640,
      y: 400,
      yDistance: -pixels,
      speed: perSecond,
      preventFling: true,
      gestureSourceType: "mouse",
    });
  }

  /** Puts the list at a share of its height. */
  async stand(share: number): Promise<void> {
    await this.page.evaluate((share) => {
      const log = document.querySelector("[role=log]");
      if (log) log.scrollTop = log.scrollHeight * share;
    }, share);
    await this.page.waitForTimeout(500);
  }

  /** How frames come while something goes on. */
  async frames(what: () => Promise<void>): Promise<Frames> {
    await this.page.evaluate("watched.begin()");
    await what();
    return await this.page.evaluate("watched.end()") as Frames;
  }

  /** How much of a time the page's thread was at work, in percent. */
  async busy(what: () => Promise<void>): Promise<number> {
    const [since, before] = [performance.now(), await this.#taskMs()];
    await what();
    return (await this.#taskMs() - before) * 100 / (performance.now() - since);
  }

  /** Rows that are in the document. */
  rows(): Promise<number> {
    return this.page.locator("[role=log] .row").count();
  }

  /**
   * What moved though nobody moved it, as the browser scores it. While the wheel turns it says nothing: what is drawn
   * above in the same frame is scored as if all had moved.
   */
  async shift(): Promise<number> {
    return await this.page.evaluate("watched.shift") as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }

  async #taskMs(): Promise<number> {
    const { metrics } = await this.#tools.send("Performance.getMetrics");
    return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN) * 1_000;
  }
}

/** Runs in the page, before its own scripts. */
function watch(): void {
  const watched = {
    ready: 0,
    busyUntil: 0,
    shift: 0,
    times: [] as number[],
    blank: 0,
    on: false,
    held: () => {
      const rows = document.querySelector("[role=log] .rows") as HTMLElement | null;
      return Number(rows?.dataset.held ?? 0);
    },
    begin: () => {
      watched.times = [];
      watched.blank = 0;
      watched.on = true;
    },
    end: () => {
      watched.on = false;
      const gaps = watched.times.slice(1).map((time, index) => time - (watched.times[index] ?? 0));
      const whole = gaps.reduce((sum, gap) => sum + gap, 0);
      const p99 = gaps.sort((a, b) => a - b)[Math.floor(gaps.length * 0.99)] ?? NaN;
      return { perSecond: gaps.length * 1_000 / whole, p99, blank: watched.blank };
    },
  };
  Object.assign(globalThis, { watched });
  const observe = (type: string, each: (entry: PerformanceEntry) => void) =>
    new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true });
  observe("longtask", ({ startTime, duration }) => watched.busyUntil = startTime + duration);
  observe("layout-shift", (entry) => watched.shift += (entry as unknown as { value: number }).value);

  const isReady = () =>
    document.querySelector(".status[data-tone=quiet]") && document.querySelector("[role=log] article") &&
    document.getElementById("text");
  const isBlank = () => {
    const log = document.querySelector("[role=log]");
    const seen = log?.getBoundingClientRect();
    return [...log?.querySelectorAll(".gap") ?? []].some((gap) => {
      const { top, bottom } = gap.getBoundingClientRect();
      return seen && bottom > top + 1 && bottom > seen.top + 1 && top < seen.bottom - 1;
    });
  };
  const frame = (now: number) => {
    if (watched.ready === 0 && isReady()) watched.ready = performance.now();
    if (watched.on) {
      watched.times.push(now);
      if (isBlank()) watched.blank++;
    }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
