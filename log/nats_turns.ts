/**
 * Turns between nodes in one room. The node that is nearest to the stream's leader would win every time, so one that
 * has lost again and again asks the others to wait until it was first, or for a moment.
 */
import type { Msg } from "@nats-io/transport-node";
import { type NatsLink, pause } from "./nats_link.ts";
import { subjectsOf } from "./nats_records.ts";

/** Losses in a row after which a node asks for its turn. */
const lossesMost = 2;

/** How long one waits for another's turn. The one that asked may be gone. */
const turnMs = 100;

/** The turns of one node. */
export class Turns {
  readonly #link: NatsLink;
  readonly #subject: string;
  readonly #me = crypto.randomUUID().slice(0, 8);
  /** How often this node has lost in a row, by room. */
  readonly #losses = new Map<string, number>();
  /** The rooms where it waits for others; aborted when it need not any more. */
  readonly #waits = new Map<string, AbortController>();

  /** Ends with the connection. */
  constructor(link: NatsLink, stream: string) {
    this.#link = link;
    this.#subject = subjectsOf(stream).turns;
    link.nc.subscribe(this.#subject, { callback: (_, message) => this.#take(message) });
  }

  /** Resolves when it is this node's turn. */
  async mine(room: string): Promise<void> {
    const wait = this.#waits.get(room);
    if (!wait) return;
    await pause(turnMs, wait);
    if (this.#waits.get(room) === wait) this.#waits.delete(room);
  }

  /** This node was first, or another one was. */
  settle(room: string, result: "won" | "lost"): void {
    const losses = result === "won" ? 0 : (this.#losses.get(room) ?? 0) + 1;
    if (losses === 0) this.#losses.delete(room);
    else this.#losses.set(room, losses);
    if (losses < lossesMost || this.#link.state !== "up") return;
    this.#link.nc.publish(this.#subject, JSON.stringify({ node: this.#me, room }));
  }

  /** Another node's record has come: it had its turn. */
  passed(room: string): void {
    this.#waits.get(room)?.abort();
    this.#waits.delete(room);
  }

  #take(message: Msg): void {
    try {
      const { node, room } = message.json<{ node?: unknown; room?: unknown }>();
      if (node === this.#me || typeof room !== "string" || this.#losses.has(room)) return;
      if (!this.#waits.has(room)) this.#waits.set(room, new AbortController());
    } catch {
      // Not JSON: none of ours.
    }
  }
}
