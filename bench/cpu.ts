/** What processes cost, as Linux counts it: all their threads, user and system time. */

import { processCpuMs } from "./generator/libc.ts";

/** /proc/stat counts in hundredths of a second, on every architecture that Deno runs on. */
const tickMs = 10;

/** CPU time so far, in milliseconds: what /proc/<pid>/stat has as user and system time, but not in hundredths. */
export function cpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + processCpuMs(pid), 0);
}

/** CPU time of the whole machine so far, in milliseconds: all that was not idle. */
export function machineMs(): number {
  // user nice system idle iowait irq softirq steal
  const fields = /^cpu +(.*)$/m.exec(readProc("/proc/stat"))?.[1]?.split(" ").map(Number) ?? [];
  return fields.slice(0, 8).reduce((sum, ticks, i) => i === 3 || i === 4 ? sum : sum + ticks, 0) * tickMs;
}

/** Resident memory in bytes; 0 for a process that is gone. */
export function rssBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readProc(`/proc/${pid}/status`))?.[1];
    return sum + Number(kilobytes ?? 0) * 1_024;
  }, 0);
}

/** A process and all that came from it. */
export function family(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (/^\d+$/.test(name)) parents.set(Number(name), Number(statFields(Number(name))[1] ?? 0));
  }
  const found = [pid];
  for (const one of found) {
    for (const [child, parent] of parents) if (parent === one) found.push(child);
  }
  return found;
}

/** The fields of /proc/<pid>/stat from the state on: the name before it may hold anything. */
function statFields(pid: number): string[] {
  const text = readProc(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function readProc(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
