/** Who this browser is. The token itself is in a cookie that no script can read. */
import type { Principal } from "../protos/events.ts";
import { disowns } from "./connection.ts";
import { readPrincipal } from "./frames.ts";

/** What became of a question to the server. */
export type Told =
  | { is: "known"; principal: Principal }
  /** The server does not know this browser, or does not want the name. */
  | { is: "refused"; why: string }
  /** Nobody can tell now. */
  | { is: "unclear"; why: string };

const unreachable = "the server cannot be reached, try again";

/** Asks for a name. */
export function signIn(name: string): Promise<Told> {
  const headers = { "Content-Type": "application/json" };
  return ask("/sign-in", "join", { method: "POST", headers, body: JSON.stringify({ name }) });
}

/** Asks whom the cookie stands for. */
export function whoAmI(): Promise<Told> {
  return ask("/me", "tell who this is", { cache: "no-store" });
}

/** Lets the name go; without an answer it goes by itself after a while. */
export async function signOut(): Promise<void> {
  await fetch("/sign-out", { method: "POST", keepalive: true }).catch(() => {});
}

async function ask(path: string, act: string, request: RequestInit): Promise<Told> {
  try {
    const response = await fetch(path, request);
    const { principal, error, code } = await response.json() as Record<string, unknown>;
    if (response.ok) return { is: "known", principal: readPrincipal(principal) };
    const why = typeof error === "string" && error ? error : `Cannot ${act}: ${unreachable}.`;
    return { is: typeof code === "string" && disowns(code) ? "refused" : "unclear", why };
  } catch {
    return { is: "unclear", why: `Cannot ${act}: ${unreachable}.` };
  }
}
