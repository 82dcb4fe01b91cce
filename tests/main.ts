/**
 * Runs all tests: side by side those that can be, then, one after the other, those with a browser, which takes all that
 * the machine has, and those of tests/quiet, which measure time or memory. With arguments, what they say to `deno test`.
 */

/** Begun first, so that in the end none of them is left to run alone. */
const longest = ["slow", "chaos"].map((name) => `tests/${name}_test.ts`);
const files = Array.from(Deno.readDirSync("tests"), ({ name }) => `tests/${name}`).sort()
  .filter((file) => file.endsWith("_test.ts") && !longest.includes(file));
const { browser = [], others = [] } = Object.groupBy(
  files,
  (file) => file.startsWith("tests/browser_") ? "browser" : "others",
);
const all = [["--parallel", ...longest, ...others], [...browser, "tests/quiet"]];
const parts = Deno.args.length > 0 ? [Deno.args] : all;

/** Files at a time: one more than CI has cores, since tests wait much. */
const env = { DENO_JOBS: "3" };

let code = 0;
for (const part of parts) {
  const child = new Deno.Command(Deno.execPath(), { args: ["test", "-A", ...part], env }).spawn();
  const { code: ended } = await child.status;
  code ||= ended;
}
Deno.exit(code);
