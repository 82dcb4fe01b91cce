/** The scenarios of `deno task chaos` that nothing else may run beside; the others are in ../chaos_test.ts. */
import { scenarios } from "../chaos/scenarios.ts";
import { tryOut } from "../chaos/trial.ts";

for (const scenario of Object.values(scenarios)) if (scenario.alone) tryOut(scenario);
