/** A ledger of what people said and what they were answered, for tests that talk to a server that goes away. */

/** An acknowledgement. */
export interface Ack {
  readonly sender: string;
  readonly text: string;
  readonly seq: number;
  readonly duplicate: boolean;
}

/** What happened. */
export interface Ledger {
  readonly acks: Ack[];
  /** gRPC statuses of sends that were cut off. */
  readonly cutOff: number[];
}

export function newLedger(): Ledger {
  return { acks: [], cutOff: [] };
}

/** A crashed server is back within a second; grpc-js waits longer before it looks again, also after it was closed. */
export const backoff = { "grpc.initial_reconnect_backoff_ms": 1, "grpc.max_reconnect_backoff_ms": 200 };

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
