/** A scenario as a test: small, enough to see that it still tries what it should, and that nothing breaks at once. */
import { assert } from "@std/assert";
import { details, isGood, type Scenario } from "./verdict.ts";

const seed = Number(Deno.env.get("SEED") ?? 1);

/** Registers the test. SEED in the environment names another seed. */
export function tryOut(scenario: Scenario): void {
  Deno.test({
    name: `${scenario.about} (${scenario.name}, small, seed ${seed})`,
    // A client of grpc-js that is closed while it tries to connect leaves timers, and here servers are away.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const said: string[] = [];
      const verdict = await scenario.run({ seed, log: "sqlite", size: "ci", say: (line) => said.push(line) });
      assert(isGood(verdict), [...details(verdict), ...said, JSON.stringify(verdict.figures)].join("\n"));
    },
  });
}
