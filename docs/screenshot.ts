/** Takes the README's pictures of the real page on real servers: `deno run -A docs/screenshot.ts`. */
import { openBrowser, Person } from "../tests/browser.ts";
import { grpcClient, send } from "../tests/doors.ts";
import { serveChat, serveWeb } from "../tests/harness.ts";

const talk: [hour: number, minute: number, username: string, message: string][] = [
  [9, 12, "Mara Lindqvist", "Morning! Is the staging database back?"],
  [9, 13, "Tomás", "Since half past eight."],
  [9, 14, "Tomás", "The disks are fine, by the way: the alarm was set for the old volume."],
  [
    9,
    20,
    "build-bot",
    "release 0.4.2 built in 3 min 12 s, 214 tests passed\nhttps://ci.example.org/runs/8841",
  ],
  [9, 21, "Ann", "Nice. Anything left before we ship it?"],
  [9, 24, "Mara Lindqvist", "Only the note about the new port."],
  [9, 24, "Mara Lindqvist", "I have it half written, you get it before lunch."],
  [9, 31, "Ann", "Perfect, then I will tag it this afternoon."],
  [9, 40, "build-bot", "staging is on 0.4.2"],
];

const midnight = new Date().setHours(0, 0, 0, 0);
let now = midnight;
await using chat = await serveChat({ now: () => now });
await using web = await serveWeb(chat.port);
using client = grpcClient(chat.port);
for (const [hour, minute, username, message] of talk) {
  now = midnight + (hour * 60 + minute) * 60_000;
  await send(client, { username, message });
}

await using browser = await openBrowser();
const shots = [
  {
    file: "screenshot.png",
    colorScheme: "light",
    viewport: { width: 1100, height: 760 },
    deviceScaleFactor: 1,
  },
  {
    file: "screenshot-phone.png",
    colorScheme: "dark",
    viewport: { width: 390, height: 760 },
    deviceScaleFactor: 1,
  },
] as const;
for (const { file, ...options } of shots) {
  const ann = await Person.at(browser, web.url, "Ann", { ...options, locale: "en-GB" });
  await ann.count(talk.length);
  await ann.page.waitForTimeout(500);
  await ann.page.screenshot({ path: new URL(file, import.meta.url).pathname });
}
