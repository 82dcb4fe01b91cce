/** What the benchmark keeps from one run to the next, and the folders that its servers work in. Git does not see it. */

const folder = new URL(".cache/", import.meta.url).pathname;

/** What the names of this run's files begin with. */
export function mine(): string {
  return `run-${Deno.pid}`;
}

/** A file or folder of the cache. */
export function cached(name: string): string {
  return folder + name;
}

/** A folder of the benchmark itself. */
export function here(name: string): string {
  return new URL(name, import.meta.url).pathname;
}

/** A fresh folder that goes away with its scope: beside the code, since a temporary one may be in memory and sync to nothing. */
export async function workFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  await Deno.mkdir(folder, { recursive: true });
  await sweep();
  const path = await Deno.makeTempDir({ dir: folder, prefix: `${mine()}-` });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** True if `made` is there and not older than what it is made from. */
export async function isFresh(made: string, from: string): Promise<boolean> {
  const [one, other] = await Promise.all([made, from].map((file) => Deno.stat(file).catch(() => undefined)));
  return one !== undefined && other !== undefined && (one.mtime ?? 0) >= (other.mtime ?? 0);
}

let swept: Promise<void> | undefined;

/** Once a run: folders that a run left behind that was ended. */
function sweep(): Promise<void> {
  return swept ??= (async () => {
    for await (const { name } of Deno.readDir(folder)) {
      const pid = /^run-(\d+)-/.exec(name)?.[1];
      const isOver = pid !== undefined && await Deno.stat(`/proc/${pid}`).then(() => false, () => true);
      if (isOver) await Deno.remove(folder + name, { recursive: true });
    }
  })();
}
