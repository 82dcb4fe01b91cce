/** One connection of the generator: bytes in and out, as fast as the other side takes them. */
import { close, connect, errno, lastError, type Poll, read, type Ready, send } from "./libc.ts";

/** Whoever speaks over the connection. */
export interface Talks {
  /** It is connected. */
  connected(): void;
  /** Puts what it kept of the last read at the front of a buffer, and gives how many bytes that is. */
  restore(into: Uint8Array): number;
  /** There are so many bytes in the buffer, which is good only until the function returns. */
  received(bytes: Uint8Array<ArrayBuffer>, end: number): void;
  /** The other side is gone. */
  gone(): void;
}

/** All connections read into the same memory, one after the other. */
const buffer = new Uint8Array(4 * 1024 * 1024);

/** A connection to a port of this machine. */
export class TcpSocket implements Ready {
  readonly #fd: number;
  readonly #poll: Poll;
  readonly #talks: Talks;
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #connected = false;
  #closed = false;

  /** Begins to connect. */
  constructor(port: number, poll: Poll, talks: Talks) {
    this.#poll = poll;
    this.#talks = talks;
    this.#fd = connect(port);
    poll.add(this.#fd, this);
  }

  /** Sends bytes, now or as soon as the other side takes them. */
  send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#closed) return;
    if (this.#waiting.length > 0) return void this.#waiting.push(bytes.slice());
    const sent = send(this.#fd, bytes);
    if (sent === bytes.length) return;
    if (sent < 0 && lastError() !== errno.EAGAIN) return this.#end();
    this.#waiting.push(bytes.slice(Math.max(0, sent)));
  }

  readable(): void {
    while (!this.#closed) {
      const kept = this.#talks.restore(buffer);
      const into = kept === 0 ? buffer : buffer.subarray(kept);
      const count = read(this.#fd, into);
      if (count === 0 || (count < 0 && lastError() !== errno.EAGAIN)) return this.#end();
      if (count < 0) return;
      this.#talks.received(buffer, kept + count);
      // There was no more at that moment, and what comes later is told anew.
      if (count < into.length) return;
    }
  }

  writable(): void {
    if (!this.#connected) {
      this.#connected = true;
      this.#talks.connected();
    }
    while (this.#waiting.length > 0 && !this.#closed) {
      const [first] = this.#waiting as [Uint8Array<ArrayBuffer>];
      const sent = send(this.#fd, first);
      if (sent < 0) return lastError() === errno.EAGAIN ? undefined : this.#end();
      if (sent < first.length) this.#waiting[0] = first.subarray(sent);
      else this.#waiting.shift();
    }
  }

  /** Ends it from this side. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#poll.remove(this.#fd);
    close(this.#fd);
  }

  #end(): void {
    if (this.#closed) return;
    this.close();
    this.#talks.gone();
  }
}
