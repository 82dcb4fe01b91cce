/**
 * The thin driver of the connection: makes socket and timers what the state says, and tells the state
 * what socket, timers and browser do.
 */
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import type { ClientFrame } from "../protos/gen/chat/ClientFrame.ts";
import { limits } from "../protos/limits.ts";
import { connect, type Connection, type Happening, next, socketOf } from "./connection.ts";
import { type Frame, readFrames } from "./frames.ts";
import { Pace } from "./pace.ts";

/** After the browser says that its network is gone or another one, an answer has to come within this time. */
const doubtMs = 2_500;

/** Who uses the line. */
export interface Ends {
  /** A socket is open: say who is there. */
  greet(): void;
  hear(frame: Frame): void;
  /** There is a doubt whether anybody hears: ask something that is answered at once. */
  probe(): void;
  /** A socket ended before it opened. A browser does not say why: the server may not know the person any more. */
  failed(): void;
  /** The connection is in another state. */
  changed(state: Connection): void;
}

type Timer = ReturnType<typeof setTimeout> | undefined;

/** A line to the server that is opened again and again, until somebody leaves or is told not to come back. */
export class Line {
  readonly #ends: Ends;
  readonly #connection = signal<Connection>(connect(performance.now()));
  readonly #over = new AbortController();
  #socket: { turn: number; socket: WebSocket } | null = null;
  /** Read, and not heard yet. */
  #frames: Frame[] = [];
  readonly #pace = new Pace(() => this.#hear());
  #heardAt = 0;
  #dueTimer: Timer;
  #silenceTimer: Timer;

  constructor(ends: Ends) {
    this.#ends = ends;
    this.#listen();
    this.#drive();
  }

  get connection(): ReadonlySignal<Connection> {
    return this.#connection;
  }

  /** Puts a frame on the line; false without an open socket. */
  send(frame: ClientFrame): boolean {
    const socket = this.#socket?.socket;
    if (socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify([frame]));
    return true;
  }

  happen(event: Happening): void {
    const before = this.#connection.value;
    const after = next(before, event);
    if (after === before) return;
    this.#connection.value = after;
    this.#drive();
    this.#ends.changed(after);
  }

  #drive(): void {
    const state = this.#connection.value;
    const turn = socketOf(state);
    if (this.#socket && this.#socket.turn !== turn) this.#drop(this.#socket.socket);
    if (turn !== 0 && !this.#socket) this.#open(turn);
    clearTimeout(this.#dueTimer);
    if (state.is === "waiting") {
      const due = () => this.happen({ is: "due", now: performance.now() });
      this.#dueTimer = setTimeout(due, Math.max(0, state.until - performance.now()) + 1);
    }
    if (state.is === "left" || state.is === "rejected") this.#over.abort();
  }

  #open(turn: number): void {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws`);
    const mine = () => this.#socket?.socket === socket;
    let opened = false;
    this.#socket = { turn, socket };
    this.#heard();
    socket.onopen = () => {
      opened = true;
      if (mine()) this.#ends.greet();
    };
    socket.onmessage = ({ data }) => mine() && this.#read(data);
    socket.onclose = ({ code, reason }) => {
      if (mine()) this.#hear();
      if (!mine()) return;
      const why = reason || (code > 4499 ? "The server closed the door." : "The connection was lost.");
      this.happen({ is: "closed", code, why, now: performance.now(), dice: Math.random() });
      if (!opened) this.#ends.failed();
    };
  }

  #drop(socket: WebSocket): void {
    this.#socket = null;
    this.#frames = [];
    clearTimeout(this.#silenceTimer);
    socket.close();
  }

  #read(data: unknown): void {
    this.#heard();
    const frames = readFrames(data);
    this.#frames.push(...frames);
    if (frames.every(mayWait)) this.#pace.ask();
    else this.#hear();
  }

  #hear(): void {
    const from = this.#socket;
    batch(() => {
      for (const frame of this.#frames.splice(0)) {
        // A frame may have ended the line, such as a parting one.
        if (this.#socket === from) this.#ends.hear(frame);
      }
    });
  }

  #heard(): void {
    this.#heardAt = Date.now();
    this.#allow(limits.silenceMs);
  }

  #allow(silenceMs: number): void {
    clearTimeout(this.#silenceTimer);
    if (!this.#socket) return;
    const silence = () => this.happen({ is: "silence", now: performance.now(), dice: Math.random() });
    this.#silenceTimer = setTimeout(silence, silenceMs);
  }

  #listen(): void {
    const { signal } = this.#over;
    const look = () => {
      if (document.hidden) return;
      const now = performance.now();
      // A machine that slept has a socket that looks open and timers that have yet to fire. Only its clock went on.
      if (this.#socket && Date.now() - this.#heardAt > limits.silenceMs) {
        this.happen({ is: "silence", now, dice: 0 });
      } else this.happen({ is: "nudge", by: "browser", now });
    };
    const changed = () => {
      look();
      this.#doubt();
    };
    addEventListener("online", changed, { signal });
    addEventListener("pageshow", look, { signal });
    document.addEventListener("visibilitychange", look, { signal });
    addEventListener("offline", () => this.#doubt(), { signal });
  }

  /** A browser may be wrong about its network, and the socket good. */
  #doubt(): void {
    if (this.#connection.value.is !== "live") return;
    this.#allow(doubtMs);
    this.#ends.probe();
  }
}

/** What others do, which may be many. */
function mayWait({ is, id }: Frame): boolean {
  return id === 0 && (is === "batch" || is === "roster");
}
