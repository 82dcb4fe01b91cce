/** One browser: the handshake, joining, then messages. */
import { findAnswers } from "./answers.ts";
import { concat, encode } from "./bytes.ts";
import type { Client, ClientOptions } from "./client.ts";
import type { Dialect, Joiner, Step } from "./dialects.ts";
import { clientFrame, FrameReader, type Hears, opcodes } from "./frame_reader.ts";
import { type Talks, TcpSocket } from "./tcp_socket.ts";
import { Template } from "./template.ts";

/** How a client stands. */
type Standing =
  | { readonly is: "upgrading"; head: string }
  | { readonly is: "joining"; step: number }
  | { readonly is: "in" }
  | { readonly is: "gone" };

/** A WebSocket client. */
export class WsClient implements Client, Talks, Hears {
  readonly #options: ClientOptions;
  readonly #who: Joiner;
  readonly #dialect: Dialect;
  readonly #socket: TcpSocket;
  readonly #reader = new FrameReader();
  readonly #steps: readonly Step[];
  #template: Template | undefined;
  #standing: Standing = { is: "upgrading", head: "" };

  /** Begins to connect. */
  constructor(dialect: Dialect, options: ClientOptions) {
    this.#options = options;
    this.#who = options.who;
    this.#dialect = dialect;
    this.#steps = dialect.join(options.who);
    this.#socket = new TcpSocket(options.port, options.poll, this);
  }

  connected(): void {
    const { path, headers = [] } = this.#dialect.request(this.#who);
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${this.#options.port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      ...headers,
    ];
    this.#socket.send(encode(lines.join("\r\n") + "\r\n\r\n"));
  }

  restore(into: Uint8Array): number {
    return this.#reader.restore(into);
  }

  received(bytes: Uint8Array<ArrayBuffer>, end: number): void {
    if (this.#standing.is !== "upgrading") return this.#reader.take(bytes, end, this);
    const before = this.#standing.head.length;
    const head = this.#standing.head + latin1.decode(bytes.subarray(0, end));
    const ends = head.indexOf("\r\n\r\n");
    if (ends < 0) return void (this.#standing.head = head);
    if (!head.startsWith("HTTP/1.1 101")) return this.#lose(head);
    this.#step(0);
    const from = ends + 4 - before;
    if (from < end) this.#reader.take(bytes.slice(from, end), end - from, this);
  }

  heard(opcode: number, bytes: Uint8Array, from: number, to: number): void {
    if (opcode >= 8) return this.#control(opcode, bytes.slice(from, to));
    const reply = this.#dialect.reply?.(bytes, from, to);
    if (reply) return this.#send(reply);
    if (this.#standing.is === "joining") this.#join(latin1.decode(bytes.subarray(from, to)));
    if (this.#standing.is !== "in") return;
    const { watches, who } = this.#options;
    if (this.#dialect.acknowledges && this.#template) {
      findAnswers(bytes, { from, to }, (number, refusal) => watches.answered(who.index, number, refusal));
    }
    watches.message(who.index, bytes, from, to);
  }

  gone(): void {
    this.#lose("it was closed");
  }

  say(number: number, due: number): void {
    this.#template ??= new Template(
      clientFrame(this.#dialect.opcode, this.#dialect.say(this.#who, this.#options.text)),
    );
    this.#socket.send(this.#template.fill(number, due));
  }

  close(): void {
    this.#standing = { is: "gone" };
    this.#socket.close();
  }

  /** Begins a step of joining; behind the last one it is in. */
  #step(step: number): void {
    const next = this.#steps[step];
    this.#standing = next ? { is: "joining", step } : { is: "in" };
    if (next?.send) this.#send(next.send);
    if (!next) this.#options.watches.joined(this.#who.index);
  }

  #join(text: string): void {
    if (this.#standing.is !== "joining") return;
    const { step } = this.#standing;
    if (text.includes(`"refused"`)) this.#lose(text);
    else if (text.includes(this.#steps[step]?.until ?? "")) this.#step(step + 1);
  }

  #control(opcode: number, payload: Uint8Array<ArrayBuffer>): void {
    if (opcode === opcodes.ping) return this.#socket.send(clientFrame(opcodes.pong, payload));
    if (opcode !== opcodes.close) return;
    const [high = 0, low = 0] = payload;
    this.#lose(`it was closed with ${high << 8 | low} ${latin1.decode(payload.subarray(2))}`);
  }

  #lose(why: string): void {
    if (this.#standing.is === "gone") return;
    this.close();
    this.#options.watches.lost(this.#who.index, why.slice(0, 300));
  }

  #send(payload: Uint8Array): void {
    this.#socket.send(clientFrame(this.#dialect.opcode, concat([payload])));
  }
}

const latin1 = new TextDecoder("latin1");
