/**
 * Prints, as JSON, where an npm package unpacked its Chromium and how to start it. Run with this folder's
 * deno.json: the heavy tools of the tests have a lock file of their own, so that `deno task start` on a new
 * machine does not fetch them.
 */
import { tmpdir } from "node:os";
import chromium from "@sparticuz/chromium";

// It takes a file that another process is still unpacking for the whole.
using lock = await Deno.open(`${tmpdir()}/chromium.lock`, { create: true, write: true });
await lock.lock(true);
// deno-lint-ignore no-console -- its output is its answer
console.log(JSON.stringify({ executablePath: await chromium.executablePath(), args: chromium.args }));
