/**
 * Runs all tests: side by side those that can be, then, one after the other, those of tests/quiet, which measure time
 * or memory. With arguments, what they say to `deno test`.
 */

/** Begun first, so that in the end none of them is left to run alone. */
const longest = ["slow", "chaos", "browser_look"].map((name) => `tests/${name}_test.ts`);
const files = Array.from(Deno.readDirSync("tests"), ({ name }) => `tests/${name}`).sort()
  .filter((file) => file.endsWith("_test.ts") && !longest.includes(file));
const parts = Deno.args.length > 0 ? [Deno.args] : [["--parallel", ...longest, ...files], ["tests/quiet"]];

/** Files at a time: one more than CI has cores, since tests wait much. */
const env = { DENO_JOBS: "3" };

let code = 0;
for (const part of parts) {
  const child = new Deno.Command(Deno.execPath(), { args: ["test", "-A", ...part], env }).spawn();
  const { code: ended } = await child.status;
  code ||= ended;
}
Deno.exit(code);
