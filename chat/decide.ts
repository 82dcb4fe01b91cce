/** The domain: what a command does to a room. Pure: no clock, no storage, no dice. */
import { ChatError, type ErrorCode } from "../protos/errors.ts";
import {
  type EventBody,
  kindOf,
  lobby,
  type Principal,
  type RoomEvent,
  speakerOf,
} from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { findMentions } from "./mentions.ts";
import { parseClientId, parseEmoji, parseText, parseTopic } from "./rules.ts";

/** A room, as far as decisions need it. */
export interface Room {
  readonly name: string;
  /** The seq of the newest event; 0 in an empty room. */
  readonly head: number;
  /** The time of the newest event; empty in an empty room. */
  readonly timestamp: string;
  /** Undefined as long as there were none: a room that was not made yet, or the lobby. */
  readonly settings: RoomSettings | undefined;
  /** The event that a speaker's id was accepted under. See `speakerOf`. */
  readonly find: (speaker: string, clientId: string) => RoomEvent | undefined;
  /** The event at a seq, as it is now. */
  readonly event: (seq: number) => RoomEvent | undefined;
  /** The event that put an author's reaction on a message, if it is on it. */
  readonly reaction: (target: number, emoji: string, author: string) => number | undefined;
  /** How often a message was edited. */
  readonly edits: (target: number) => number;
  /** How many kinds of emoji are on a message, how many have put a certain one on it, and how many are an author's. */
  readonly reactions: (target: number, emoji: string, author: string) => Reactions;
}

/** The reactions to a message, as far as limits need them. */
export interface Reactions {
  readonly kinds: number;
  readonly own: number;
  /** Of many, at least as many as one batch could take off. */
  readonly same: number;
}

/** The newest settings of a room. */
export interface RoomSettings {
  /** The event that set them. */
  readonly seq: number;
  readonly topic: string;
  readonly archived: boolean;
  /** The id of who made the room. */
  readonly author: string;
}

/** What somebody asks a room for. */
export type Command = {
  readonly by: Principal;
  readonly clientId: string;
} & Act;

type Act =
  | { readonly kind: "send"; readonly text: string; readonly replyTo?: number }
  | { readonly kind: "edit"; readonly target: number; readonly text: string }
  | { readonly kind: "delete"; readonly target: number }
  | { readonly kind: "react"; readonly target: number; readonly emoji: string; readonly remove?: boolean }
  | { readonly kind: "create"; readonly topic: string }
  | { readonly kind: "change"; readonly topic?: string; readonly archived?: boolean };

/** What becomes of it. */
export type Decision =
  | { readonly kind: "accept"; readonly event: RoomEvent }
  | { readonly kind: "duplicate"; readonly event: RoomEvent }
  | { readonly kind: "refuse"; readonly error: ChatError };

/** What an act would store, or the event that did it already. */
type Outcome = { readonly body: EventBody } | { readonly done: RoomEvent };

/** Decides on a command. `now` is in milliseconds since 1970; a room's time never runs backwards. */
export function decide(room: Room, command: Command, now: number): Decision {
  try {
    const clientId = parseClientId(command.clientId);
    checkPerson(room, command);
    const earlier = clientId === ""
      ? undefined
      : room.find(speakerOf({ author: command.by.id, sender: command.by.name }), clientId);
    if (earlier) return { kind: "duplicate", event: sameAs(earlier, command) };
    const outcome = perform(room, command);
    if ("done" in outcome) return { kind: "duplicate", event: outcome.done };
    const time = new Date(now).toISOString();
    const timestamp = time > room.timestamp ? time : room.timestamp;
    const { name: sender, id: author } = command.by;
    const event = { seq: room.head + 1, timestamp, sender, author, clientId, ...outcome.body };
    return { kind: "accept", event };
  } catch (error) {
    if (error instanceof ChatError) return { kind: "refuse", error };
    throw error;
  }
}

/** A name that was taken at its word has the powers that the tutorial gives it, and no more. */
function checkPerson({ name }: Room, { by, kind }: Command): void {
  if (by.id !== "" || (kind === "send" && name === lobby)) return;
  throw cannot(kind, "UNAUTHENTICATED", "it takes a person who has signed in, sign in first");
}

function perform(room: Room, command: Command): Outcome {
  const { kind } = command;
  if (kind === "create") return create(room, command);
  if (room.name !== lobby && !room.settings) {
    throw cannot(kind, "NOT_FOUND", `there is no room "${room.name}", make it first`);
  }
  if (kind === "change") return change(room, command);
  if (kind === "delete") return remove(room, command);
  if (room.settings?.archived) {
    throw cannot(kind, "FAILED_PRECONDITION", `"${room.name}" is archived, bring it back first`);
  }
  if (kind === "send") return send(room, command);
  if (kind === "edit") return edit(room, command);
  return react(room, command);
}

type Kind<K> = Extract<Act, { kind: K }> & Command;

function send(room: Room, { kind, text, replyTo = 0 }: Kind<"send">): Outcome {
  const words = parseWords(kind, text);
  if (replyTo === 0) return { body: { message: words } };
  readable(room, kind, replyTo);
  return { body: { message: { ...words, replyTo } } };
}

function edit(room: Room, { kind, by, target, text }: Kind<"edit">): Outcome {
  own(readable(room, kind, target), kind, by);
  if (room.edits(target) >= limits.editsPerMessage) {
    throw cannot(kind, "FAILED_PRECONDITION", "it was edited as often as it can be, write a new message");
  }
  return { body: { edited: { target, ...parseWords(kind, text) } } };
}

