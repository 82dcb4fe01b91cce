/** The port of signals: what may be lost. They travel beside the log and never touch it. */

/** A place from where somebody is in a room: one person on one session of one node. */
export interface Holder {
  /** The ChatService that holds the session. */
  readonly node: string;
  /** The session and the person on it, unique on the node. */
  readonly id: string;
}

/** Something that happened and is soon over. */
export type Signal =
  | {
    readonly kind: "present" | "gone";
    readonly room: string;
    readonly holder: Holder;
    readonly name: string;
  }
  | { readonly kind: "typing"; readonly room: string; readonly name: string }
  | { readonly kind: "stopped"; readonly room: string; readonly name: string }
  /** Whoever has a token of this id, on whichever node, may not go on. */
  | { readonly kind: "revoked"; readonly id: string; readonly name: string }
  /** A guest has a name through a node since then, in milliseconds since 1970, or has it no more. */
  | {
    readonly kind: "named" | "unnamed";
    readonly node: string;
    readonly id: string;
    readonly name: string;
    readonly since: number;
  }
  /** The node lives, and so do its holders. Due every 10 s. */
  | { readonly kind: "alive"; readonly node: string };

/** What is about who is in a room. */
export type RoomSignal = Extract<Signal, { room: string }>;

/** What is about whose a name is. */
export type NameSignal = Extract<Signal, { kind: "named" | "unnamed" }>;

/**
 * Carries signals to all nodes.
 *
 * 1. A listener is told of every signal of this node, in order.
 * 2. Those of other nodes may be late, lost or doubled. Whoever listens lets what it was told expire.
 */
export interface Signals {
  publish(signal: Signal): void;
  /** Calls back for each signal until the given function is called. */
  listen(listener: (signal: Signal) => void): () => void;
}
