/** The door `/ws`: the frames of Session as JSON, for one browser and one person. */
import { ChatError, toChatError } from "../protos/errors.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { limits } from "../protos/limits.ts";
import { silent } from "../protos/partings.ts";
import { Pulse, type PulseOptions } from "../runtime/pulse.ts";
import type { Bridge, LinkWatcher } from "./bridge.ts";
import { BrowserCommands, isBig, type Reply, replyOf } from "./browser_commands.ts";
import { extraWork, parseCommand } from "./commands.ts";
import { encodeFrames, frameId, parseFrame, parseFrames } from "./frames.ts";
import { Order, orderedId, orderedIdIn } from "./order.ts";
import type { Socket, SocketHandlers } from "./socket.ts";
import { tooFast } from "./speed.ts";
import type { Link } from "./upstream.ts";

/** Who is served. */
export interface BrowserOptions {
  /** Tells who it is. */
  readonly token: string;
  /** It was sent away for speed. */
  readonly flooded: () => void;
}

/** Serves a browser until its socket is gone. */
export function serveBrowser(socket: Socket, bridge: Bridge, options: BrowserOptions): void {
  socket.listen(new Browser(socket, bridge, options));
}

class Browser implements SocketHandlers, LinkWatcher, PulseOptions {
  readonly sendsFrames = true;
  readonly everyMs = limits.heartbeatMs;
  readonly silenceMs = limits.silenceMs;
  readonly #socket: Socket;
  readonly #bridge: Bridge;
  readonly #flooded: () => void;
  readonly #commands: BrowserCommands;
  readonly #order = new Order();
  readonly #pulse: Pulse;
  #inFlight = 0;
  #pages = done;

  constructor(socket: Socket, bridge: Bridge, { token, flooded }: BrowserOptions) {
    this.#socket = socket;
    this.#bridge = bridge;
    this.#flooded = flooded;
    this.#commands = new BrowserCommands({ bridge, socket, token, end: (why) => this.#end(why) });
    this.#pulse = new Pulse(this);
  }

  opened(): void {
    const { link } = this.#bridge;
    this.#commands.awaitPerson();
    if (!link.up && link.tried) this.linkChanged(link);
    this.#bridge.watchLink(this);
  }

  wasQuiet(): boolean {
    return this.#socket.wasQuiet();
  }

  beat(): void {
    this.#socket.send(heartbeat);
  }

  dead(): void {
    this.#socket.close(silent());
  }

  linkChanged(link: Link): void {
    this.#send({ link: link.up ? { up: true } : { up: false, message: link.message } });
  }

  heard(text: string | ChatError): void {
    this.#pulse.heard();
    // Most of what thousands say who only read.
    if (text === heartbeat || text === signOfLife) return;
    try {
      if (text instanceof ChatError) throw text;
      const frames = parseFrames(text);
      // The first one was paid for with the message.
      const verdict = frames.length > 1 ? this.#socket.spend(frames.length - 1) : "go";
      if (verdict === "flood") return;
      for (const json of frames) {
        if (verdict === "refuse") this.#refuseUnseen(json, tooFast());
        else this.#handle(json);
      }
    } catch (error) {
      this.#refuse(0, error);
    }
  }

  /** Refuses what came too fast, each command by its id. */
  refuse(text: string | ChatError): void {
    this.#pulse.heard();
    try {
      if (text instanceof ChatError) throw text;
      for (const json of parseFrames(text)) this.#refuseUnseen(json, tooFast());
    } catch (error) {
      this.#refuse(0, error);
    }
  }

  part({ code, message, retry }: ChatError, delayMs: number): void {
    if (code === "FLOOD") this.#flooded();
    this.#commands.stopReading();
    this.#send({ parting: { code, message, retry, delayMs } });
  }

  gone(): void {
    this.#pulse.stop();
    this.#commands.close();
    this.#bridge.unwatchLink(this);
  }

  /** Begins a command before it returns, so that one browser's sends keep their order; answers it later. */
  #handle(json: unknown): void {
    const id = frameId(json);
    try {
      const frame = parseFrame(json);
      if (id === 0 && !Object.hasOwn(frame, "heartbeat")) {
        throw new ChatError(
          "INVALID_ARGUMENT",
          "Cannot carry out a command: it has no id, choose one above 0.",
        );
      }
      const command = parseCommand(frame);
      if (command.is === "heartbeat") return;
      if (this.#socket.spend(extraWork(command)) !== "go") throw tooFast();
      const clientId = orderedId(command);
      if (clientId !== undefined) this.#order.check(clientId);
      if (this.#inFlight >= limits.commandsInFlight) {
        this.#order.hold(clientId ?? "");
        throw new ChatError(
          "RESOURCE_EXHAUSTED",
          "Cannot carry out a command: too many wait for an answer, send fewer at a time.",
        );
      }
      this.#inFlight++;
      const answer = () => this.#answer(id, this.#commands.carryOut(command), clientId);
      // Big answers one after the other, each taken before the next is asked for: they are cheap to ask for.
      this.#socket.run(isBig(command) ? () => this.#pages = this.#pages.then(answer) : answer);
    } catch (error) {
      this.#refuse(id, error);
    }
  }

  /** Resolves when the browser has taken what was before the reply, so that the commands in flight bound what waits. */
  async #answer(id: number, carriedOut: Promise<Reply>, clientId = ""): Promise<void> {
    try {
      const { encode, begin } = await carriedOut.catch((error) => {
        if (toChatError(error).retry) this.#order.hold(clientId);
        return replyOf(this.#refusal(error));
      });
      await this.#socket.write(() => encode(id));
      begin?.();
    } finally {
      this.#inFlight--;
    }
  }

  #refuseUnseen(json: unknown, error: ChatError): void {
    this.#order.hold(orderedIdIn(json) ?? "");
    this.#refuse(frameId(json), error);
  }

  #refuse(id: number, error: unknown): void {
    this.#send({ id, ...this.#refusal(error) });
  }

  #refusal(error: unknown): ServerFrame {
    const { code, message, retry } = this.#socket.known(error);
    return { refused: { code, message, retry } };
  }

  #end(why: ChatError): void {
    this.#socket.part(why, Math.round(Math.random() * limits.returnSpreadMs));
    this.#socket.close(why);
  }

  #send(frame: ServerFrame): void {
    this.#socket.send(encodeFrames(frame));
  }
}

const done = Promise.resolve();

const heartbeat = encodeFrames({ heartbeat: {} });

/** The same as a frame alone. */
const signOfLife = JSON.stringify({ heartbeat: {} });