function remove(room: Room, { kind, by, target }: Kind<"delete">): Outcome {
  const event = own(message(room, kind, target), kind, by);
  const done = event.message?.deleted ? room.event(event.message.deleted) : undefined;
  return done ? { done } : { body: { deleted: { target } } };
}

function react(room: Room, { kind, by, target, emoji: asked, remove = false }: Kind<"react">): Outcome {
  const emoji = parseEmoji(asked);
  readable(room, kind, target);
  const seq = room.reaction(target, emoji, by.id);
  if (remove) {
    if (seq === undefined) throw cannot(kind, "NOT_FOUND", "there is no such reaction of yours to take off");
    return { body: { unreacted: { target, emoji } } };
  }
  const done = seq === undefined ? undefined : room.event(seq);
  if (done) return { done };
  const { kinds, own, same } = room.reactions(target, emoji, by.id);
  if (own >= limits.reactionsPerPerson || (same === 0 && kinds >= limits.emojiPerMessage)) {
    throw cannot(
      kind,
      "FAILED_PRECONDITION",
      "the message has as many reactions as fit, use one that is there",
    );
  }
  return { body: { reacted: { target, emoji } } };
}

function create({ name, settings }: Room, { kind, topic: asked }: Kind<"create">): Outcome {
  if (settings || name === lobby) {
    throw cannot(kind, "ALREADY_EXISTS", `there is a room "${name}", choose another name`);
  }
  const topic = parseTopic(asked);
  return { body: { settings: topic === "" ? {} : { topic } } };
}

function change(
  { name, settings, event }: Room,
  { kind, by, topic: asked, archived }: Kind<"change">,
): Outcome {
  if (!settings || settings.author !== by.id) {
    throw cannot(kind, "PERMISSION_DENIED", `"${name}" was made by somebody else, ask them`);
  }
  if (asked === undefined && archived === undefined) {
    throw cannot(kind, "INVALID_ARGUMENT", "nothing was asked for, give a topic, or whether it is archived");
  }
  const next = {
    topic: asked === undefined ? settings.topic : parseTopic(asked),
    archived: archived ?? settings.archived,
  };
  const done = next.topic === settings.topic && next.archived === settings.archived
    ? event(settings.seq)
    : undefined;
  if (done) return { done };
  return {
    body: {
      settings: { ...(next.topic !== "" && { topic: next.topic }), ...(next.archived && { archived: true }) },
    },
  };
}

/** The event that an id was accepted under, if it asked for the same. What was taken away since cannot be compared. */
function sameAs(earlier: RoomEvent, command: Command): RoomEvent {
  const { kind } = command;
  const { message, edited, deleted, reacted, unreacted, settings } = earlier;
  const same = {
    send: () =>
      kind === "send" && message && (
        message.deleted || message.edited ||
        (message.text === command.text && (message.replyTo ?? 0) === (command.replyTo ?? 0))
      ),
    edit: () =>
      kind === "edit" && edited?.target === command.target &&
      (edited.text === "" || edited.text === command.text),
    delete: () => kind === "delete" && deleted?.target === command.target,
    react: () => {
      const reaction = kind === "react" ? command.remove ? unreacted : reacted : undefined;
      return kind === "react" && reaction?.target === command.target && reaction.emoji === command.emoji;
    },
    create: () =>
      kind === "create" && settings && earlier.seq === 1 &&
      (settings.topic ?? "") === parseTopic(command.topic),
    change: () =>
      kind === "change" && settings &&
      (command.topic === undefined || (settings.topic ?? "") === parseTopic(command.topic)) &&
      (command.archived === undefined || (settings.archived ?? false) === command.archived),
  }[kind]();
  if (same) return earlier;
  throw cannot(
    kind,
    "ALREADY_EXISTS",
    `its client_id was used for another ${nounOf(earlier)} (seq ${earlier.seq}), use a new one`,
  );
}

function nounOf(event: RoomEvent): string {
  const nouns = {
    message: "text",
    edited: "edit",
    deleted: "deletion",
    reacted: "reaction",
    unreacted: "reaction",
    settings: "change",
  };
  return nouns[kindOf(event)];
}

function parseWords(kind: Act["kind"], text: string): { text: string; mentions?: string[] } {
  const parsed = parseText(text, cannots[kind]);
  const mentions = findMentions(parsed);
  return mentions.length > 0 ? { text: parsed, mentions } : { text: parsed };
}

function message(room: Room, kind: Act["kind"], seq: number): RoomEvent {
  const event = seq > 0 && seq <= room.head ? room.event(seq) : undefined;
  if (event?.message) return event;
  throw cannot(kind, "NOT_FOUND", `there is no message ${seq} in "${room.name}"`);
}

function readable(room: Room, kind: Act["kind"], seq: number): RoomEvent {
  const event = message(room, kind, seq);
  if (!event.message?.deleted) return event;
  throw cannot(kind, "FAILED_PRECONDITION", `message ${seq} was deleted`);
}

function own(event: RoomEvent, kind: Act["kind"], by: Principal): RoomEvent {
  if (event.author === by.id) return event;
  throw cannot(kind, "PERMISSION_DENIED", `message ${event.seq} is not yours`);
}

const cannots = {
  send: "Cannot send the message",
  edit: "Cannot edit the message",
  delete: "Cannot delete the message",
  react: "Cannot react",
  create: "Cannot make the room",
  change: "Cannot change the room",
};

function cannot(kind: Act["kind"], code: ErrorCode, why: string): ChatError {
  return new ChatError(code, `${cannots[kind]}: ${why}.`);
}
