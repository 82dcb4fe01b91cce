/** What the benchmark asks of the generator, and what it answers: one line of JSON each. */
import type { DialectName } from "./dialects.ts";
import type { Latency } from "./histogram.ts";

/** How a client speaks: over WebSocket, or Session over gRPC. */
export type Door = DialectName | "session";

/** Connect, and join. */
export interface ConnectOrder {
  readonly do: "connect";
  readonly door: Door;
  readonly port: number;
  /** Other servers of the same rooms, with which the first takes turns. */
  readonly morePorts?: readonly number[];
  readonly clients: number;
  /** The rooms' names. Client `i` joins room `i % rooms`. */
  readonly rooms: readonly string[];
  /** Of each room's clients, the first so many will write. */
  readonly writers: number;
  /** A file with a token a line, for doors that need them; taken in turns. */
  readonly tokens?: string;
  /** How many earlier messages each client asks for, and waits for. */
  readonly replay: number;
  /** How many may be on their way in at a time. */
  readonly atOnce: number;
  /** Gives up after so long. */
  readonly patienceSeconds: number;
}

/** Write by the clock, and count what comes. */
export interface LoadOrder {
  readonly do: "load";
  /** Messages a second, of all writers together. */
  readonly perSecond: number;
  /** What is before the window that is measured. */
  readonly warmSeconds: number;
  /** The window. */
  readonly seconds: number;
  /** How long to wait behind the window for what is still missing. */
  readonly drainSeconds: number;
  /** Processes whose CPU time is taken over the window. */
  readonly pids: readonly number[];
  /** Says `{"mark": true}` so long after the beginning, and tells when everybody had something that was due later. */
  readonly markSeconds?: number;
}

/** Only stay. */
export interface StayOrder {
  readonly do: "stay";
  readonly seconds: number;
}

/** All orders. */
export type Order = ConnectOrder | LoadOrder | StayOrder;

/** How connecting went. */
export interface Connected {
  readonly joined: number;
  /** From the first connection to the last one in. */
  readonly ms: number;
  /** From each connection's beginning until it was in. */
  readonly latency: Latency;
  /** Why some were not let in. */
  readonly refusals: readonly string[];
}

/** How a load went. Times in milliseconds. */
export interface LoadReport {
  readonly sent: number;
  readonly delivered: number;
  readonly inWindow: number;
  readonly lost: number;
  readonly disordered: number;
  readonly diverging: number;
  /** From when a message was due until a client had it. */
  readonly latency: Latency;
  /** From when a message was due until it was acknowledged. */
  readonly acks: Latency;
  /** Acknowledgements that came in the window. */
  readonly acksInWindow: number;
  readonly refused: number;
  readonly unanswered: number;
  readonly refusals: readonly string[];
  /** Connections that were lost meanwhile. */
  readonly closed: number;
  readonly windowMs: number;
  readonly serverCpuMs: number;
  readonly generatorCpuMs: number;
  /** What all else on the machine took: it should be near 0. */
  readonly otherCpuMs: number;
  /** From the mark until everybody had something that was due after it; NaN as null if somebody never had. */
  readonly markMs: number | null;
}

/** What the generator answers. */
export type Answer = { readonly mark: true } | { readonly failed: string } | { readonly done: unknown };
