/** Takes the README's pictures of the real page on real servers: `deno run -A docs/screenshot.ts`. */
import type { BrowserContextOptions } from "playwright-core";
import { openBrowser, Person } from "../tests/browser.ts";
import { FrameSocket } from "../tests/doors.ts";
import { serveChat, serveWeb } from "../tests/harness.ts";

type Doing =
  | { says: string; replyTo?: number }
  | { reacts: string; to: number }
  | { edits: number; text: string };

const talk: [hour: number, minute: number, name: string, does: Doing][] = [
  [9, 12, "Mara Lindqvist", { says: "Morning! Is the staging database back?" }],
  [9, 13, "Tomás", { says: "Since half past eight." }],
  [9, 14, "Tomás", { says: "The disks are fine: the alarm was set for the old volume." }],
  [9, 15, "Mara Lindqvist", { reacts: "🎉", to: 2 }],
  [9, 15, "Ann", { reacts: "🎉", to: 2 }],
  [9, 20, "build-bot", { says: "release 0.4.2 built in 3 min 12 s\nhttps://ci.example.org/runs/8841" }],
  [9, 20, "Tomás", { reacts: "🚀", to: 6 }],
  [9, 21, "Ann", { says: "Nice. Anything left before we ship it?" }],
  [9, 24, "Mara Lindqvist", { says: "Only the note about the new port, @Ann.", replyTo: 8 }],
  [9, 25, "Mara Lindqvist", { edits: 9, text: "Only the note about the new port, @Ann. Before lunch!" }],
  [9, 31, "Ann", { says: "Perfect, then I will tag it this afternoon." }],
  [9, 32, "Tomás", { reacts: "👍", to: 11 }],
];

const midnight = new Date().setHours(0, 0, 0, 0);
let now = midnight;
await using chat = await serveChat({ now: () => now });
await using web = await serveWeb(chat.port);
await using browser = await openBrowser();
await using programs = new AsyncDisposableStack();
const people = new Map<string, FrameSocket>();

async function person(name: string, token?: string): Promise<FrameSocket> {
  const entrance = token === undefined ? { name } : { token };
  const socket = programs.use(await FrameSocket.connect(web.port, entrance));
  await socket.ask({ open: {} });
  await socket.ask({ presence: { room: "lobby" } });
  people.set(name, socket);
  return socket;
}

async function act(name: string, does: Doing): Promise<void> {
  const here = { room: "lobby", clientId: crypto.randomUUID() };
  const socket = people.get(name) ?? await person(name);
  if ("says" in does) await socket.ask({ send: { ...here, text: does.says, replyTo: does.replyTo ?? 0 } });
  else if ("reacts" in does) await socket.ask({ react: { ...here, target: does.to, emoji: does.reacts } });
  else await socket.ask({ edit: { ...here, target: does.edits, text: does.text } });
}

const wide = { viewport: { width: 1180, height: 780 }, locale: "en-GB" } as const;
const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 780 },
  locale: "en-GB",
  colorScheme: "dark",
  hasTouch: true,
  isMobile: true,
};

const ann = await Person.at(browser, web.url, "Ann", wide);
const context = ann.page.context();
const token = (await context.cookies()).find(({ name }) => name === "switchboard_token")?.value;
await person("Ann", token);
const mara = await person("Mara Lindqvist");
for (
  const [room, topic] of [["design", "Where every pixel is argued about"], ["kitchen", ""], ["releases", ""]]
) {
  await mara.ask({ createRoom: { room, topic } });
}
await ann.page.reload();
await ann.show("releases");
await ann.show("lobby");
for (const [hour, minute, name, does] of talk) {
  now = midnight + (hour * 60 + minute) * 60_000;
  await act(name, does);
}
for (const text of ["0.4.2 is on staging", "All checks are green"]) {
  await mara.ask({ send: { room: "releases", clientId: text, text } });
}
await ann.page.getByRole("link", { name: "releases 2 new" }).waitFor();
await people.get("Tomás")?.ask({ typing: { room: "lobby" } });
await ann.page.getByText("Tomás is writing…").waitFor();
await ann.page.locator("article").nth(3).hover();
await shoot(ann, "screenshot.png");

const same = await browser.newContext({ ...phone, storageState: await context.storageState() });
const pocket = new Person(await same.newPage());
await pocket.page.goto(web.url);
await pocket.count(6);
await shoot(pocket, "screenshot-phone.png");

async function shoot({ page }: Person, file: string): Promise<void> {
  await page.waitForTimeout(500);
  await page.screenshot({ path: new URL(file, import.meta.url).pathname });
}
