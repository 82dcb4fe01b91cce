/** All clients of the generator: it makes them, and gives what they hear to the one who asks at the moment. */
import { limits } from "../../protos/limits.ts";
import type { Client, Watches } from "./client.ts";
import { type Dialect, dialects } from "./dialects.ts";
import type { Poll } from "./libc.ts";
import type { ConnectOrder } from "./orders.ts";
import { SessionClient } from "./session_client.ts";
import { stampOf } from "./stamp.ts";
import type { Layout } from "./tally.ts";
import { WsClient } from "./ws_client.ts";

/** With its stamp, a text of a usual length: 90 characters. */
const padding = " The meeting is moved to four; bring the drawings along, please.";

/** The clients of one server. */
export class Crowd {
  readonly door: Pick<Dialect, "delivers" | "acknowledges">;
  readonly layout: Layout;
  /** The number of the last message of each writer. */
  readonly numbers: Uint32Array;
  /** Who hears what the clients hear. */
  watches: Watches;
  readonly #order: ConnectOrder;
  readonly #tokens: readonly string[];
  readonly #poll: Poll;
  readonly #clients: (Client | undefined)[] = [];
  #beaten = 0;

  /** Who comes in place of others goes on behind `before`, the highest number of theirs: a server may know the numbers. */
  constructor(
    order: ConnectOrder,
    { poll, watches, before = 0 }: { poll: Poll; watches: Watches; before?: number | undefined },
  ) {
    this.#order = order;
    this.#poll = poll;
    this.door = dialects[order.door === "session" ? "writers" : order.door];
    this.watches = watches;
    this.#tokens = order.tokens ? Deno.readTextFileSync(order.tokens).trim().split("\n") : [];
    this.layout = { clients: order.clients, rooms: order.rooms.length, writers: order.writers };
    this.numbers = new Uint32Array(order.rooms.length * order.writers).fill(before);
  }

  /** How many were begun. */
  get begun(): number {
    return this.#clients.length;
  }

  /** Begins the next client. */
  begin(): void {
    const { door, port, morePorts = [], rooms, replay } = this.#order;
    const ports = [port, ...morePorts];
    const index = this.#clients.length;
    const options = {
      who: {
        index,
        room: rooms[index % rooms.length] ?? "",
        token: this.#tokens[index % this.#tokens.length] ?? "",
        replay,
      },
      port: ports[index % ports.length] ?? port,
      poll: this.#poll,
      watches: this.#relay,
      text: stampOf(Math.floor(index / rooms.length)) + padding,
    };
    this.#clients.push(
      door === "session" ? new SessionClient(options) : new WsClient(dialects[door], options),
    );
  }

  /** The highest number of all writers. */
  get highest(): number {
    return Math.max(0, ...this.numbers);
  }

  /** Lets a writer say its next message; gives the number. */
  say(writer: number, due: number): number {
    const number = (this.numbers[writer] ?? 0) + 1;
    this.numbers[writer] = number;
    this.#clients[writer]?.say(number, due);
    return number;
  }

  /** How often signs of life of programs are due, in milliseconds from one to the next. */
  get beatEveryMs(): number {
    return this.#order.door === "session" ? limits.heartbeatMs / this.begun : Infinity;
  }

  /** Lets the next one give a sign of life. */
  beat(): void {
    this.#clients[this.#beaten++ % this.begun]?.beat?.();
  }

  close(): void {
    for (const client of this.#clients) client?.close();
  }

  readonly #relay: Watches = {
    joined: (index) => this.watches.joined(index),
    message: (index, bytes, from, to) => this.watches.message(index, bytes, from, to),
    answered: (index, number, refusal) => this.watches.answered(index, number, refusal),
    lost: (index, why) => this.watches.lost(index, why),
  };
}
