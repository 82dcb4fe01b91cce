/** A server that is measured: ours, or one that a user might pick instead. */
import type { Door } from "../generator/orders.ts";

/** What a server works in. */
export interface Place {
  /** A folder of its own, which goes away afterwards. */
  readonly folder: string;
  /** Rooms that will be used. Those who know rooms only when somebody joins need not look. */
  readonly rooms: readonly string[];
}

/** A server that serves. */
export interface Server extends AsyncDisposable {
  /** Where clients of its usual door connect. */
  readonly port: number;
  /** All its processes. */
  pids(): number[];
}

/** What can be started. */
export interface Peer {
  /** As on the command line. */
  readonly name: string;
  /** As in tables. */
  readonly label: string;
  /** How clients speak to it. */
  readonly door: Door;
  /** Gets it ready, once a run; gives its version. Throws {@linkcode Missing}. */
  prepare(): Promise<string>;
  start(place: Place): Promise<Server>;
}

/** It cannot run here; the message says what it needs. */
export class Missing extends Error {
  override readonly name = "Missing";
}
