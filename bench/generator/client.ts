/** What every client of the generator is and does, however it speaks. */
import type { Joiner } from "./dialects.ts";
import type { Poll } from "./libc.ts";

/** Whoever watches the clients. */
export interface Watches {
  joined(index: number): void;
  /** A message came. `bytes` is good only until the function returns. */
  message(index: number, bytes: Uint8Array, from: number, to: number): void;
  /** What was said under that number was stored, or refused with that answer. */
  answered(index: number, number: number, refusal: string | undefined): void;
  /** It is gone, though nobody asked for that. */
  lost(index: number, why: string): void;
}

/** Who a client is. */
export interface ClientOptions {
  readonly who: Joiner;
  readonly port: number;
  readonly poll: Poll;
  readonly watches: Watches;
  /** What it says; there is a stamp in it. */
  readonly text: string;
}

/** A client. */
export interface Client {
  /** Says the message of that number, due at that time in microseconds. */
  say(number: number, due: number): void;
  /** Gives a sign of life. A browser gives one when it is asked for it. */
  beat?(): void;
  close(): void;
}
