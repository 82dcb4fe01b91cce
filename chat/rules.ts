/** What names, texts and ids may be. Each rule says in its error what is wrong and what to do. */
import { ChatError } from "../protos/errors.ts";
import { byteLength, lobby } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";

// Control, format (zero-width, direction-changing), private use, lone surrogates, line and paragraph separators.
const unfitForNames = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u;

// Format characters, and letters and symbols that have no shape of their own (Hangul fillers, Braille blank, a null notehead).
const invisible =
  /[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Zs}\p{Default_Ignorable_Code_Point}\u2800\u{1D159}\u{16FE4}]/gu;

/** The name as others see it: composed (NFC), without spaces around it. Throws INVALID_ARGUMENT. */
export function parseName(asked: string): string {
  const cannot = (why: string) =>
    new ChatError("INVALID_ARGUMENT", `Cannot use the name ${quote(asked)}: ${why}.`);
  if (!asked.isWellFormed()) throw cannot("it is not valid Unicode");
  // Checked first, so that normalising never works on something huge.
  if (byteLength(asked) > limits.nameBytes * 2) throw cannot(tooLong(byteLength(asked), limits.nameBytes));
  const name = asked.normalize("NFC").trim();
  if (unfitForNames.test(name)) {
    throw cannot("it has control, invisible or direction-changing characters, leave them out");
  }
  if (name.replace(invisible, "") === "") throw cannot("it is empty, choose a name");
  const size = byteLength(name);
  if (size > limits.nameBytes) throw cannot(tooLong(size, limits.nameBytes));
  return name;
}

/** The text, unchanged. Throws INVALID_ARGUMENT; `act` begins the sentence. */
export function parseText(text: string, act = "Cannot send the message"): string {
  const cannot = (why: string) => new ChatError("INVALID_ARGUMENT", `${act}: ${why}.`);
  if (!text.isWellFormed()) throw cannot("it is not valid Unicode");
  const size = byteLength(text);
  if (size > limits.textBytes) throw cannot(tooLong(size, limits.textBytes) + " or send it in parts");
  if (text.replace(invisible, "") === "") throw cannot("there is nothing to see in it, write something");
  return text;
}

/** The id, unchanged; empty means none. Throws INVALID_ARGUMENT. */
export function parseClientId(id: string): string {
  const cannot = (why: string) =>
    new ChatError("INVALID_ARGUMENT", `Cannot use the client_id ${quote(id)}: ${why}.`);
  if (!id.isWellFormed() || unfitForNames.test(id)) throw cannot("it has unfit characters, use a UUID");
  const size = byteLength(id);
  if (size > limits.clientIdBytes) throw cannot(tooLong(size, limits.clientIdBytes));
  return id;
}

// Lower-case letters and digits of any script, and marks on them; single separators between.
const roomName = /^[\p{Ll}\p{Lo}\p{N}][\p{M}]*(?:[-_.]?[\p{Ll}\p{Lo}\p{N}][\p{M}]*)*$/u;

/** Scripts whose letters look like those of another one here. */
const lookAlikes = [
  /\p{Script=Latin}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
];

/** The room's name, composed (NFC); empty means the lobby. Throws INVALID_ARGUMENT. */
export function parseRoom(asked: string): string {
  if (asked === "" || asked === lobby) return lobby;
  const cannot = (why: string) =>
    new ChatError("INVALID_ARGUMENT", `Cannot use the room name ${quote(asked)}: ${why}.`);
  const size = byteLength(asked);
  if (size > limits.roomBytes * 2) throw cannot(tooLong(size, limits.roomBytes));
  const room = asked.toWellFormed().normalize("NFC");
  if (byteLength(room) > limits.roomBytes) throw cannot(tooLong(byteLength(room), limits.roomBytes));
  // https://www.unicode.org/reports/tr39/#Restriction_Level_Detection
  if (lookAlikes.filter((script) => script.test(room)).length > 1) {
    throw cannot("it mixes letters of scripts that look alike, use one of them");
  }
  if (roomName.test(room) && !/\p{Default_Ignorable_Code_Point}/u.test(room)) return room;
  throw cannot("a name is lower-case letters and digits, with single - _ or . between them");
}

/** A room's topic, composed (NFC), without spaces around it; may be empty. Throws INVALID_ARGUMENT. */
export function parseTopic(asked: string): string {
  const cannot = (why: string) => new ChatError("INVALID_ARGUMENT", `Cannot set the topic: ${why}.`);
  if (!asked.isWellFormed()) throw cannot("it is not valid Unicode");
  if (byteLength(asked) > limits.topicBytes * 2) throw cannot(tooLong(byteLength(asked), limits.topicBytes));
  const topic = asked.normalize("NFC").trim();
  if (/[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u.test(topic)) {
    throw cannot("it has control or direction-changing characters, leave them out");
  }
  const size = byteLength(topic);
  if (size > limits.topicBytes) throw cannot(tooLong(size, limits.topicBytes));
  return topic;
}

/** One emoji, unchanged. Throws INVALID_ARGUMENT. */
export function parseEmoji(asked: string): string {
  const isOne = asked.length <= limits.emojiBytes && byteLength(asked) <= limits.emojiBytes &&
    /^(?:\p{RGI_Emoji}|\p{Extended_Pictographic}\uFE0F?)$/v.test(asked);
  if (isOne) return asked;
  throw new ChatError("INVALID_ARGUMENT", `Cannot react with ${quote(asked)}: it is not one emoji.`);
}

function tooLong(size: number, most: number): string {
  return `it has ${thousands(size)} bytes and at most ${thousands(most)} are allowed, shorten it`;
}

function thousands(count: number): string {
  return count.toLocaleString("en-US");
}

/** Shows what was asked for on one line, with nothing in it that could disturb a terminal or a page. */
function quote(text: string): string {
  const short = text.length > 40 ? text.slice(0, 40).toWellFormed() + "…" : text.toWellFormed();
  return JSON.stringify(short.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]/gu, "\uFFFD"));
}
