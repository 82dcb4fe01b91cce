/** The port of the wires: what a client needs of one. The rest of the library is the same on both doors. */
import type { ChatError } from "../protos/errors.ts";
import type { Principal } from "../protos/events.ts";
import type { ClientFrame } from "../protos/gen/chat/ClientFrame.ts";
import type { Open } from "../protos/gen/chat/Open.ts";
import type { Frame } from "./frames.ts";
import type { Rate } from "./pace.ts";

/** A guest with a name, and the token that proves it. */
export interface SignedIn {
  readonly token: string;
  readonly principal: Principal;
  /** ISO 8601, UTC. */
  readonly expires: string;
}

/** How a wire ended. */
export interface Ended {
  readonly why: ChatError;
  /** Whether another wire may do better. */
  readonly comeBack: boolean;
}

/** What a wire tells. */
export interface WireEvents {
  /** The server answers at the other end: frames may be sent. */
  onReady(): void;
  /** Something came; undefined if it is not known to this library. */
  onFrame(frame: Frame | undefined): void;
  /** Once, and last. */
  onEnd(ended: Ended): void;
}

/** A session's wire, from the first try to connect on. */
export interface Wire {
  /** Sends a frame. What is lost with the wire is known by its end. */
  send(frame: ClientFrame): void;
  /** Ends it now; `onEnd` still comes, if it has not. Resolves when nothing of it is left. */
  close(): Promise<void>;
}

/** A way to a server. */
export interface Transport {
  /** What the server allows one client, so that it is not refused for its speed. */
  readonly rate: Rate;
  /** Gets a token for a name. With the token from before it is the same person. Throws a ChatError. */
  signIn(asked: { name: string; token: string }, options: { signal: AbortSignal }): Promise<SignedIn>;
  /** Opens a wire. */
  dial(token: string, events: WireEvents): Wire;
  /** The command that brings the person onto the wire. */
  open(token: string): Open;
}
