/** The page: how soon it can be used, how it scrolls, and what a busy room costs it. */
import type { Browser } from "playwright-core";
import { type Client, connect } from "../../sdk/mod.ts";
import { here, workFolder } from "../cache.ts";
import { openChromium } from "../page_chromium.ts";
import { PagePerson } from "../page_person.ts";
import type { Figures } from "../results.ts";
import { type Ours, startOurs } from "../servers/ours.ts";
import { type Cell, shape } from "../shape.ts";

interface PageCell extends Cell {
  /** How many times slower the page's thread is made. */
  readonly slower: number;
  /** What has been said before. */
  readonly messages: number;
  readonly seconds: number;
  readonly measure: (person: PagePerson, stage: Stage) => Promise<Figures>;
}

interface Stage {
  readonly cell: PageCell;
  readonly bots: readonly Client[];
}

/** The cells that a bar speaks of. */
export const pageCells = {
  open: { name: "open, 4× slower", slower: 4, messages: 200, seconds: 0, measure: open },
  scroll: { name: "scroll 10,000", slower: 1, messages: 10_000, seconds: 10, measure: scroll },
  slowScroll: { name: "scroll 10,000, 4× slower", slower: 4, messages: 10_000, seconds: 10, measure: scroll },
  read: { name: "read 200/s, 4× slower", slower: 4, messages: 2_000, seconds: 8, measure: read },
} as const satisfies Record<string, PageCell>;

const scrollPixelsPerSecond = 4_000;
const readPerSecond = 200;

/** The shape. */
export const page = shape<PageCell>({
  name: "page",
  title: "The page",
  columns: [
    { figure: "interactive", head: "interactive, ms", digits: 0 },
    { figure: "script", head: "script, KB gzipped", digits: 1 },
    { figure: "frames", head: "frames/s", digits: 1 },
    { figure: "frameP99", head: "p99 between frames, ms", digits: 0 },
    { figure: "blank", head: "blank frames", digits: 0 },
    { figure: "busy", head: "page's thread, %", digits: 0 },
    { figure: "rows", head: "rows in the document", digits: 0 },
    { figure: "shift", head: "layout shift", digits: 3 },
  ],
  cells: [
    pageCells.open,
    { ...pageCells.open, name: "open", slower: 1 },
    pageCells.slowScroll,
    pageCells.scroll,
    pageCells.read,
    { ...pageCells.read, name: "read 200/s", slower: 1 },
  ],
  quickCells: [
    { ...pageCells.open, name: "open", slower: 1 },
    { ...pageCells.scroll, name: "scroll 400", slower: 1, messages: 400, seconds: 1 },
    { ...pageCells.read, name: "read 200/s", slower: 1, messages: 100, seconds: 0.5 },
  ],
  peers: () => ["ours"],
  measure: async (_, cell) => {
    await using folder = await workFolder();
    await using server = await startOurs({ folder: folder.path, rooms: [] });
    await using browser: Browser & AsyncDisposable = await openChromium();
    await using stack = new AsyncDisposableStack();
    const bots = await Promise.all(Array.from({ length: 8 }, (_, i) => botAt(server, i)));
    for (const bot of bots) stack.use(bot);
    await Promise.all(bots.map((bot, i) => fill(bot, cell.messages / bots.length, i)));
    const url = `http://localhost:${server.port}/`;
    await using person = await PagePerson.join(browser, { url, name: "Reader" });
    const figures = await cell.measure(person, { cell, bots });
    return { ...figures, rows: await person.rows() };
  },
});

async function open(person: PagePerson, { cell }: Stage): Promise<Figures> {
  await person.slow(cell.slower);
  const script = await Deno.readFile(here("../dist/chat.js"));
  return {
    interactive: await person.open(),
    script: await gzipped(script) / 1_024,
    shift: await person.shift(),
  };
}

async function scroll(person: PagePerson, { cell }: Stage): Promise<Figures> {
  const held = await person.hold(cell.messages);
  if (held < cell.messages) throw new Error(`Cannot measure: the page holds ${held} messages.`);
  await person.stand(0.5);
  await person.slow(cell.slower);
  const busy = { percent: 0 };
  const frames = await person.frames(async () => {
    busy.percent = await person.busy(async () => {
      const pixels = scrollPixelsPerSecond * cell.seconds / 2;
      for (const way of [-1, 1]) await person.scroll(way * pixels, scrollPixelsPerSecond);
    });
  });
  return { frames: frames.perSecond, frameP99: frames.p99, blank: frames.blank, busy: busy.percent };
}

async function read(person: PagePerson, { cell, bots }: Stage): Promise<Figures> {
  await person.slow(cell.slower);
  const sent: Promise<unknown>[] = [];
  const speak = async (seconds: number) => {
    const since = performance.now();
    for (let i = 0; i < readPerSecond * seconds; i++) {
      const due = since + i * 1_000 / readPerSecond;
      const wait = due - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      const bot = bots[i % bots.length];
      if (bot) sent.push(bot.send({ text: textOf(i) }));
    }
  };
  await speak(cell.seconds / 4);
  const busy = { percent: 0 };
  const frames = await person.frames(async () => {
    busy.percent = await person.busy(() => speak(cell.seconds));
  });
  await Promise.all(sent);
  return {
    frames: frames.perSecond,
    frameP99: frames.p99,
    blank: frames.blank,
    busy: busy.percent,
    shift: await person.shift(),
  };
}

function botAt({ grpcPort }: Ours, index: number): Promise<Client> {
  return connect(`grpc://127.0.0.1:${grpcPort}`, { name: `Speaker ${index}` });
}

/** Says so many things, some at a time. */
async function fill(bot: Client, count: number, first: number): Promise<void> {
  for (let said = 0; said < count; said += 50) {
    const some = Array.from({ length: Math.min(50, count - said) }, (_, i) => textOf(first + said + i));
    await Promise.all(some.map((text) => bot.send({ text })));
  }
}

/** Of many lengths, as people write. */
function textOf(index: number): string {
  return `Message ${index} ${"and what it says ".repeat(index * 7 % 11)}`.trim();
}

async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}
