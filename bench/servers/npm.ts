/** The peers from npm: installed into the cache, once, as locked. `deno task start` fetches none of them. */
import { cached, here, isFresh } from "../cache.ts";
import { Missing } from "./peer.ts";
import { output } from "../process.ts";

let installing: Promise<string> | undefined;

/** Installs them; gives the folder of their packages. Throws Missing. */
export function npmPackages(): Promise<string> {
  return installing ??= install();
}

/** The version that is installed. */
export async function npmVersion(name: string): Promise<string> {
  const { version } = JSON.parse(await Deno.readTextFile(`${await npmPackages()}/${name}/package.json`));
  return version;
}

async function install(): Promise<string> {
  const folder = cached("npm");
  const lock = here("peers/npm/package-lock.json");
  if (await isFresh(`${folder}/node_modules`, lock)) return `${folder}/node_modules`;
  await Deno.mkdir(folder, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) {
    await Deno.copyFile(here(`peers/npm/${file}`), `${folder}/${file}`);
  }
  // What these packages need is in them: no script of theirs has to run.
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  if (await output("npm", args, { cwd: folder }) === undefined) {
    throw new Missing("it needs Node with npm, and the npm registry once");
  }
  const now = new Date();
  await Deno.utime(`${folder}/node_modules`, now, now);
  return `${folder}/node_modules`;
}
