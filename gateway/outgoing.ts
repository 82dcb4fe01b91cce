/**
 * What goes out on one WebSocket. A message costs a system call, whatever is in it: frames that one turn of the event
 * loop has for a peer go as one array.
 */
import process from "node:process";
import { limits } from "../protos/limits.ts";
import type { Traffic } from "./traffic.ts";

/** The most units of UTF-16 that are put together: to copy more costs more than a message. */
const togetherMost = 65_536;

/** The most bytes that UTF-8 needs for one unit of UTF-16. */
const bytesPerUnit = 3;

/** The way out of one WebSocket. */
export class Outgoing {
  readonly #ws: WebSocket;
  readonly #traffic: Traffic;
  /** An array of frames that waits for the end of this turn; empty if there is none. */
  #gathered = "";
  #quiet = false;
  /** No more than this can wait to be taken: to ask how much does costs as much as to send something. */
  #waitsAtMost = 0;

  constructor(ws: WebSocket, traffic: Traffic) {
    this.#ws = ws;
    this.#traffic = traffic;
  }

  /** True if the peer has taken nearly all of what was sent: a signal may be sent, too. */
  get hasSpace(): boolean {
    if (this.#waitsAtMost > limits.socketBufferBytes) {
      this.#waitsAtMost = this.#ws.bufferedAmount + this.#gathered.length * bytesPerUnit;
    }
    return this.#waitsAtMost <= limits.socketBufferBytes;
  }

  /** Sends at once, or behind what was gathered and with it. */
  send(text: string): void {
    if (this.#gathered !== "") this.gather(text);
    else if (this.#takes(text)) this.#post(text);
  }

  /** Sends an array of frames at the end of this turn, together with others. */
  gather(text: string): void {
    if (!this.#takes(text)) return;
    if (this.#gathered.length + text.length > togetherMost) this.flush();
    if (this.#gathered !== "") this.#gathered = `${this.#gathered.slice(0, -1)},${text.slice(1)}`;
    else {
      this.#gathered = text;
      atEndOfTurn(this);
    }
  }

  /** How many bytes the peer has not taken of what was sent; what was gathered is sent before. */
  waiting(): number {
    this.flush();
    return this.#ws.bufferedAmount;
  }

  /** Sends what was gathered. */
  flush(): void {
    const text = this.#gathered;
    if (text === "") return;
    this.#gathered = "";
    if (this.#ws.readyState === WebSocket.OPEN) this.#post(text);
  }

  /** True if nothing was sent since this was last asked: a heartbeat is due. */
  wasQuiet(): boolean {
    const quiet = this.#quiet;
    this.#quiet = true;
    return quiet;
  }

  #takes(text: string): boolean {
    if (this.#ws.readyState !== WebSocket.OPEN) return false;
    this.#quiet = false;
    this.#waitsAtMost += text.length * bytesPerUnit;
    return true;
  }

  #post(text: string): void {
    this.#traffic.sent++;
    this.#traffic.characters += text.length;
    this.#ws.send(text);
  }
}

let gathering: Outgoing[] = [];

function atEndOfTurn(outgoing: Outgoing): void {
  // Behind all promises that are settled in this turn.
  if (gathering.push(outgoing) === 1) process.nextTick(flushAll);
}

function flushAll(): void {
  const all = gathering;
  gathering = [];
  for (const outgoing of all) outgoing.flush();
}
