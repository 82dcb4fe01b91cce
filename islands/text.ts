import { byteLength } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";

/** From here on the page counts aloud. */
const warnBytes = 1_024;
/** Longer ones begin folded: one person's log file must not push all the others out of sight. */
const foldChars = 1_800;
const foldLines = 24;

/** How many bytes still fit, said when there are few; "" before that. */
export function textWarning(text: string): string {
  // A UTF-16 unit becomes at most three bytes.
  if (text.length * 3 < limits.textBytes - warnBytes) return "";
  const left = limits.textBytes - byteLength(text);
  if (left < 0) return `${count(-left)} too long`;
  return left <= warnBytes ? `${count(left)} left` : "";
}

/** Why this text cannot be sent, or "" if nothing here speaks against it. */
export function textProblem(text: string): string {
  const size = byteLength(text);
  if (size <= limits.textBytes) return "";
  return `Cannot send: the message is ${size.toLocaleString("en")} bytes long, ` +
    `at most ${limits.textBytes.toLocaleString("en")} fit, shorten or split it.`;
}

/**
 * A text as it is shown: what turns letters around is left out, since a link could look like another one, and of many
 * empty lines two are left.
 */
export function legible(text: string): string {
  return text.replace(/[\u202d\u202e]/g, "").replace(/\n(?:[^\S\n]*\n){3,}/g, "\n\n\n");
}

/** Whether a text is too long to be shown in full at once. */
export function isLong(text: string): boolean {
  return text.length > foldChars || text.split("\n", foldLines + 1).length > foldLines;
}

function count(bytes: number): string {
  return `${bytes.toLocaleString("en")} byte${bytes === 1 ? "" : "s"}`;
}
