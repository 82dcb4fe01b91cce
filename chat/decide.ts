/** The domain: what a command does to a room. Pure: no clock, no storage, no dice. */
import { ChatError } from "../protos/errors.ts";
import type { RoomEvent } from "../protos/events.ts";
import { parseClientId, parseText } from "./rules.ts";

/** A room, as far as decisions need it. */
export interface Room {
  /** The seq of the newest event; 0 in an empty room. */
  readonly head: number;
  /** The time of the newest event; empty in an empty room. */
  readonly timestamp: string;
  /** The event that a sender's id was accepted under. */
  readonly find: (sender: string, clientId: string) => RoomEvent | undefined;
}

/** What somebody asks a room for. */
export interface SendCommand {
  readonly kind: "send";
  /** A name that has passed `parseName`. */
  readonly sender: string;
  readonly clientId: string;
  readonly text: string;
}

/** What becomes of it. */
export type Decision =
  | { readonly kind: "accept"; readonly event: RoomEvent }
  | { readonly kind: "duplicate"; readonly event: RoomEvent }
  | { readonly kind: "refuse"; readonly error: ChatError };

/** Decides on a command. `now` is in milliseconds since 1970; a room's time never runs backwards. */
export function decide(room: Room, command: SendCommand, now: number): Decision {
  try {
    const clientId = parseClientId(command.clientId);
    const text = parseText(command.text);
    const earlier = clientId === "" ? undefined : room.find(command.sender, clientId);
    if (earlier) return repeat(earlier, text);
    const time = new Date(now).toISOString();
    const timestamp = time > room.timestamp ? time : room.timestamp;
    return {
      kind: "accept",
      event: { seq: room.head + 1, timestamp, sender: command.sender, clientId, message: { text } },
    };
  } catch (error) {
    if (error instanceof ChatError) return { kind: "refuse", error };
    throw error;
  }
}

/** The room after an event that was decided but is not stored yet. */
export function evolve(room: Room, event: RoomEvent): Room {
  return {
    head: event.seq,
    timestamp: event.timestamp,
    find: event.clientId === ""
      ? room.find
      : (sender, clientId) =>
        event.sender === sender && event.clientId === clientId ? event : room.find(sender, clientId),
  };
}

function repeat(earlier: RoomEvent, text: string): Decision {
  if (earlier.message.text === text) return { kind: "duplicate", event: earlier };
  return {
    kind: "refuse",
    error: new ChatError(
      "ALREADY_EXISTS",
      `Cannot send the message: its client_id was used for another text (seq ${earlier.seq}), use a new one.`,
    ),
  };
}
