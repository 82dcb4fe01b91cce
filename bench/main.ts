/** `deno task bench`: measures Switchboard beside its peers, prints the tables, and writes them into docs/numbers.md. */
import { judge, verdictRows } from "./bars.ts";
import { load, machine, openFilesMost } from "./machine.ts";
import { mergeRows, readAbout, readRows, writeNumbers } from "./numbers.ts";
import { help, type Options, readOptions } from "./options.ts";
import type { Results } from "./results.ts";
import { endAll } from "./process.ts";
import { run } from "./run.ts";
import { Missing, type Peer } from "./servers/peer.ts";
import { peers } from "./servers/peers.ts";
import type { Shape } from "./shape.ts";
import { shapes } from "./shapes.ts";
import { markdownTable, rowsOf, tableOf } from "./table.ts";

/** The most sockets that one process of a shape has: 10,000, and what a server needs besides. */
const filesNeeded = 12_600;

const names = { shapes: shapes.map(({ name }) => name), peers: peers.map(({ name }) => name) };

/** Measures what is asked for; gives the exit code. */
async function bench(options: Options): Promise<number> {
  const versions = new Map<Peer, string>();
  for (const peer of peers) {
    if (options.peers.length > 0 && !options.peers.includes(peer.name)) continue;
    try {
      versions.set(peer, await peer.prepare());
      say(`${peer.label}: ${versions.get(peer)}`);
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      say(`${peer.label}: SKIPPED, ${error.message}`);
    }
  }
  await warn(options);
  const here = await machine();
  const present = [...versions.keys()];
  const chosen = shapes.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
  const plan = chosen.map((shape) => ({
    shape,
    cells: (options.quick ? shape.quickCells : shape.cells).filter(({ name }) =>
      name.includes(options.cells)
    ),
  })).filter(({ cells }) => cells.length > 0);
  const when = new Date().toISOString().slice(0, 10);
  const results = await run({ shapes: plan, peers: present, repeats: options.repeats }, {
    say,
    done: async (shape, results) => {
      const rows = rowsFor(shape, results, { options, present });
      say(`\n${shape.title}\n\n${tableOf(shape, rows)}\n`);
      if (!options.write) return;
      if (options.cells === "") {
        const about = `Measured on ${when}: ${here}; ${times(options.repeats)}, median (least–most).`;
        return await writeNumbers({ [shape.name]: `${about}\n\n${tableOf(shape, rows)}` });
      }
      const about = `${await readAbout(shape.name)} “${options.cells}” again on ${when}, ${
        times(options.repeats)
      }.`;
      const merged = mergeRows(await readRows(shape.name), rows);
      await writeNumbers({ [shape.name]: `${about}\n\n${tableOf(shape, merged)}` });
    },
  });
  if (options.quick) return anyFailed(results, plan, present) ? 1 : 0;
  const verdicts = judge(results);
  say(`\n${barTable(verdictRows(verdicts.filter(({ value }) => !Number.isNaN(value))))}`);
  if (options.write) {
    const isPart = options.only.length > 0 || options.cells !== "";
    const rows = verdictRows(verdicts.filter(({ value }) => !isPart || !Number.isNaN(value)));
    const bars = barTable(isPart ? mergeRows(await readRows("bars"), rows) : rows);
    await writeNumbers({ bars, ...(!isPart && { machine: about(here, when, versions) }) });
  }
  return 0;
}

function rowsFor(
  shape: Shape,
  results: Results,
  { options, present }: { options: Options; present: readonly Peer[] },
): string[][] {
  return rowsOf(shape, results, { cells: options.quick ? shape.quickCells : shape.cells, peers: present });
}

function barTable(rows: readonly (readonly string[])[]): string {
  return markdownTable(["bar", "what", "asked", "value", "verdict"], rows);
}

function about(here: string, when: string, versions: ReadonlyMap<Peer, string>): string {
  const rows = peers.map((peer) => [peer.label, versions.get(peer) ?? "not installed, skipped"]);
  return `${when}; ${here}.\n\n${markdownTable(["server", "version"], rows)}`;
}

/** Says what would spoil the figures. */
async function warn({ quick }: Options): Promise<void> {
  const files = await openFilesMost();
  if (files < filesNeeded && !quick) {
    say(
      `WARNING: a process may have ${files} files open and ${filesNeeded} are needed: raise \`ulimit -Hn\`.`,
    );
  }
  if (load() > 0.5) {
    say(`WARNING: this machine is busy (a load of ${load().toFixed(1)}): the figures will be noisy.`);
  }
}

function anyFailed(
  results: Results,
  plan: readonly { shape: Shape; cells: readonly { name: string }[] }[],
  present: readonly Peer[],
): boolean {
  return plan.some(({ shape, cells }) =>
    cells.some((cell) =>
      present.some(({ name }) =>
        results.failure({ shape: shape.name, cell: cell.name, peer: name }) !== undefined
      )
    )
  );
}

function times(repeats: number): string {
  return repeats === 1 ? "once" : `${repeats} times`;
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    endAll();
    Deno.exit(130);
  });
}
const asked = readOptions(Deno.args, names);
if (asked.is === "help") say(help(names));
else if (asked.is === "wrong") {
  say(asked.why);
  Deno.exit(2);
} else Deno.exit(await bench(asked.options));
