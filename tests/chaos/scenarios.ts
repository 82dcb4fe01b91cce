/** All scenarios, by name. */
import { cluster } from "./scenarios/cluster.ts";
import { cut } from "./scenarios/cut.ts";
import { fanIn } from "./scenarios/fan_in.ts";
import { flood } from "./scenarios/flood.ts";
import { fuzz } from "./scenarios/fuzz.ts";
import { ghosts } from "./scenarios/ghosts.ts";
import { idleDrain } from "./scenarios/idle_drain.ts";
import { killChat } from "./scenarios/kill_chat.ts";
import { killGateway } from "./scenarios/kill_gateway.ts";
import { mix } from "./scenarios/mix.ts";
import { sameId } from "./scenarios/same_id.ts";
import { sigterm } from "./scenarios/sigterm.ts";
import { stalled } from "./scenarios/stalled.ts";
import { storm } from "./scenarios/storm.ts";
import type { Scenario } from "./verdict.ts";

const all: readonly Scenario[] = [
  killChat,
  killGateway,
  sameId,
  fanIn,
  stalled,
  flood,
  idleDrain,
  storm,
  fuzz,
  sigterm,
  cut,
  ghosts,
  mix,
  cluster,
];

/** The scenarios, in the order they are run. */
export const scenarios: Readonly<Record<string, Scenario>> = Object.fromEntries(
  all.map((scenario) => [scenario.name, scenario]),
);
