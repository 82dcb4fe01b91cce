/**
 * A reader of one room: whatever comes is checked against its place, and nothing is left out without a word.
 * Pure: `next` moves it and tells.
 */
import { ChatError } from "../protos/errors.ts";
import type { RoomEvent } from "../protos/events.ts";
import type { Followed__Output as Followed } from "../protos/gen/chat/Followed.ts";
import type { Cursor } from "./cursor.ts";
import type { WireBatch } from "./frames.ts";

/** What a reader is told. `cursor` is its place once it has dealt with this. */
export type Told =
  /** It follows the room; what comes next has the seq `cursor.seq + 1`. Once, first. */
  | { readonly is: "begun"; readonly head: number; readonly cursor: Cursor }
  /**
   * Something happened in the room. `replayed`: it was asked for as history, and may have been dealt with before. What
   * came while nobody followed is news, unless it is the rest of such a replay.
   */
  | { readonly is: "event"; readonly event: RoomEvent; readonly replayed: boolean; readonly cursor: Cursor }
  /** What it had is not this room's past any more, or there is a part it cannot be given: drop all, begin anew. */
  | { readonly is: "reset"; readonly head: number; readonly cursor: Cursor }
  /** The server broke its promise. The reader resumes from its cursor; report this. */
  | { readonly is: "fault"; readonly error: ChatError; readonly cursor: Cursor };

/** Where it is. */
type Place = Required<Cursor>;

interface Common {
  readonly place: Place | undefined;
  /** Whether it was told that it has begun. */
  readonly begun: boolean;
  /** Faults since the last event that was right. */
  readonly faults: number;
}

/** The reader. */
export type Reading =
  /** Nothing was asked for on this wire. */
  | Common & { readonly is: "away" }
  /** `follow` was sent under this id. */
  | Common & { readonly is: "asking"; readonly id: number }
  | Common & { readonly is: "following"; readonly place: Place };

/** What can happen to it. */
export type Happening =
  | { readonly is: "asked"; readonly id: number }
  /** With id 0 the server moved the reader by itself. */
  | { readonly is: "followed"; readonly id: number; readonly body: Followed }
  | { readonly is: "batch"; readonly body: WireBatch }
  /** The wire is gone, or the reader stopped for a while. */
  | { readonly is: "left" };

interface Moved {
  readonly reading: Reading;
  readonly told: readonly Told[];
}

/** A reader that has dealt with everything up to the cursor, if there is one. */
export function reader(cursor: Cursor | undefined): Reading {
  return {
    is: "away",
    place: cursor && { ...cursor, newsAfter: cursor.newsAfter ?? 0 },
    begun: false,
    faults: 0,
  };
}

/** Moves the reader. */
export function next(reading: Reading, event: Happening): Moved {
  const { place, begun, faults } = reading;
  switch (event.is) {
    case "asked":
      return quietly({ is: "asking", id: event.id, place, begun, faults });
    case "left":
      return quietly({ is: "away", place, begun, faults });
    case "followed":
      return reading.is !== "away" && event.id === (reading.is === "asking" ? reading.id : 0)
        ? follow(reading, event.body)
        : quietly(reading);
    case "batch":
      return reading.is === "following" ? take(reading, event.body) : quietly(reading);
  }
}

function follow({ place, begun, faults }: Reading, { epoch, head, after, recovered }: Followed): Moved {
  const moved = (place: Place, told: readonly Told[]): Moved => ({
    reading: { is: "following", place, begun: true, faults },
    told,
  });
  const anew = { epoch, seq: after, newsAfter: head };
  const cursor = cursorOf(anew);
  if (!place) return moved(anew, [{ is: "begun", head, cursor }]);
  if (!recovered) return moved(anew, [{ is: "reset", head, cursor }]);
  if (epoch === place.epoch && after === place.seq) {
    return moved(place, begun ? [] : [{ is: "begun", head, cursor: cursorOf(place) }]);
  }
  const what = `the reader was moved from ${place.epoch}/${place.seq} to ${epoch}/${after}`;
  return moved(anew, [fault(what, place), { is: "reset", head, cursor }]);
}

function take(reading: Extract<Reading, { is: "following" }>, { epoch, first, events }: WireBatch): Moved {
  const told: Told[] = [];
  const { epoch: life, newsAfter } = reading.place;
  let { seq } = reading.place;
  const stop = (what: string): Moved => {
    const place = { epoch: life, seq, newsAfter };
    const faults = (told.length === 0 ? reading.faults : 0) + 1;
    return { reading: { is: "away", place, begun: true, faults }, told: [...told, fault(what, place)] };
  };
  if (epoch !== life) return stop(`an event of ${epoch} came into ${life}`);
  if (first !== seq + 1) return stop(`a batch that begins with ${first} came after ${seq}`);
  for (const event of events) {
    if (event.seq !== seq + 1) return stop(`event ${event.seq} came after ${seq}`);
    seq = event.seq;
    // An event of a kind that this library is too old for is no hole.
    if ("unknown" in event) continue;
    const cursor = cursorOf({ epoch: life, seq, newsAfter });
    told.push({ is: "event", event, replayed: seq <= newsAfter, cursor });
  }
  const place = { epoch: life, seq, newsAfter };
  return { reading: { is: "following", place, begun: true, faults: 0 }, told };
}

function fault(what: string, place: Place): Told {
  const error = new ChatError("DATA_LOSS", `Cannot trust what came: ${what}, resuming; report this.`);
  return { is: "fault", error, cursor: cursorOf(place) };
}

/** What has to be kept of a place. */
function cursorOf({ epoch, seq, newsAfter }: Place): Cursor {
  return newsAfter > seq ? { epoch, seq, newsAfter } : { epoch, seq };
}

function quietly(reading: Reading): Moved {
  return { reading, told: [] };
}
