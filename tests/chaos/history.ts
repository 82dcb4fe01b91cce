/** What happened in a run, as its clients saw it: the checker's one input beside the log. */

/** Something that a client did or was told. Clients write into one list, so its order is the order of this process. */
export type Entry =
  /** A message was given to the client for the first time; the order of these is the order that its sender asked for. */
  | { readonly is: "said"; readonly sender: string; readonly clientId: string; readonly text: string }
  | {
    readonly is: "acked";
    readonly sender: string;
    readonly clientId: string;
    readonly epoch: string;
    readonly seq: number;
  }
  /** Refused for good: it must not be in the log. */
  | { readonly is: "refused"; readonly sender: string; readonly clientId: string; readonly code: string }
  /** A reader follows: what it is given next has `after + 1`. With `reset` it was told to drop what it had. */
  | {
    readonly is: "follows";
    readonly reader: string;
    readonly epoch: string;
    readonly after: number;
    readonly reset: boolean;
  }
  | {
    readonly is: "read";
    readonly reader: string;
    readonly epoch: string;
    readonly seq: number;
    readonly sender: string;
    readonly clientId: string;
    readonly text: string;
  }
  /** A client found out by itself that the server broke its promise. */
  | { readonly is: "fault"; readonly reader: string; readonly what: string };

/** A message in the room's log, read when all was over. */
export interface Stored {
  readonly seq: number;
  readonly sender: string;
  readonly clientId: string;
  readonly text: string;
}

/** The room's log: seqs 1 to N, if all is well. */
export interface RoomLog {
  readonly epoch: string;
  readonly events: readonly Stored[];
}

/** The history of one room. */
export class History {
  readonly entries: Entry[] = [];

  add(entry: Entry): void {
    this.entries.push(entry);
  }

  /** How many entries there are of a kind. */
  count(is: Entry["is"]): number {
    return this.entries.reduce((sum, entry) => sum + Number(entry.is === is), 0);
  }
}
