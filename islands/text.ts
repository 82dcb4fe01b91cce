import { byteLength } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";

/** From here on the page counts aloud. */
const warnBytes = 1_024;

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

function count(bytes: number): string {
  return `${bytes.toLocaleString("en")} byte${bytes === 1 ? "" : "s"}`;
}
