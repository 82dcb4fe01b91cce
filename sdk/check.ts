/**
 * What cannot be stored, or not even be read, is told at once, before it takes a place among the commands: a server
 * that cannot read a command cannot say whose it was.
 */
import { ChatError } from "../protos/errors.ts";
import { byteLength } from "../protos/events.ts";
import type { ClientFrame } from "../protos/gen/chat/ClientFrame.ts";
import { limits } from "../protos/limits.ts";

/** What a text of some kind may be. */
interface Rule {
  readonly cannot: (asked: string) => string;
  /** In bytes. */
  readonly most: number;
  /** Servers compose it (NFC), and cut spaces off, before they count. */
  readonly composed?: true;
}

const rules: Readonly<Record<string, Rule>> = {
  text: { cannot: () => "Cannot send the text", most: limits.textBytes },
  clientId: { cannot: (asked) => `Cannot use the clientId ${quote(asked)}`, most: limits.clientIdBytes },
  room: {
    cannot: (asked) => `Cannot use the room name ${quote(asked)}`,
    most: limits.roomBytes,
    composed: true,
  },
  topic: { cannot: () => "Cannot set the topic", most: limits.topicBytes, composed: true },
  emoji: { cannot: (asked) => `Cannot react with ${quote(asked)}`, most: limits.emojiBytes },
};

/** For all others: nothing is as long as the longest text, which every door can read. */
const other: Rule = { cannot: (asked) => `Cannot ask for ${quote(asked)}`, most: limits.textBytes };

/** Throws INVALID_ARGUMENT for a command with a text that is not well-formed Unicode, or is too long. */
export function checkCommand(command: Omit<ClientFrame, "id">): void {
  checkFields(command);
}

/** Throws INVALID_ARGUMENT for a name that no guest can have. */
export function checkName(name: string): void {
  check(name, { cannot: () => `Cannot use the name ${quote(name)}`, most: limits.nameBytes, composed: true });
}

/** Throws UNAUTHENTICATED for what can be no token. */
export function checkToken(token: string): void {
  // As a header takes it.
  if (/^[\x21-\x7e]*$/.test(token) && token.length <= limits.textBytes) return;
  throw new ChatError("UNAUTHENTICATED", "Cannot use the token: it is not one of a server's, sign in again.");
}

function checkFields(fields: object): void {
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string") check(value, rules[name] ?? other);
    else if (typeof value === "object" && value !== null) checkFields(value);
  }
}

function check(asked: string, { cannot, most, composed }: Rule): void {
  const fail = (why: string) => new ChatError("INVALID_ARGUMENT", `${cannot(asked)}: ${why}.`);
  if (!asked.isWellFormed()) throw fail("it has half a character in it, cut texts between characters");
  const raw = byteLength(asked);
  // Nothing huge is composed.
  const size = composed && raw <= most * 2 ? byteLength(asked.normalize("NFC").trim()) : raw;
  if (size > most) {
    throw fail(`it has ${count(size)} bytes and at most ${count(most)} are allowed, shorten it`);
  }
}

function count(bytes: number): string {
  return bytes.toLocaleString("en-US");
}

/** On one line, and not for ever. */
function quote(asked: string): string {
  return JSON.stringify((asked.length > 40 ? `${asked.slice(0, 40)}…` : asked).toWellFormed());
}
