/** How many files and sockets this process may have open. Deno raises it to the hard limit when it starts. */
export async function openFilesMost(): Promise<number> {
  try {
    const table = await Deno.readTextFile("/proc/self/limits");
    return Number(/^Max open files\s+(\d+)/m.exec(table)?.[1] ?? Infinity);
  } catch {
    // Not Linux. Nothing tells there, so nothing is assumed.
    return Infinity;
  }
}
