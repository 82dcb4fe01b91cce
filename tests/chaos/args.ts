/** The suite's command line. */
import type { RunOptions, Scenario } from "./verdict.ts";

/** What is to be run. */
export interface Asked extends Pick<RunOptions, "seed" | "log" | "size" | "rounds"> {
  /** Names of scenarios, in order. */
  readonly only: readonly string[];
}

/** Reads the arguments, or says what is wrong with them. */
export function parseArgs(args: readonly string[], names: readonly string[]): Asked | string {
  const given = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const [, flag = "", value] = /^--([a-z]+)(?:=(.*))?$/.exec(args[i] ?? "") ?? [];
    if (!["seed", "log", "size", "rounds", "only"].includes(flag)) {
      return `Cannot use "${args[i]}": there is no such flag.`;
    }
    given.set(flag, value ?? args[++i] ?? "");
  }
  const seed = Number(given.get("seed") ?? Math.floor(Math.random() * 2 ** 31));
  if (!Number.isSafeInteger(seed)) {
    return `Cannot use the seed "${given.get("seed")}": it is not a whole number.`;
  }
  const size = given.get("size") ?? "ci";
  if (size !== "ci" && size !== "full") return `Cannot use the size "${size}": it is ci or full.`;
  const rounds = given.has("rounds") ? Number(given.get("rounds")) : undefined;
  if (rounds !== undefined && !(Number.isSafeInteger(rounds) && rounds > 0)) {
    return `Cannot run "${given.get("rounds")}" rounds: it is not a whole number above 0.`;
  }
  const only = given.get("only")?.split(",") ?? names;
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) return `Cannot run "${unknown}": there is no such scenario.`;
  return { seed, log: given.get("log") ?? "sqlite", size, rounds, only };
}

/** What can be asked for. */
export function usage(scenarios: Readonly<Record<string, Scenario>>): string {
  const names = Object.values(scenarios).map(({ name, about }) => `  ${name.padEnd(14)}${about}`);
  return [
    "deno task chaos [--seed N] [--size ci|full] [--rounds N] [--only name,name] [--log sqlite|nats]",
    "",
    ...names,
  ].join("\n");
}
