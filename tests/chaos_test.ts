/**
 * Every scenario of `deno task chaos`, small: enough to see that each still tries what it should, and that nothing
 * breaks at once. Long runs are on demand. Seeds that found something have tests of their own below.
 */
import { assert } from "@std/assert";
import { scenarios } from "./chaos/scenarios.ts";
import { details, isGood, type Scenario } from "./chaos/verdict.ts";

const seed = Number(Deno.env.get("SEED") ?? 1);

async function tryIt(scenario: Scenario, seed: number): Promise<void> {
  const said: string[] = [];
  const verdict = await scenario.run({ seed, log: "sqlite", size: "ci", say: (line) => said.push(line) });
  assert(isGood(verdict), [...details(verdict), ...said, JSON.stringify(verdict.figures)].join("\n"));
}

for (const scenario of Object.values(scenarios)) {
  Deno.test({
    name: `${scenario.about} (${scenario.name}, small, seed ${seed})`,
    // A client of grpc-js that is closed while it tries to connect leaves timers, and here servers are away.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () => tryIt(scenario, seed),
  });
}
