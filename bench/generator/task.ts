/** Something that the generator is at: it is asked to go on whenever something happened, or its time has come. */
import type { Watches } from "./client.ts";

/** A task; what it hears meanwhile is its own. */
export interface Task<Result> extends Watches {
  /** Does what is due; gives when it wants to be asked again at the latest, or its result. Milliseconds. */
  step(now: number): { readonly again: number } | { readonly result: Result };
}
