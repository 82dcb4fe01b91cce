/** The command line of `deno task bench`. */

/** What is to be measured. */
export interface Options {
  readonly quick: boolean;
  /** Names of shapes; all if it is empty. */
  readonly only: readonly string[];
  /** Cells whose names hold this. */
  readonly cells: string;
  /** Names of peers; all if it is empty. */
  readonly peers: readonly string[];
  readonly repeats: number;
  /** Whether the document is written. */
  readonly write: boolean;
}

/** What the command line asks for. */
export type Asked =
  | { readonly is: "run"; readonly options: Options }
  | { readonly is: "help" }
  | { readonly is: "wrong"; readonly why: string };

/** Reads the command line. */
export function readOptions(
  args: readonly string[],
  known: { shapes: readonly string[]; peers: readonly string[] },
): Asked {
  let options: Options = { quick: false, only: [], cells: "", peers: [], repeats: 3, write: true };
  const rest = args.flatMap((arg) =>
    /^--\w+=/.test(arg) ? [arg.slice(0, arg.indexOf("=")), arg.slice(arg.indexOf("=") + 1)] : [arg]
  );
  while (rest.length > 0) {
    const flag = rest.shift();
    if (flag === "--help") return { is: "help" };
    if (flag === "--quick") options = { ...options, quick: true, repeats: 1, write: false };
    else if (flag === "--only" || flag === "--peers") {
      const names = (rest.shift() ?? "").split(",").filter((name) => name !== "");
      const all = flag === "--only" ? known.shapes : known.peers;
      const unknown = names.find((name) => !all.includes(name));
      if (unknown !== undefined || names.length === 0) {
        return wrong(`${flag} "${unknown ?? ""}": there is no such one, take some of ${all.join(",")}`);
      }
      options = { ...options, [flag.slice(2)]: names };
    } else if (flag === "--cells") options = { ...options, cells: rest.shift() ?? "" };
    else if (flag === "--repeats") {
      const repeats = Number(rest.shift());
      if (!Number.isInteger(repeats) || repeats < 1) {
        return wrong("--repeats: it is a whole number from 1 on");
      }
      options = { ...options, repeats };
    } else return wrong(`"${flag}": there is no such flag`);
  }
  return { is: "run", options: { ...options, write: options.write && options.peers.length === 0 } };
}

/** What `--help` says. */
export function help({ shapes, peers }: { shapes: readonly string[]; peers: readonly string[] }): string {
  return [
    "Measure Switchboard beside its peers, and write docs/numbers.md.",
    "",
    "  --only <shapes>    only these, with commas between; of the bars then only theirs are written",
    "  --peers <names>    only these servers; then nothing is written",
    "  --cells <text>     only sizes whose names hold the text, such as 1000; then only their rows are written",
    "  --repeats <n>      how often each is measured (default: 3)",
    "  --quick            tiny sizes, once, and nothing is written: does everything run?",
    "",
    `Shapes: ${shapes.join(", ")}`,
    `Servers: ${peers.join(", ")}`,
  ].join("\n");
}

function wrong(why: string): Asked {
  return { is: "wrong", why: `Cannot use ${why}. Run with --help to see all flags.` };
}
