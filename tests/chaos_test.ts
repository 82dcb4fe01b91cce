/** The scenarios of `deno task chaos` that can be tried beside other tests; the others are in quiet/chaos_test.ts. */
import { scenarios } from "./chaos/scenarios.ts";
import { tryOut } from "./chaos/trial.ts";

for (const scenario of Object.values(scenarios)) if (!scenario.alone) tryOut(scenario);
