/**
 * Runs all tests: side by side those that can be, then, one after the other, those of tests/quiet, which measure time
 * or memory. With arguments, what they say to `deno test`.
 */

/** Begun first, so that in the end none of them is left to run alone. */
const longest = ["slow", "chaos", "browser_look"].map((name) => `tests/${name}_test.ts`);
const sideBySide = ["--parallel", "--ignore=tests/quiet", ...longest, "tests"];
const parts = Deno.args.length > 0 ? [Deno.args] : [sideBySide, ["tests/quiet"]];

/** Files at a time: one more than CI has cores, since tests wait much. */
const env = { DENO_JOBS: "3" };

let code = 0;
for (const part of parts) {
  const child = new Deno.Command(Deno.execPath(), { args: ["test", "-A", ...part], env }).spawn();
  code ||= (await child.status).code;
}
Deno.exit(code);
