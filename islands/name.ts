import { byteLength } from "../protos/events.ts";
import { limits } from "../protos/limits.ts";

/** Why this name cannot be used, or "" if nothing here speaks against it. The server has the last word. */
export function nameProblem(name: string): string {
  if (name.trim() === "") return "Cannot join: the name is empty, choose one.";
  const size = byteLength(name);
  if (size <= limits.nameBytes) return "";
  return `Cannot join: the name is ${size} bytes long, at most ${limits.nameBytes} fit, choose a shorter one.`;
}
