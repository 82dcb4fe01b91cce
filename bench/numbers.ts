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

/** The rows of a part's table, without its head. */
export function rowsIn(text: string, name: string): string[][] {
  const [, part = ""] = new RegExp(`<!-- bench:${name} -->\n([^]*?)<!-- end -->`).exec(text) ?? [];
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
