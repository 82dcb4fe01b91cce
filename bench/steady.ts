/** A server at work: warmed first, then measured. */
import { figuresOf } from "./figures.ts";
import type { Generator } from "./generator.ts";
import type { Figures } from "./results.ts";
import type { Scene } from "./scene.ts";
import type { Server } from "./servers/peer.ts";

/** What it is asked. */
export interface Steady {
  /** Messages a second. */
  readonly perSecond: number;
  /** The window. Below 1 s nothing is warmed: then only that it runs is of interest. */
  readonly seconds: number;
  /** Clients that are given each message. */
  readonly audience: number;
}

/** Each server is warmed with about so many deliveries a second, and at most so many messages. */
const [warmDeliveries, warmMessages] = [20_000, 200];

/** Lets go by what joining has set off, and the code that is used much be compiled. */
export async function warm(generator: Generator, audience: number): Promise<void> {
  await generator.stay({ seconds: 1 });
  const perSecond = Math.min(warmMessages, Math.max(1, warmDeliveries / audience));
  await generator.load({ perSecond, warmSeconds: 0, seconds: 2, drainSeconds: 5, pids: [] });
}

/** Loads a server, and gives its figures. */
export async function steady(
  { server, generator }: Scene<Server>,
  { perSecond, seconds, audience }: Steady,
): Promise<Figures> {
  if (seconds >= 1) await warm(generator, audience);
  const report = await generator.load({
    perSecond,
    warmSeconds: Math.min(1, seconds),
    seconds,
    drainSeconds: 5,
    pids: server.pids(),
  });
  return figuresOf(report, server);
}
