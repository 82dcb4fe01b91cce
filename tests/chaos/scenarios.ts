/** All scenarios, by name. */
import { killChat } from "./scenarios/kill_chat.ts";
import { killGateway } from "./scenarios/kill_gateway.ts";
import type { Scenario } from "./verdict.ts";

const all: readonly Scenario[] = [killChat, killGateway];

/** The scenarios, in the order they are run. */
export const scenarios: Readonly<Record<string, Scenario>> = Object.fromEntries(
  all.map((scenario) => [scenario.name, scenario]),
);
