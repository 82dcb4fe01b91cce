/** The name that a person chose, kept in a cookie so that the server can render the right view. */
import { limits } from "../protos/limits.ts";
import { byteLength } from "./text.ts";

const cookie = "switchboard_name";

/** Why this name cannot be used, or "" if nothing here speaks against it. The server has the last word. */
export function nameProblem(name: string): string {
  if (name.trim() === "") return "Cannot join: the name is empty, choose one.";
  const size = byteLength(name);
  if (size <= limits.nameBytes) return "";
  return `Cannot join: the name is ${size} bytes long, at most ${limits.nameBytes} fit, choose a shorter one.`;
}

/** Lets the next page of this browser join under the name by itself. */
export function rememberName(name: string): void {
  setCookie(encodeURIComponent(name), 365 * 24 * 60 * 60);
}

/** Lets the next page ask for a name again. */
export function forgetName(): void {
  setCookie("", 0);
}

function setCookie(value: string, maxAge: number): void {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${cookie}=${value}; Path=/; Max-Age=${maxAge}; SameSite=Lax${secure}`;
}
