/** One of many: a reader that follows, checks what it is given, comes back with its cursor, and can be stalled. */
import type { ServerFrame__Output as ServerFrame } from "../../../protos/gen/chat/ServerFrame.ts";
import { addHash, eventHash } from "./digest.ts";
import { type CrowdEvents, type CrowdWire, grpcWire, wsWire } from "./wire.ts";

/** Who it is, and where. */
export interface MemberOptions {
  readonly name: string;
  readonly token: string;
  readonly door: "grpc" | "ws";
  readonly port: number;
  readonly room: string;
  readonly random: () => number;
  /** Told how many milliseconds an event took, if its text says when it was said. */
  readonly onLatency: (ms: number) => void;
}

/** What it went through. */
export interface MemberReport {
  readonly name: string;
  readonly live: boolean;
  readonly epoch: string;
  /** It has all events after `from` up to `seq`, and this is their digest. */
  readonly from: number;
  readonly seq: number;
  readonly digest: number;
  readonly faults: readonly string[];
  readonly resets: number;
  readonly partings: readonly string[];
  /** Longest time from losing a connection to following again, in milliseconds. */
  readonly awayMs: number;
}

/** As the page does. */
const firstWaitMs = 1_000;
const longestWaitMs = 10_000;
/** How long a try to connect may take. */
const openingMs = 15_000;

/** A member. */
export class Member {
  readonly #options: MemberOptions;
  readonly #faults: string[] = [];
  readonly #partings: string[] = [];
  #wire: CrowdWire | undefined;
  #turn = 0;
  #tries = 0;
  #delayMs = 0;
  #live = false;
  #paused = false;
  #over = false;
  #place: { epoch: string; seq: number } | undefined;
  #from = 0;
  #digest = 0;
  #resets = 0;
  #lostAt = performance.now();
  #awayMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #opening: ReturnType<typeof setTimeout> | undefined;
  readonly #beat: ReturnType<typeof setInterval>;
  #wake = () => {};

  constructor(options: MemberOptions) {
    this.#options = options;
    this.#beat = setInterval(() => this.#live && this.#wire?.send({ heartbeat: {} }), 9_000);
    this.#dial();
  }

  /** Resolves when it follows. */
  async following(): Promise<void> {
    while (!this.#live) await new Promise<void>((resolve) => this.#wake = resolve);
  }

  /** Takes nothing any more, also on later connections, once it follows. */
  stall(): void {
    this.#paused = true;
    if (this.#live) this.#wire?.pause();
  }

  release(): void {
    this.#paused = false;
    this.#wire?.resume();
  }

  /** Loses the connection. */
  drop(): void {
    this.#wire?.destroy();
  }

  leave(): void {
    this.#over = true;
    clearInterval(this.#beat);
    clearTimeout(this.#timer);
    clearTimeout(this.#opening);
    this.#wire?.destroy();
  }

  report(): MemberReport {
    const { epoch, seq } = this.#place ?? { epoch: "", seq: 0 };
    return {
      name: this.#options.name,
      live: this.#live,
      epoch,
      from: this.#from,
      seq,
      digest: this.#digest,
      faults: this.#faults,
      resets: this.#resets,
      partings: this.#partings,
      awayMs: this.#live ? this.#awayMs : Math.max(this.#awayMs, performance.now() - this.#lostAt),
    };
  }

  #dial(): void {
    const { door, port, token } = this.#options;
    const turn = ++this.#turn;
    const mine = () => turn === this.#turn;
    const events: CrowdEvents = {
      onReady: () => {
        if (!mine()) return;
        this.#wire?.send({ id: 1, open: door === "ws" ? {} : { token } });
        if (door === "ws") this.#follow(0);
      },
      onFrame: (frame) => mine() && this.#take(frame),
      onEnd: () => mine() && this.#lost(),
    };
    this.#wire = door === "ws" ? wsWire(port, token, events) : grpcWire(port, events);
    this.#opening = setTimeout(() => mine() && !this.#live && this.#wire?.destroy(), openingMs);
  }

  #follow(person: number): void {
    const { room } = this.#options;
    const replay = this.#place ? { replay: "REPLAY_RESUME", after: this.#place } : { replay: "REPLAY_NONE" };
    this.#wire?.send({ id: 2, follow: { room, person, ...replay } });
  }

  #lost(): void {
    clearTimeout(this.#opening);
    if (this.#live) this.#lostAt = performance.now();
    this.#live = false;
    if (this.#over) return;
    const longest = Math.min(longestWaitMs, firstWaitMs * 2 ** this.#tries++);
    const waitMs = Math.max(this.#delayMs, this.#options.random() * longest);
    this.#delayMs = 0;
    this.#timer = setTimeout(() => this.#dial(), waitMs);
  }

  #take(frame: ServerFrame): void {
    if (frame.batch) return this.#read(frame.batch);
    if (frame.opened && this.#options.door === "grpc") return this.#follow(frame.opened.person ?? 0);
    if (frame.followed) return this.#followed(frame.followed);
    if (frame.parting) {
      this.#partings.push(String(frame.parting.code));
      this.#delayMs = frame.parting.delayMs ?? 0;
      // The server ends it; a gateway that was told to close waits for the other side.
      this.#wire?.destroy();
    }
    if (frame.refused && (frame.id === 1 || frame.id === 2)) {
      if (!frame.refused.retry) this.#faults.push(`refused: ${frame.refused.code} ${frame.refused.message}`);
      this.#wire?.destroy();
    }
  }

  #followed({ epoch, after = 0, recovered = false }: NonNullable<ServerFrame["followed"]>): void {
    const before = this.#place;
    if (before && recovered && (before.epoch !== epoch || before.seq !== after)) {
      this.#faults.push(`moved from ${before.epoch}/${before.seq} to ${epoch}/${after} without a word`);
    }
    if (before && !recovered) this.#resets++;
    if (!before || !recovered) {
      this.#from = after;
      this.#digest = 0;
      this.#place = { epoch, seq: after };
    }
    this.#awayMs = Math.max(this.#awayMs, performance.now() - this.#lostAt);
    this.#live = true;
    this.#tries = 0;
    clearTimeout(this.#opening);
    if (this.#paused) this.#wire?.pause();
    this.#wake();
  }

  #read({ epoch, events }: NonNullable<ServerFrame["batch"]>): void {
    const place = this.#place;
    if (!place || epoch !== place.epoch) {
      return void this.#faults.push(`a batch of ${epoch} came into ${place?.epoch}`);
    }
    const now = performance.timeOrigin + performance.now();
    for (const { seq, sender, clientId = "", message } of events) {
      if (seq !== place.seq + 1) this.#faults.push(`event ${seq} came after ${place.seq}`);
      place.seq = seq;
      const text = message?.text ?? "";
      this.#digest = addHash(this.#digest, eventHash({ seq, sender, clientId, text }));
      if (text.startsWith("t=")) this.#options.onLatency(now - Number(text.slice(2, text.indexOf(" "))));
    }
  }
}
