/** The commands of `/ws`: what each may hold, and how it is carried out. Fields at their proto3 default may be missing. */
import * as v from "valibot";
import { ChatError } from "../protos/errors.ts";
import { lobby } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";
import { parseAs } from "./frames.ts";

const text = v.optional(v.string(), "");
const flag = v.optional(v.boolean(), false);
const seq = v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 0);
const count = v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(0xffff_ffff)), 0);

const room = v.optional(v.pipe(v.string(), v.transform(toRoomName)), lobby);

/** Who acts, and where. There is one person on a socket, so the handle may be left out. */
const there = { person: count, room };

const schemas = {
  open: v.object({ username: text, token: text }),
  close: v.object({ person: count }),
  follow: v.object({
    ...there,
    replay: v.optional(v.string(), "REPLAY_LAST_100"),
    after: v.optional(v.object({ epoch: text, seq }), {}),
    count,
    since: text,
  }),
  unfollow: v.object({ room }),
  read: v.object({ ...there, after: seq, count, before: seq }),
  send: v.object({ ...there, clientId: text, text, replyTo: seq }),
  edit: v.object({ ...there, clientId: text, target: seq, text }),
  delete: v.object({ ...there, clientId: text, target: seq }),
  react: v.object({ ...there, clientId: text, target: seq, emoji: text, remove: flag }),
  createRoom: v.object({ ...there, topic: text, clientId: text }),
  changeRoom: v.object({
    ...there,
    clientId: text,
    topic: v.exactOptional(v.string()),
    archived: v.exactOptional(v.boolean()),
  }),
  describeRoom: v.object(there),
  listRooms: v.object({ person: count, after: text, count, archived: flag }),
  mark: v.object({ ...there, seq }),
  typing: v.object({ ...there, stopped: flag }),
  presence: v.object({ ...there, gone: flag }),
  who: v.object({ ...there, after: text, count }),
  heartbeat: v.object({}),
};

/** The name of a command. */
export type CommandName = keyof typeof schemas;

/** A command of a browser. */
export type Command = { [K in CommandName]: { readonly is: K; readonly body: Body<K> } }[CommandName];

/** What a command holds. */
export type Body<K extends CommandName> = Readonly<v.InferOutput<(typeof schemas)[K]>>;

/** What ChatService does for a person who asks: one path for all of it (see Person). */
export type Act = Extract<Command, { is: ActName }>;

/**
 * How each act survives the loss of a session. "store": it is given again under the same client_id. "ask": again, since
 * twice does no harm. "hint": not at all.
 */
const acts = {
  send: "store",
  edit: "store",
  delete: "store",
  react: "store",
  createRoom: "store",
  changeRoom: "store",
  describeRoom: "ask",
  listRooms: "ask",
  mark: "ask",
  presence: "ask",
  who: "ask",
  typing: "hint",
} as const;

/** The name of an act. */
export type ActName = keyof typeof acts;

/** True for what ChatService does for a person. */
export function isAct(command: Command): command is Act {
  return Object.hasOwn(acts, command.is);
}

/** True for what may be lost. */
export function isHint({ is }: Act): boolean {
  return acts[is] === "hint";
}

/** What a command costs beyond that it came: one that begins far back is looked for. See speed.ts. */
export function extraWork({ is, body }: Command): number {
  if (is !== "follow") return 0;
  return body.replay === "REPLAY_SINCE"
    ? 5
    : Math.floor(Math.min(body.count, limits.replayMost) / limits.batchEvents);
}

/** What ChatService would be told: what is stored has a client_id, so that it can be given again. */
export function withClientId(act: Act): Act {
  if (acts[act.is] !== "store" || !("clientId" in act.body) || act.body.clientId !== "") return act;
  return { ...act, body: { ...act.body, clientId: crypto.randomUUID() } } as Act;
}

/** Parses a frame's command. Throws INVALID_ARGUMENT, naming the field, or UNIMPLEMENTED. */
export function parseCommand(frame: object): Command {
  const names = Object.keys(frame).filter(isCommandName);
  const [name] = names;
  if (names.length > 1) {
    throw new ChatError(
      "INVALID_ARGUMENT",
      "Cannot carry out a command: there are several in one frame, send them in frames of their own.",
    );
  }
  if (name === undefined) {
    throw new ChatError(
      "UNIMPLEMENTED",
      "Cannot carry out a command: this server does not know it, reload the page.",
    );
  }
  const body = parseAs(schemas[name], (frame as Record<string, unknown>)[name], `frame's "${name}"`);
  const command = { is: name, body } as Command;
  if (command.is === "changeRoom" && "topic" in command.body && "archived" in command.body) {
    throw new ChatError(
      "INVALID_ARGUMENT",
      "Cannot change a room: change its topic or archive it, not both at once.",
    );
  }
  return command;
}

/** A room's name as ChatService has it; what can be none is left as it is, for ChatService to refuse. */
function toRoomName(asked: string): string {
  if (asked === "") return lobby;
  return asked.length > limits.roomBytes * 2 ? asked : asked.normalize("NFC");
}

function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(schemas, name);
}
