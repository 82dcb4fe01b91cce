/** Commands of a few people, and what they are played on: a room that is nowhere stored, or a chat on a log. */
import { type Command, decide, type Decision, type Room } from "../chat/decide.ts";
import { evolve } from "../chat/evolve.ts";
import { Chat } from "../chat/chat.ts";
import type { Log } from "../chat/log.ts";
import { makeTokens } from "../chat/tokens.ts";
import { newKeys } from "../log/keys.ts";
import { LocalSignals } from "../log/local_signals.ts";
import type { Principal, RoomEvent } from "../protos/events.ts";

export const noon = Date.parse("2026-01-31T12:00:00Z");
export const ann: Principal = { id: "guest:a", name: "Ann", key: "ann" };
export const bob: Principal = { id: "guest:b", name: "Bob", key: "bob" };
export const tutor: Principal = { id: "", name: "Tutor", key: "tutor" };

type Asked<C> = C extends Command ? Omit<C, "by" | "clientId"> & { by?: Principal; clientId?: string }
  : never;

export function command(asked: Asked<Command>): Command {
  return { by: ann, clientId: "", ...asked } as Command;
}

export function emptyRoom(name: string): Room {
  return {
    name,
    head: 0,
    timestamp: "",
    settings: undefined,
    find: () => undefined,
    event: () => undefined,
    reaction: () => undefined,
    edits: () => 0,
    reactions: () => ({ kinds: 0, own: 0, same: 0 }),
  };
}

/** Plays commands on a room, each on what the ones before it left. */
export function play(commands: readonly Command[], { name = "lobby", clock = () => noon }: {
  name?: string;
  clock?: (step: number) => number;
} = {}) {
  const events: RoomEvent[] = [];
  let room = emptyRoom(name);
  const decisions = commands.map((one, step) => {
    const decision = decide(room, one, clock(step));
    if (decision.kind === "accept") {
      events.push(decision.event);
      room = evolve(room, decision.event);
    }
    return decision;
  });
  return { events, decisions, room };
}

export const told = (decision: Decision | undefined) =>
  decision?.kind === "refuse" ? decision.error.code : decision && `${decision.kind} ${decision.event.seq}`;

export const hi = command({ kind: "send", text: "hi", clientId: "hi" });
export const remove = command({ kind: "delete", target: 1 });
export const like = command({ kind: "react", target: 1, emoji: "👍" });
export const unlike = command({ kind: "react", target: 1, emoji: "👍", remove: true });
export const edit = command({ kind: "edit", target: 1, text: "hello", clientId: "edit" });
export const make = command({ kind: "create", topic: "tea", clientId: "make" });
export const archive = command({ kind: "change", archived: true, clientId: "archive" });
export const brew = command({ kind: "change", topic: "coffee", clientId: "brew" });
export const as = (by: Principal, one: Command, clientId = ""): Command => ({ ...one, by, clientId });

/** A chat on a log, whose clock stands still unless it is given one. */
export async function chatOn(log: Log, { now = () => noon } = {}): Promise<Chat & AsyncDisposable> {
  const tokens = await makeTokens(await newKeys(), { now });
  const chat = new Chat({ log, signals: new LocalSignals(), tokens, now });
  return Object.assign(chat, { [Symbol.asyncDispose]: () => chat.close() });
}
