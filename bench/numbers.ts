/** docs/numbers.md: what stands between `<!-- bench:x -->` and the next `<!-- end -->` is written by the benchmark. */

const file = new URL("../docs/numbers.md", import.meta.url);

/** Writes parts of the document, by name; the others stay as they are. Throws if there is no place for one. */
export async function writeNumbers(parts: Readonly<Record<string, string>>): Promise<void> {
  await Deno.writeTextFile(file, replaceParts(await Deno.readTextFile(file), parts));
  // The gate looks at how its tables are laid out, too.
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", file.pathname] }).output();
}

/** The rows of a part's table as the document has it, without its head. */
export async function readRows(name: string): Promise<string[][]> {
  return rowsIn(await Deno.readTextFile(file), name);
}

/** What a part says above its table, in one line. */
export async function readAbout(name: string): Promise<string> {
  const [, part = ""] = partOf(name).exec(await Deno.readTextFile(file)) ?? [];
  return part.split("|")[0]?.trim().replaceAll("\n", " ") ?? "";
}

/** Rows as they stood `before`, with fresh ones in the place of those that begin with the same two cells, or behind them. */
export function mergeRows(
  before: readonly (readonly string[])[],
  fresh: readonly (readonly string[])[],
): (readonly string[])[] {
  const isSame = (a: readonly string[], b: readonly string[]) => a[0] === b[0] && a[1] === b[1];
  return [
    ...before.map((row) => fresh.find((one) => isSame(one, row)) ?? row),
    ...fresh.filter((one) => !before.some((row) => isSame(one, row))),
  ];
}

/** The rows of a part's table, without its head. */
export function rowsIn(text: string, name: string): string[][] {
  const [, part = ""] = partOf(name).exec(text) ?? [];
  const rows = part.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
}

/** The text with its parts replaced. */
export function replaceParts(text: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((text, [name, part]) => {
    const pattern = new RegExp(`(<!-- bench:${name} -->\n)[^]*?(<!-- end -->)`);
    if (!pattern.test(text)) throw new Error(`Cannot write "${name}": docs/numbers.md has no place for it.`);
    return text.replace(pattern, (_, begin, end) => `${begin}\n${part}\n\n${end}`);
  }, text);
}

function partOf(name: string): RegExp {
  return new RegExp(`<!-- bench:${name} -->\n([^]*?)<!-- end -->`);
}
