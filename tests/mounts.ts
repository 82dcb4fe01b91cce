/** File systems of a process's own: the permission bits of a file do not bind root, and no real disk should fill up. */
import { cannotRunHere, run } from "./harness.ts";

/** How this machine lets a process have its own mounts, as root or as nobody in particular. */
const ways = [["unshare", "-m"], ["unshare", "-r", "-m"]];

/**
 * Wraps a program in mounts of its own, which end with it: `script` is run first, with "$0" as `target`.
 * From outside they are under /proc/<pid>/root. Undefined, loudly, where mounting is not allowed.
 */
export async function withMounts(script: string, target: string): Promise<string[] | undefined> {
  for (const way of ways) {
    const probe = await run([...way, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).catch(() => undefined);
    if (probe?.code === 0) return [...way, "sh", "-c", `${script} && exec "$@"`, target];
  }
  cannotRunHere("it needs unshare, and the right to mount.");
  return undefined;
}

/** Makes a file or folder read-only, also for root. */
export function readOnly(target: string): Promise<string[] | undefined> {
  return withMounts(`mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"`, target);
}
