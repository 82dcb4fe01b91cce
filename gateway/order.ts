/** Keeps the order of what one browser wants stored, also when some of it is refused for now. */
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import type { Command } from "./commands.ts";

/** The first refused one, and until when it is waited for, in milliseconds; `atMost` however many come meanwhile. */
type Held = { readonly clientId: string; readonly until: number; readonly atMost: number } | undefined;

/** What was refused for now keeps its place: later ones are refused too, until it comes again or enough time has passed. */
export class Order {
  #held: Held;
  readonly #now: () => number;

  constructor(now: () => number = clock) {
    this.#now = now;
  }

  /** Throws RESOURCE_EXHAUSTED if an earlier one comes first. */
  check(clientId: string): void {
    if (!this.#held) return;
    const now = this.#now();
    if (this.#held.clientId !== clientId && now < this.#held.until) {
      // It may be on its way from a browser whose line is slow: this one was written before the refusal came there.
      this.#held = { ...this.#held, until: Math.min(now + limits.orderHoldMs, this.#held.atMost) };
      throw new ChatError(
        "RESOURCE_EXHAUSTED",
        "Cannot carry out a command: an earlier one was refused for now, send that one again first.",
      );
    }
    this.#held = undefined;
  }

  /** One was refused for now. Without an id its repeat could not be told from another one. */
  hold(clientId: string): void {
    if (clientId === "") return;
    const now = this.#now();
    this.#held ??= { clientId, until: now + limits.orderHoldMs, atMost: now + limits.orderHoldMostMs };
  }
}

const clock = () => performance.now();

const ordered = ["send", "edit", "delete", "react"] as const;

/** The client_id of a command whose place among others matters; undefined for all else. */
export function orderedId(command: Command): string | undefined {
  return "clientId" in command.body && ordered.some((is) => is === command.is)
    ? command.body.clientId
    : undefined;
}

/** The same of a frame that was not looked at yet. */
export function orderedIdIn(json: unknown): string | undefined {
  for (const is of ordered) {
    const body = fieldOf(json, is);
    const id = body === undefined ? undefined : fieldOf(body, "clientId");
    if (body !== undefined) return typeof id === "string" ? id : "";
  }
  return undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
