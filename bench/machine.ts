/** On what it was measured. */
import { root } from "./servers/ours.ts";
import { output } from "./process.ts";

/** The machine in one line. */
export async function machine(): Promise<string> {
  const [cpuinfo, meminfo, release] = await Promise.all(
    ["/proc/cpuinfo", "/proc/meminfo", "/etc/os-release"].map((file) =>
      Deno.readTextFile(file).catch(() => "")
    ),
  );
  const model = /^model name\s*:\s*(.+)$/m.exec(cpuinfo ?? "")?.[1] ?? Deno.build.arch;
  const memory = Math.round(Number(/^MemTotal:\s+(\d+)/m.exec(meminfo ?? "")?.[1] ?? 0) / 1_048_576);
  const system = /^PRETTY_NAME="?([^"\n]+)/m.exec(release ?? "")?.[1] ?? Deno.build.os;
  const disk = await output("df", ["--output=fstype", root]);
  const files = disk?.split("\n").at(-1)?.trim() ?? "unknown";
  return `${navigator.hardwareConcurrency} cores of ${model}, ${memory} GB, ${system}, Linux ${Deno.osRelease()}, ` +
    `the log on ${files}`;
}

/** How busy it is with other things: processes that want to run, over the last minute. */
export function load(): number {
  return Deno.loadavg()[0] ?? 0;
}

/** Files that a process may have open; Deno raises it to the hard limit when it starts. */
export async function openFilesMost(): Promise<number> {
  const table = await Deno.readTextFile("/proc/self/limits");
  return Number(/^Max open files\s+\d+\s+(\d+)/m.exec(table)?.[1] ?? Infinity);
}
