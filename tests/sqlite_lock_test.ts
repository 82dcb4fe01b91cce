/** The lock of a log's file: log/sqlite_lock.ts. */
import { assertEquals, assertThrows } from "@std/assert";
import { lockFile } from "../log/sqlite_lock.ts";
import { tempFolder } from "./harness.ts";

const program = `while (true) await new Deno.Command("true").output();`;

Deno.test("a file that was closed can be served again at once, also while other threads start programs", async () => {
  await using folder = await tempFolder();
  const threads = Array.from(
    { length: 3 },
    () => new Worker(`data:application/typescript,${encodeURIComponent(program)}`, { type: "module" }),
  );
  for (let i = 0; i < 300; i++) {
    const lock = lockFile(folder.file("chat.db"));
    assertThrows(() => lockFile(folder.file("chat.db")));
    await new Promise((resolve) => setTimeout(resolve, 2));
    lock.close();
  }
  for (const thread of threads) thread.terminate();
  assertEquals((await Array.fromAsync(Deno.readDir(folder.path))).length, 1);
});
