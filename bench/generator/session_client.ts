/**
 * One program that speaks Session over gRPC: so much of HTTP/2 as one stream needs. grpc-js would cost more than the
 * server that is measured.
 */
import { serviceDefinition } from "../../protos/descriptors.ts";
import type { ClientFrame } from "../../protos/gen/chat/ClientFrame.ts";
import type { ServerFrame } from "../../protos/gen/chat/ServerFrame.ts";
import type { Client, ClientOptions } from "./client.ts";
import { concat } from "./bytes.ts";
import { Http2Reader } from "./http2_reader.ts";
import * as http2 from "./http2_frames.ts";
import { type Talks, TcpSocket } from "./tcp_socket.ts";
import { Template } from "./template.ts";
import { readVarint, writeVarint } from "./varint.ts";

const { requestSerialize, responseSerialize, responseDeserialize } = serviceDefinition("chat.ChatService")
  .Session as {
    requestSerialize: (frame: ClientFrame) => Uint8Array;
    responseSerialize: (frame: ServerFrame) => Uint8Array;
    responseDeserialize: (bytes: unknown) => ServerFrame;
  };

/** What comes behind an id of one byte in an answer that is no refusal. */
const sentTag = responseSerialize({ id: 1, sent: {} })[2];

/** Above the ids of all else, and such that each takes four bytes. */
const firstId = 1 << 21;

/** A client of the gRPC door. */
export class SessionClient implements Client, Talks {
  readonly #options: ClientOptions;
  readonly #socket: TcpSocket;
  readonly #reader = new Http2Reader();
  readonly #waiting: Uint8Array<ArrayBuffer>[] = [];
  /** What may still be sent on the stream and on the connection. */
  readonly #windows = { stream: 65_535, connection: 65_535, initial: 65_535 };
  #template: Template | undefined;
  #isIn = false;
  #isGone = false;

  /** Begins to connect. */
  constructor(options: ClientOptions) {
    this.#options = options;
    this.#socket = new TcpSocket(options.port, options.poll, this);
  }

  connected(): void {
    this.#socket.send(http2.opening("/chat.ChatService/Session", `127.0.0.1:${this.#options.port}`));
    this.#send(message({ id: 1, open: { token: this.#options.who.token } }));
  }

  restore(into: Uint8Array): number {
    return this.#reader.restore(into);
  }

  received(bytes: Uint8Array<ArrayBuffer>, end: number): void {
    this.#reader.take(bytes, end, {
      message: (message) => this.#hear(message),
      ack: (frame) => this.#socket.send(frame),
      window: (on, more) => {
        this.#windows[on] += more;
        this.#flush();
      },
      initialWindow: (size) => {
        this.#windows.stream += size - this.#windows.initial;
        this.#windows.initial = size;
        this.#flush();
      },
      ended: (why) => this.#lose(why),
    });
  }

  gone(): void {
    this.#lose("it was closed");
  }

  say(number: number, due: number): void {
    if (!this.#template) return;
    const bytes = this.#template.fill(number, due);
    // The frame begins behind gRPC's five bytes with the id's tag.
    writeVarint(bytes, http2.headerBytes + 6, firstId + number);
    this.#send(bytes);
  }

  beat(): void {
    if (this.#isIn) this.#send(message({ heartbeat: {} }));
  }

  close(): void {
    this.#isGone = true;
    this.#socket.close();
  }

  #hear(bytes: Uint8Array): void {
    const id = bytes[0] === 0x08 ? readVarint(bytes, 1) : { value: 0, next: 0 };
    const { index } = this.#options.who;
    if (id.value > firstId) {
      const refusal = bytes[id.next] === sentTag ? undefined : JSON.stringify(responseDeserialize(bytes));
      return this.#options.watches.answered(index, id.value - firstId, refusal);
    }
    if (this.#isIn) return;
    const { opened, refused } = responseDeserialize(bytes);
    if (refused) return this.#lose(JSON.stringify(refused));
    if (opened) this.#enter(opened.person ?? 0);
  }

  #enter(person: number): void {
    const { who: { index, room }, text, watches } = this.#options;
    const frame = message({ id: firstId, send: { person, room, clientId: `${index}-#######`, text } });
    this.#template = new Template(frame);
    this.#isIn = true;
    watches.joined(index);
  }

  #lose(why: string): void {
    if (this.#isGone) return;
    this.close();
    this.#options.watches.lost(this.#options.who.index, why.slice(0, 300));
  }

  #send(frame: Uint8Array<ArrayBuffer>): void {
    const size = frame.length - http2.headerBytes;
    if (this.#waiting.length > 0 || size > this.#windows.stream || size > this.#windows.connection) {
      return void this.#waiting.push(frame.slice());
    }
    this.#windows.stream -= size;
    this.#windows.connection -= size;
    this.#socket.send(frame);
  }

  #flush(): void {
    for (const frame of this.#waiting.splice(0)) this.#send(frame);
  }
}

/** A frame of Session in a DATA frame of stream 1. */
function message(frame: ClientFrame): Uint8Array<ArrayBuffer> {
  const body = requestSerialize(frame);
  const prefix = new Uint8Array(5);
  new DataView(prefix.buffer).setUint32(1, body.length);
  return http2.frame(http2.types.DATA, { stream: 1, payload: concat([prefix, body]) });
}
