/** Wires that a test holds in its hands: it plays the server, frame by frame. */
import { ChatError } from "../protos/errors.ts";
import type { ClientFrame } from "../protos/gen/chat/ClientFrame.ts";
import { readFrame } from "../sdk/frames.ts";
import type { Transport, WireEvents } from "../sdk/mod.ts";

/** One wire, as the server sees it. */
export class FarEnd {
  readonly heard: ClientFrame[] = [];
  readonly events: WireEvents;
  isOpen = true;

  constructor(events: WireEvents) {
    this.events = events;
  }

  /** Sends a frame to the client. */
  say(frame: object): void {
    if (this.isOpen) this.events.onFrame(readFrame(frame));
  }

  /** Lets the person in. */
  letIn(): void {
    this.events.onReady();
    this.say({
      id: this.heard[0]?.id,
      opened: { person: 7, principal: { id: "guest:1", name: "ann", key: "ann" } },
    });
  }

  end(why = new ChatError("UNAVAILABLE", "Cannot go on: cut.")): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.events.onEnd({ why, comeBack: why.retry });
  }

  /** What was sent of one kind. */
  all<Kind extends keyof ClientFrame>(kind: Kind): { id: number; body: NonNullable<ClientFrame[Kind]> }[] {
    return this.heard.flatMap((frame) => {
      const body = frame[kind];
      return body === undefined || body === null ? [] : [{ id: Number(frame.id), body }];
    });
  }

  texts(): string[] {
    return this.all("send").map(({ body }) => body.text ?? "");
  }

  /** Answers the send of a text. */
  store(text: string, seq: number): void {
    const sent = this.all("send").findLast(({ body }) => body.text === text);
    this.say({ id: sent?.id, sent: { seq, epoch: "e", timestamp: "t" } });
  }

  refuse(text: string, code: string, retry: boolean): void {
    const sent = this.all("send").findLast(({ body }) => body.text === text);
    this.say({ id: sent?.id, refused: { code, message: `Cannot: ${code}.`, retry } });
  }
}

/** A server that the test plays. */
export class Wires implements Transport {
  readonly rate = { perSecond: 1e6, burst: 1e6 };
  readonly ends: FarEnd[] = [];
  signIns = 0;
  /** How long a token is good for. */
  tokenMs = 1e9;
  /** What the next sign-ins are refused with. */
  readonly signInErrors: ChatError[] = [];

  signIn({ name }: { name: string }) {
    this.signIns++;
    const error = this.signInErrors.shift();
    if (error) return Promise.reject(error);
    const expires = new Date(Date.now() + this.tokenMs).toISOString();
    return Promise.resolve({
      token: `token of ${name}`,
      principal: { id: "guest:1", name, key: name },
      expires,
    });
  }

  dial(_token: string, events: WireEvents) {
    const end = new FarEnd(events);
    this.ends.push(end);
    queueMicrotask(() => end.letIn());
    return {
      send: (frame: ClientFrame) => void end.heard.push(frame),
      close: () => {
        end.end();
        return Promise.resolve();
      },
    };
  }

  open(token: string) {
    return { token };
  }

  /** The wire that is open now. */
  get now(): FarEnd {
    return this.ends.at(-1) as FarEnd;
  }
}
