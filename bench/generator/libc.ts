/**
 * Linux's sockets and epoll, called directly. A WebSocket client of Deno's or Node's costs more for each message than
 * the servers that are measured; a read here costs the system call and little else.
 */
// Sizes are below 2^32, and a number costs less than the BigInt that a size_t would be.
const { symbols: libc } = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  timerfd_create: { parameters: ["i32", "i32"], result: "i32" },
  timerfd_settime: { parameters: ["i32", "i32", "buffer", "pointer"], result: "i32" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
});

/** Numbers of <errno.h>. */
export const errno = { EAGAIN: 11, EINPROGRESS: 115 } as const;

const [AF_INET, SOCK_STREAM, SOCK_NONBLOCK, IPPROTO_TCP, TCP_NODELAY, MSG_NOSIGNAL] = [
  2,
  1,
  0o4000,
  6,
  1,
  0x4000,
];
const [EPOLL_CTL_ADD, EPOLLIN, EPOLLOUT, EPOLLET, EPOLLERR, EPOLLHUP] = [1, 1, 4, 0x8000_0000, 8, 0x10];
const CLOCK_MONOTONIC = 1;

/** The number of the last call that failed. */
export function lastError(): number {
  const at = libc.__errno_location();
  return at ? new Deno.UnsafePointerView(at).getInt32() : 0;
}

/** Begins to connect to a port of this machine, and gives the descriptor. Throws if there are no more of them. */
export function connect(port: number): number {
  const fd = libc.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) throw new Error(`Cannot open a socket: error ${lastError()}, raise \`ulimit -n\`.`);
  libc.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, new Int32Array([1]), 4);
  // sockaddr_in: the family in the machine's order, port and address in the network's.
  const address = new Uint8Array(16);
  new DataView(address.buffer).setUint16(0, AF_INET, true);
  address.set([port >> 8, port & 0xff, 127, 0, 0, 1], 2);
  if (libc.connect(fd, address, address.length) === 0 || lastError() === errno.EINPROGRESS) return fd;
  libc.close(fd);
  throw new Error(`Cannot connect to port ${port}: error ${lastError()}.`);
}

/** CPU time of a process so far, all its threads, in milliseconds; 0 for one that is gone. */
export function processCpuMs(pid: number): number {
  const time = new BigInt64Array(2);
  // The clock that clock_getcpuclockid(3) gives for a process.
  return libc.clock_gettime((~pid << 3) | 2, time) === 0
    ? Number(time[0]) * 1_000 + Number(time[1]) / 1e6
    : 0;
}

/** Reads into `into`; 0 at the end of the stream, below 0 if there is nothing or it failed. */
export function read(fd: number, into: Uint8Array<ArrayBuffer>): number {
  return libc.read(fd, into, into.length);
}

/** Sends as much as the socket takes; below 0 if that is nothing, or it failed. */
export function send(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
  return libc.send(fd, bytes, bytes.length, MSG_NOSIGNAL);
}

/** Writes to a file or a pipe. */
export function write(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
  return libc.write(fd, bytes, bytes.length);
}

/** Closes a descriptor. */
export function close(fd: number): void {
  libc.close(fd);
}

/** Whoever is told that a descriptor can be read or written. */
export interface Ready {
  /** There is something to read, or it ended. */
  readable(): void;
  /** It takes more than before. */
  writable(): void;
}

const eventsMost = 1_024;

/** The descriptors that are waited for. Each is told once for each change: read until there is nothing more. */
export class Poll {
  readonly #fd = libc.epoll_create1(0);
  readonly #ready = new Map<number, Ready>();
  // x86-64 packs the struct; elsewhere the data is aligned.
  readonly #size = Deno.build.arch === "x86_64" ? 12 : 16;
  readonly #events = new Uint8Array(eventsMost * this.#size);
  readonly #view = new DataView(this.#events.buffer);

  /** Waits for a descriptor until it is removed. */
  add(fd: number, ready: Ready): void {
    const event = new Uint8Array(this.#size);
    const view = new DataView(event.buffer);
    view.setUint32(0, (EPOLLIN | EPOLLOUT | EPOLLET) >>> 0, true);
    view.setInt32(this.#size - 8, fd, true);
    if (libc.epoll_ctl(this.#fd, EPOLL_CTL_ADD, fd, event) !== 0) {
      throw new Error(`Cannot wait for a descriptor: error ${lastError()}.`);
    }
    this.#ready.set(fd, ready);
  }

  /** Forgets a descriptor, which is about to be closed. */
  remove(fd: number): void {
    this.#ready.delete(fd);
  }

  /** Waits for something to happen, at most `ms`, and tells whom it concerns. */
  wait(ms: number): void {
    const count = libc.epoll_wait(this.#fd, this.#events, eventsMost, ms);
    for (let i = 0; i < count; i++) {
      const at = i * this.#size;
      const what = this.#view.getUint32(at, true);
      const fd = this.#view.getInt32(at + this.#size - 8, true);
      if (what & EPOLLOUT) this.#ready.get(fd)?.writable();
      if (what & (EPOLLIN | EPOLLERR | EPOLLHUP)) this.#ready.get(fd)?.readable();
    }
  }
}

/** Wakes a poll more exactly than its own whole milliseconds do. */
export class Timer implements Ready {
  readonly #fd = libc.timerfd_create(CLOCK_MONOTONIC, SOCK_NONBLOCK);
  // itimerspec: the interval, and the first time, each as seconds and nanoseconds.
  readonly #spec = new BigInt64Array(4);
  readonly #count = new Uint8Array(8);

  constructor(poll: Poll) {
    poll.add(this.#fd, this);
  }

  /** Wakes the poll once, in `ms`, which may be a fraction. */
  wakeIn(ms: number): void {
    const nanoseconds = BigInt(Math.max(1_000, Math.round(ms * 1e6)));
    this.#spec[2] = nanoseconds / 1_000_000_000n;
    this.#spec[3] = nanoseconds % 1_000_000_000n;
    libc.timerfd_settime(this.#fd, 0, this.#spec, null);
  }

  readable(): void {
    libc.read(this.#fd, this.#count, 8);
  }

  writable(): void {}
}
