/** Measures: shape after shape, cell after cell, and of each repeat all servers in turns, A B A B. */
import { endAll } from "./process.ts";
import { Results } from "./results.ts";
import type { Peer } from "./servers/peer.ts";
import type { Cell, Shape } from "./shape.ts";

/** What is measured. */
export interface Plan {
  readonly shapes: readonly { readonly shape: Shape; readonly cells: readonly Cell[] }[];
  readonly peers: readonly Peer[];
  readonly repeats: number;
}

/** Whoever is told how it goes. */
export interface Progress {
  say(line: string): void;
  /** A shape is measured. */
  done(shape: Shape, results: Results): Promise<void>;
}

/** How long one run may take; a server that hangs fails. */
const patienceMs = 300_000;

/** Measures all of it. */
export async function run({ shapes, peers, repeats }: Plan, { say, done }: Progress): Promise<Results> {
  const results = new Results();
  for (const { shape, cells } of shapes) {
    for (const cell of cells) {
      const taking = peers.filter(({ name }) => shape.peers(cell).includes(name));
      for (let repeat = 1; repeat <= repeats; repeat++) {
        for (const peer of taking) {
          const since = performance.now();
          const outcome = await measure(shape, peer, cell);
          results.add({ shape: shape.name, cell: cell.name, peer: peer.name, outcome });
          const took = `${((performance.now() - since) / 1_000).toFixed(1)} s`;
          say(
            `${shape.name}, ${cell.name}, ${repeat} of ${repeats}, ${peer.name} (${took}): ${brief(outcome)}`,
          );
        }
      }
    }
    await done(shape, results);
  }
  return results;
}

async function measure(shape: Shape, peer: Peer, cell: Cell): Promise<Record<string, number> | string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => {
      endAll();
      resolve(`it took more than ${patienceMs / 1_000} s`);
    }, patienceMs);
  });
  try {
    return await Promise.race([shape.measure(peer, cell), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}

function brief(outcome: Record<string, number> | string): string {
  if (typeof outcome === "string") return `FAILED, ${outcome}`;
  return Object.entries(outcome).filter(([, value]) => !Number.isNaN(value)).map(([name, value]) =>
    `${name} ${Number.isInteger(value) ? value : value.toFixed(2)}`
  ).join(", ");
}
