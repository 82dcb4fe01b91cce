/**
 * Runs all tests: side by side those that can be, then, one after the other, those of tests/quiet, which measure time
 * or memory. With arguments, what they say to `deno test`.
 */
const sideBySide = ["--parallel", "--ignore=tests/quiet", "tests"];
const parts = Deno.args.length > 0 ? [Deno.args] : [sideBySide, ["tests/quiet"]];

let code = 0;
for (const part of parts) {
  const child = new Deno.Command(Deno.execPath(), { args: ["test", "-A", ...part] }).spawn();
  code ||= (await child.status).code;
}
Deno.exit(code);
