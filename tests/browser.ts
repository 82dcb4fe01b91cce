/** The page in a real Chromium, and who looks at it. */
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from "playwright-core";
import { findChromium, launched, openChromium } from "../bench/page_chromium.ts";
import { eventually } from "./harness.ts";

/** A test with a browser of its own. */
export function inBrowser(name: string, test: (browser: Browser) => Promise<void>): void {
  Deno.test(name, async () => {
    await using browser = await openBrowser();
    await test(browser);
  });
}

/** Starts a browser; CHROMIUM names one. */
export const openBrowser = openChromium;

/** Starts a browser that keeps what it has in a folder, as people's browsers do. */
export async function openProfile(folder: string): Promise<BrowserContext & AsyncDisposable> {
  const options = await findChromium();
  const context = await launched(() => chromium.launchPersistentContext(folder, options));
  return Object.assign(context, { [Symbol.asyncDispose]: () => context.close() });
}

/** A person's page, in a browser profile of its own. */
export class Person {
  readonly page: Page;
  /** Errors that the page's console or scripts showed. */
  readonly faults: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.faults.push(String(error)));
    page.on("console", (line) => {
      if (line.type() === "error") this.faults.push(line.text());
    });
  }

  /** Opens the page and joins; with no name, only opens it. */
  static async at(
    browser: Browser,
    url: string,
    name: string,
    options: BrowserContextOptions = {},
  ): Promise<Person> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const person = new Person(await context.newPage());
    await person.page.goto(url);
    if (name) await person.join(name);
    return person;
  }

  async join(name: string): Promise<void> {
    await this.page.getByLabel("Your name").fill(name);
    await this.page.getByRole("button", { name: "Join" }).click();
    await this.connected();
  }

  /** Waits until the page says that it is. */
  async connected(): Promise<void> {
    await this.page.locator(".status[data-tone=quiet]").waitFor();
    await this.page.getByRole("log").waitFor();
  }

  /** Goes to a room by the list. */
  async show(room: string): Promise<void> {
    await this.page.getByRole("link", { name: room }).click();
    await this.page.getByRole("heading", { level: 1, name: room }).waitFor();
    await this.connected();
  }

  async make(room: string, topic = ""): Promise<void> {
    await this.page.getByRole("button", { name: "New room" }).click();
    const dialog = this.page.getByRole("dialog");
    await dialog.getByLabel("Name", { exact: true }).fill(room);
    await dialog.getByLabel(/What it is for/).fill(topic);
    await dialog.getByRole("button", { name: "Make the room" }).click();
    await this.page.getByRole("heading", { level: 1, name: room }).waitFor();
    await this.connected();
  }

  /** The message with this text, and all that belongs to it. */
  message(text: string): Locator {
    return this.page.locator("article").filter({ has: this.page.locator(".text", { hasText: text }) });
  }

  /** Does something with a message by its tools. */
  async act(text: string, tool: "React" | "Reply" | "Edit" | "Delete"): Promise<void> {
    await this.message(text).hover();
    await this.message(text).getByRole("button", { name: tool, exact: true }).click();
    // The field gets its words when the page draws next: what is filled in right then would stand behind them.
    if (tool === "Edit") await this.page.getByText("Changing your message", { exact: true }).waitFor();
  }

  async say(text: string): Promise<void> {
    await this.field.fill(text);
    await this.field.press("Enter");
  }

  get field() {
    return this.page.getByRole("textbox", { name: /Message to/ });
  }

  /** The texts in the log, from the top; only what is shown as sent, unless asked for another state. */
  texts(state = "sent"): Promise<string[]> {
    return this.page.getByRole("log").evaluate(readThrough, state);
  }

  /** Waits until so many messages are shown as sent. */
  async count(count: number): Promise<string[]> {
    let texts: string[] = [];
    await eventually(async () => (texts = await this.texts()).length >= count, {
      what: `${count} messages`,
      ms: 20_000,
    });
    return texts;
  }
}

/** Runs in the page. Only what is near to be seen is drawn: a long log is scrolled through. */
async function readThrough(log: HTMLElement, state: string): Promise<string[]> {
  const found = new Map<Element | string, string>();
  const read = () => {
    for (const one of log.querySelectorAll<HTMLElement>(`[data-state=${state}]`)) {
      const text = one.querySelector(".text")?.textContent;
      if (typeof text === "string") found.set(one.dataset.seq ?? one, text);
    }
  };
  const isWhole = () => [...log.querySelectorAll<HTMLElement>(".gap")].every((gap) => gap.offsetHeight < 1);
  const frame = () => new Promise(requestAnimationFrame);
  if (!isWhole()) {
    const below = log.scrollHeight - log.scrollTop;
    const isAtEnd = below - log.clientHeight < 2;
    for (log.scrollTop = 0;; log.scrollTop += log.clientHeight * 0.8) {
      for (let i = 0; i < 3; i++) await frame();
      read();
      if (log.scrollHeight - log.scrollTop - log.clientHeight < 2) break;
    }
    if (!isAtEnd) log.scrollTop = log.scrollHeight - below;
    await frame();
  }
  read();
  return [...found.values()];
}
