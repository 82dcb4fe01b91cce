/** A real Chromium: the machine's own, or the one that an npm package brings. */
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from "playwright-core";
import { run, toolArgs } from "./harness.ts";

const installed = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** A test with a browser of its own. */
export function inBrowser(name: string, test: (browser: Browser) => Promise<void>): void {
  Deno.test(name, async () => {
    await using browser = await openBrowser();
    await test(browser);
  });
}

/** The browser from npm crashes now and then before it has opened anything; so often it is started again. */
const launchesMost = 4;

/** Starts a browser; CHROMIUM names one. */
export async function openBrowser(): Promise<Browser & AsyncDisposable> {
  const options = await launching();
  const browser = await launch(() => chromium.launch(options));
  return Object.assign(browser, { [Symbol.asyncDispose]: () => browser.close() });
}

/** Starts a browser that keeps what it has in a folder, as people's browsers do. */
export async function openProfile(folder: string): Promise<BrowserContext & AsyncDisposable> {
  const options = await launching();
  const context = await launch(() => chromium.launchPersistentContext(folder, options));
  return Object.assign(context, { [Symbol.asyncDispose]: () => context.close() });
}

async function launch<T>(start: () => Promise<T>): Promise<T> {
  for (let left = launchesMost - 1;; left--) {
    try {
      return await start();
    } catch (error) {
      if (left === 0 || !/signal=SIGSEGV/.test(String(error))) throw error;
    }
  }
}

async function launching(): Promise<{ executablePath: string; args: string[] }> {
  const named = Deno.env.get("CHROMIUM");
  const found = named ?? installed.find((path) => isFile(path));
  // Without the network flags Chromium tries many a connection of its own.
  const quiet = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
  const { executablePath, args } = found ? { executablePath: found, args: [] } : await fromNpm();
  return { executablePath, args: [...args, ...quiet] };
}

async function fromNpm(): Promise<{ executablePath: string; args: string[] }> {
  const { code, stdout, stderr } = await run([Deno.execPath(), ...toolArgs, "tests/tools/chromium.ts"]);
  if (code !== 0) throw new Error(`Cannot get a browser from npm: ${stderr}`);
  const { executablePath, args } = JSON.parse(stdout);
  // In a single process, closing one profile would end the browser; the others weaken what is tested.
  const unwanted = /^--(single-process|no-zygote|disable-web-security|disable-site-isolation)/;
  return { executablePath, args: args.filter((arg: string) => !unwanted.test(arg)) };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
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
    return this.page.locator(`[role=log] [data-state=${state}] .text`).allTextContents();
  }

  /** Waits until so many messages are shown as sent. */
  async count(count: number): Promise<string[]> {
    await this.page.waitForFunction(
      (wanted) => document.querySelectorAll("[role=log] [data-state=sent]").length >= wanted,
      count,
      { timeout: 20_000 },
    );
    return await this.texts();
  }
}
