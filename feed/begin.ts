/** Where a reader begins: the decision that joining, replaying and resuming share. Pure. */
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import type { Feed } from "./follow.ts";

/** How a reader asks to begin: `Follow` of chat.proto, parsed. */
export type Start =
  | { readonly replay: "LAST_N"; readonly count: number }
  | { readonly replay: "RESUME"; readonly epoch: string; readonly seq: number }
  | { readonly replay: "SINCE"; readonly since: string }
  | { readonly replay: "NONE" };

/** Where it does begin. */
export interface Begun {
  /** The first event given is `after + 1`. */
  readonly after: number;
  /** False: what the reader holds is not this room's past. */
  readonly recovered: boolean;
}

/**
 * Decides where a reader begins in a room. `firstSince` is the seq of the first event at or after the time in
 * `start`, or head + 1 if there is none; it matters to SINCE alone.
 *
 * A cursor of nothing (no epoch, seq 0) is resumed from the room's first event.
 */
export function begin(
  start: Start,
  room: { readonly epoch: string; readonly head: number },
  firstSince = room.head + 1,
): Begun {
  const last = (count: number) => Math.max(0, room.head - count);
  switch (start.replay) {
    case "LAST_N":
      return { after: last(start.count), recovered: true };
    case "NONE":
      return { after: room.head, recovered: true };
    case "SINCE":
      return { after: firstSince - 1, recovered: true };
    case "RESUME": {
      const nothing = start.epoch === "" && start.seq === 0;
      if (nothing || (start.epoch === room.epoch && start.seq <= room.head)) {
        return { after: start.seq, recovered: true };
      }
      return { after: last(limits.replayDefault), recovered: false };
    }
  }
}

/** Decides where a reader begins in a feed, as it is when this resolves. */
export async function beginIn(feed: Feed, start: Start): Promise<Begun & { epoch: string; head: number }> {
  const since = start.replay === "SINCE" ? await firstSince(feed, start.since) : undefined;
  const { epoch, head } = feed.tail;
  return { epoch, head, ...begin(start, { epoch, head }, since) };
}

/** The seq of the first event at or after a time, or head + 1: a room's time never runs backwards. */
async function firstSince(feed: Feed, time: string): Promise<number> {
  let low = 1;
  let high = feed.tail.head + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [event] = feed.tail.slice(middle - 1) ?? await feed.read(middle - 1, 1);
    if (event && Date.parse(event.timestamp) < Date.parse(time)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `Follow` or `StreamRequest` as it came off a wire. */
export interface AskedStart {
  readonly replay?: string | undefined;
  readonly after?:
    | { readonly epoch?: string | undefined; readonly seq?: number | undefined }
    | null
    | undefined;
  readonly count?: number | undefined;
  readonly since?: string | undefined;
}

/** Parses how a reader asks to begin. Throws INVALID_ARGUMENT. */
export function parseStart({ replay = "REPLAY_LAST_100", after, count = 0, since = "" }: AskedStart): Start {
  switch (replay) {
    case "REPLAY_LAST_100":
      return { replay: "LAST_N", count: limits.replayDefault };
    case "REPLAY_LAST_N":
      if (count <= limits.replayMost) return { replay: "LAST_N", count };
      throw new ChatError(
        "INVALID_ARGUMENT",
        `Cannot replay ${count} messages: at most ${limits.replayMost} can be asked for, resume from a cursor instead.`,
      );
    case "REPLAY_RESUME":
      return { replay: "RESUME", epoch: after?.epoch ?? "", seq: after?.seq ?? 0 };
    case "REPLAY_SINCE": {
      const time = Date.parse(since);
      if (!Number.isNaN(time)) return { replay: "SINCE", since: new Date(time).toISOString() };
      throw new ChatError(
        "INVALID_ARGUMENT",
        `Cannot replay since "${since}": it is not a time, write it like 2026-01-31T12:00:00Z.`,
      );
    }
    case "REPLAY_NONE":
      return { replay: "NONE" };
    default:
      throw new ChatError("INVALID_ARGUMENT", `Cannot replay "${replay}": there is no such mode.`);
  }
}
