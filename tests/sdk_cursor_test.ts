/** That a cursor's file is whole on the disk before it takes the old one's place, as the kernel sees it. */
import { assert, assertEquals } from "@std/assert";
import { cannotRunHere, root, run, tempFolder } from "./harness.ts";

Deno.test("P3 complete: sdk: a cursor is on the disk before its file takes the old one's place, so that a power cut leaves one of both", async () => {
  await using folder = await tempFolder();
  const [path, trace] = [folder.file("bot.cursor"), folder.file("trace")];
  const script = `import { fileCursor } from "${root}sdk/cursor.ts";
    for (const seq of [1, 2]) await fileCursor("${path}").save({ epoch: "e", seq });`;
  await Deno.writeTextFile(folder.file("save.ts"), script);
  const calls = "trace=write,fdatasync,fsync,rename,renameat,renameat2";
  const strace = ["strace", "-f", "-qq", "-yy", "-e", calls, "-o", trace];
  const deno = [Deno.execPath(), "run", "-q", "-A", `--config=${root}deno.json`, folder.file("save.ts")];
  const { code, stderr } = await run([...strace, ...deno]).catch(() => ({
    code: 1,
    stderr: "not installed",
  }));
  if (code !== 0) return cannotRunHere(`it needs strace, and the right to use it (${stderr.trim()}).`);
  const seen = (await Deno.readTextFile(trace)).split("\n")
    .map((line) => /^\d+ +(write|fdatasync|fsync|rename)\w*\([^<"]*[<"]([^>"]*bot\.cursor[^>"]*)/.exec(line))
    .flatMap((found) => found ? [`${found[1]?.replace("fdatasync", "fsync")} ${found[2]}`] : []);
  assertEquals(seen.map((call) => call.split(" ")[0]), [
    "write",
    "fsync",
    "rename",
    "write",
    "fsync",
    "rename",
  ]);
  const [first, second] = [seen.slice(0, 3), seen.slice(3)].map((save) =>
    new Set(save.map((call) => call.split(" ")[1]))
  );
  assertEquals(
    [first?.size, second?.size],
    [1, 1],
    "it is the file that was written which is synced and renamed",
  );
  assert([...first ?? []][0] !== [...second ?? []][0], "and each save has its own");
  assertEquals(await Deno.readTextFile(path), `{"epoch":"e","seq":2}`);
});
