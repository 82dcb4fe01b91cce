/** People who talk without pause through every door, and a ledger of what they said and what they were answered. */
import { FrameSocket, grpcClient, RawSocket, send } from "./doors.ts";

/** An acknowledgement. */
export interface Ack {
  readonly sender: string;
  readonly text: string;
  readonly seq: number;
  readonly duplicate: boolean;
}

/** What happened. */
export interface Ledger {
  /** Every text that was sent; no two are the same. */
  readonly said: Set<string>;
  readonly acks: Ack[];
  /** gRPC statuses of sends that were cut off, and were then sent again. */
  readonly cutOff: number[];
  /** Codes of refusals on sockets. */
  readonly refused: string[];
}

export function newLedger(): Ledger {
  return { said: new Set(), acks: [], cutOff: [], refused: [] };
}

interface Talk {
  readonly name: string;
  readonly ledger: Ledger;
  /** Milliseconds between two messages. */
  readonly pace: number;
  readonly signal: AbortSignal;
}

/** A crashed server is back within a second; grpc-js waits longer before it looks again, also after it was closed. */
export const backoff = { "grpc.initial_reconnect_backoff_ms": 1, "grpc.max_reconnect_backoff_ms": 200 };

/** Talks over gRPC, and repeats what was cut off, under its client_id, until it is acknowledged. */
export async function talkOverGrpc(port: number, talk: Talk): Promise<void> {
  const { name, ledger, pace, signal } = talk;
  using client = grpcClient(port, backoff);
  for (let i = 0; !signal.aborted; i++) {
    const text = `${name} says ${i}`;
    ledger.said.add(text);
    for (let done = false; !done;) {
      try {
        const { seq, duplicate } = await send(client, { username: name, message: text, clientId: `${i}` });
        ledger.acks.push({ sender: name, text, seq, duplicate });
        done = true;
      } catch (error) {
        ledger.cutOff.push((error as { code: number }).code);
        await pause(50);
      }
    }
    await pause(pace);
  }
}

/** Talks over `/ws`. The gateway repeats what was cut off, so each is asked once. */
export async function talkOverFrames(socket: FrameSocket, talk: Talk): Promise<void> {
  const { name, ledger, pace, signal } = talk;
  for (let i = 0; !signal.aborted; i++) {
    const text = `${name} says ${i}`;
    ledger.said.add(text);
    const { sent, refused } = await socket.ask({ send: { text, clientId: `${i}` } });
    if (sent) ledger.acks.push({ sender: name, text, seq: sent.seq, duplicate: sent.duplicate });
    else ledger.refused.push(refused?.code ?? "neither");
    await pause(pace);
  }
}

/** Talks over the tutorial's door, which acknowledges nothing. */
export async function talkOverTutorial(socket: RawSocket, talk: Talk): Promise<void> {
  const { name, ledger, pace, signal } = talk;
  for (let i = 0; !signal.aborted; i++) {
    const text = `${name} says ${i}`;
    ledger.said.add(text);
    socket.send({ message: text });
    await pause(pace);
  }
}

/** Sockets of both kinds, all open, all following the lobby from its first message. */
export class Sockets implements AsyncDisposable {
  readonly frames: FrameSocket[] = [];
  readonly tutorial: RawSocket[] = [];
  closed = 0;
  readonly #beat: ReturnType<typeof setInterval>;

  private constructor() {
    // One who says nothing for 25 s is taken for dead.
    this.#beat = setInterval(() => {
      for (const { raw } of this.frames) raw.send({ heartbeat: {} });
    }, 8_000);
  }

  static async join(webPort: number, count: { frames: number; tutorial: number }): Promise<Sockets> {
    const sockets = new Sockets();
    for (let i = 0; i < count.frames; i++) {
      const socket = await FrameSocket.connect(webPort);
      sockets.frames.push(socket);
      sockets.#watch(socket.raw);
      await socket.ask({ open: { username: `framer${i}` } });
      await socket.ask({ follow: { replay: "REPLAY_RESUME" } });
    }
    for (let i = 0; i < count.tutorial; i++) {
      const socket = await RawSocket.connect(`ws://127.0.0.1:${webPort}/ws/learner${i}`);
      sockets.tutorial.push(socket);
      sockets.#watch(socket);
    }
    return sockets;
  }

  #watch(socket: RawSocket): void {
    socket.closed.then(() => this.closed++);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#beat);
    await Promise.all([...this.frames, ...this.tutorial].map((socket) => socket[Symbol.asyncDispose]()));
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
