/** How a scenario went, and how it is told. */
import { anomalies, type Anomaly, type Finding, tally } from "./checker.ts";

/** What a scenario finds out. */
export interface Verdict {
  /** Broken promises about the log and its readers. */
  readonly findings: readonly Finding[];
  /** Other bounds that were not kept, each in words. */
  readonly broken: readonly string[];
  /** What was measured. */
  readonly figures: Readonly<Record<string, string | number>>;
}

/** What a scenario is told. */
export interface RunOptions {
  readonly seed: number;
  /** A key of the engines. */
  readonly log: string;
  /** How much: "ci" within seconds, "full" as the acceptance asks. */
  readonly size: "ci" | "full";
  /** Instead of the size's own number of rounds. */
  readonly rounds?: number | undefined;
  /** Tells how far it is. */
  readonly say: (line: string) => void;
}

/** One way to try a server. */
export interface Scenario {
  readonly name: string;
  /** What has to be true, in one line, with the promises' ids. */
  readonly about: string;
  /** It measures time or memory, or takes all that the machine has: nothing else may run beside it. */
  readonly alone?: true;
  run(options: RunOptions): Promise<Verdict>;
}

/** True if nothing was broken. */
export function isGood({ findings, broken }: Verdict): boolean {
  return findings.length === 0 && broken.length === 0;
}

const short: Record<Anomaly, string> = {
  "lost acked": "lost",
  "duplicate": "dup",
  "reordered": "order",
  "phantom": "phantom",
  "silent gap": "gap",
  "diverging": "diverge",
};

/** A line for each scenario. */
export function table(verdicts: readonly { readonly name: string; readonly verdict: Verdict }[]): string {
  const head = ["scenario", "verdict", ...anomalies.map((anomaly) => short[anomaly]), "bounds", "figures"];
  const rows = verdicts.map(({ name, verdict }) => {
    const counts = tally(verdict.findings);
    const figures = Object.entries(verdict.figures).map(([what, figure]) => `${what} ${figure}`).join(", ");
    const numbers = anomalies.map((anomaly) => `${counts[anomaly]}`);
    return [name, isGood(verdict) ? "ok" : "BROKEN", ...numbers, `${verdict.broken.length}`, figures];
  });
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
  const line = (row: string[]) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd();
  return [head, ...rows].map(line).join("\n");
}

/** What was broken, at most so many lines of each. */
export function details({ findings, broken }: Verdict, most = 8): string[] {
  const lines = [...broken, ...findings.map(({ anomaly, what }) => `${anomaly}: ${what}`)];
  const more = lines.length - most;
  return more > 0 ? [...lines.slice(0, most), `… and ${more} more`] : lines;
}
