/** How fast somebody has been, also on earlier sessions, and whether they are kept out for it. */
import { limits } from "../protos/limits.ts";
import { fullPace, type Pace, type PaceLimits } from "./pace.ts";

/** Commands of one person on a gRPC session. */
export const pace: PaceLimits = { perSecond: limits.commandsPerSecondGrpc, burst: limits.commandsBurstGrpc };

/** What is kept of it. */
export interface Conduct {
  pace: Pace;
  /** They are kept out until then, in milliseconds of `performance.now()`. */
  awayUntil: number;
}

/** That of somebody who was not here of late. */
export function newConduct(): Conduct {
  return { pace: fullPace(pace, performance.now()), awayUntil: 0 };
}
