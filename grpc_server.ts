/**
 * The gRPC door, and the service's composition root: settings → log → chat → calls.
 * `deno task grpc` runs it alone; start.ts runs it beside a gateway.
 */
import { Buffer } from "node:buffer";
import * as grpc from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { Chat } from "./chat/chat.ts";
import { parseName, parseRoom } from "./chat/rules.ts";
import { type Outlet, Session } from "./chat/session.ts";
import { beginIn, parseStart } from "./feed/begin.ts";
import { follow } from "./feed/follow.ts";
import { openLog } from "./log/open.ts";
import * as descriptors from "./protos/descriptors.ts";
import { ChatError, errors, toChatError } from "./protos/errors.ts";
import type { RoomEvent } from "./protos/events.ts";
import type { ChatMessage, ChatMessage__Output } from "./protos/gen/chat/ChatMessage.ts";
import type { ChatResponse } from "./protos/gen/chat/ChatResponse.ts";
import type { ClientFrame__Output } from "./protos/gen/chat/ClientFrame.ts";
import type { ServerFrame } from "./protos/gen/chat/ServerFrame.ts";
import type { StreamRequest__Output } from "./protos/gen/chat/StreamRequest.ts";
import { limits } from "./protos/limits.ts";
import { shuttingDown, silent, tooSlow } from "./protos/partings.ts";
import { before } from "./runtime/deadline.ts";
import { listen, shutdown } from "./runtime/grpc_listen.ts";
import { addReflection } from "./runtime/grpc_reflection.ts";
import { StreamWriter } from "./runtime/grpc_writer.ts";
import { type Journal, terminal } from "./runtime/journal.ts";
import { Pulse } from "./runtime/pulse.ts";
import { type Running, runProcess } from "./runtime/process.ts";
import type { Settings } from "./runtime/settings.ts";

/** What starting a ChatService needs. */
export type ChatServiceSettings = Pick<Settings, "grpcHost" | "grpcPort" | "chatLog">;

/** A ChatService that takes calls. */
export interface ChatService extends Running {
  /** The port that it got. */
  readonly port: number;
}

/** Opens the log and takes calls. Throws a ChatError that says what to do. */
export async function startChatService(
  settings: ChatServiceSettings,
  { journal, now = Date.now }: { journal: Journal; now?: () => number },
): Promise<ChatService> {
  const log = await openLog(settings.chatLog);
  const chat = new Chat(log, { now });
  const calls = new Calls(chat, journal);
  const server = new grpc.Server({
    "grpc.max_receive_message_length": limits.grpcMessageBytes,
    "grpc.max_concurrent_streams": limits.streamsPerConnection,
    // Finds connections whose other end is gone without a word.
    "grpc.keepalive_time_ms": limits.heartbeatMs,
    "grpc.keepalive_timeout_ms": limits.silenceMs - limits.heartbeatMs,
  });
  const health = new HealthImplementation({ "": "SERVING", [chatServiceName]: "SERVING" });
  server.addService(chatDefinition, calls.implementation());
  health.addToServer(server);
  addReflection(server, descriptors, reflectionNames.map(descriptors.serviceDefinition));
  chat.closed.catch((error) => {
    journal.warn("Cannot follow the log any longer; leaving, so that a restart can begin anew.", error);
    Deno.exit(1);
  });

  const closeLog = async () => {
    await chat.close();
    await log.close();
  };
  const { grpcHost: host, grpcPort } = settings;
  const port = await listen(server, { host, port: grpcPort }).catch(async ({ message }) => {
    await closeLog();
    throw new ChatError(
      "UNAVAILABLE",
      `Cannot listen on "${host}:${grpcPort}": ${message}, choose another GRPC_PORT or GRPC_HOST.`,
    );
  });
  return {
    port,
    close: async () => {
      for (const name of ["", chatServiceName]) health.setStatus(name, "NOT_SERVING");
      await calls.drain();
      await shutdown(server, limits.drainMs / 2);
      await closeLog();
    },
  };
}

const chatServiceName = "chat.ChatService";
const reflectionNames = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];
const compiled = descriptors.strict(descriptors.serviceDefinition(chatServiceName));
const serializeMessage = compiled.StreamMessages?.responseSerialize as (message: ChatMessage) => Buffer;

/** A streamed message is serialized once, whatever the number of its readers, so the stream takes bytes. */
const chatDefinition = {
  ...compiled,
  StreamMessages: { ...compiled.StreamMessages, responseSerialize: (bytes: Buffer) => bytes },
} as grpc.ServiceDefinition;

type StreamCall = grpc.ServerWritableStream<StreamRequest__Output, Buffer>;
type SessionCall = grpc.ServerDuplexStream<ClientFrame__Output, ServerFrame>;

/** The calls of ChatService. No error escapes a handler: a rejected one would end the process. */
class Calls {
  readonly #chat: Chat;
  readonly #journal: Journal;
  readonly #serialized = new WeakMap<RoomEvent, Buffer>();
  readonly #draining = new AbortController();
  readonly #streams = new Set<Promise<void>>();

  constructor(chat: Chat, journal: Journal) {
    this.#chat = chat;
    this.#journal = journal;
  }

  implementation(): grpc.UntypedServiceImplementation {
    return {
      sendMessage: (
        call: grpc.ServerUnaryCall<ChatMessage__Output, ChatResponse>,
        reply: grpc.sendUnaryData<ChatResponse>,
      ) => {
        this.#sendMessage(call.request).then(
          (response) => reply(null, response),
          (error) => reply(this.#status(error)),
        );
      },
      streamMessages: (call: StreamCall) => this.#run(call, (signal) => this.#streamMessages(call, signal)),
      session: (call: SessionCall) => this.#run(call, (signal) => this.#session(call, signal)),
    };
  }

  /** Tells every stream to come back, and resolves when all have ended; sends in flight are answered first. */
  async drain(): Promise<void> {
    this.#draining.abort();
    await before(limits.drainMs / 2, Promise.allSettled(this.#streams));
  }

  async #sendMessage(request: ChatMessage__Output): Promise<ChatResponse> {
    const { username, message, room, clientId } = wellFormed(request);
    const sender = parseName(username);
    const { event, duplicate } = await this.#chat.send(parseRoom(room), {
      kind: "send",
      sender,
      clientId,
      text: message,
    });
    return { success: true, message: "Message sent", seq: event.seq, epoch: this.#chat.epoch, duplicate };
  }

  async #streamMessages(call: StreamCall, signal: AbortSignal): Promise<void> {
    const request = wellFormed(call.request);
    parseName(request.username);
    const room = parseRoom(request.room);
    const feed = this.#chat.feed(room);
    const { epoch, head, after, recovered } = await beginIn(feed, parseStart(request));
    const writer = new StreamWriter(call, { patienceMs: limits.slowReaderMs });
    call.sendMetadata(metadata({ "chat-epoch": epoch, "chat-head": head, "chat-recovered": recovered }));
    for await (
      const { events } of follow(feed, { epoch, after }, {
        signal: AbortSignal.any([signal, this.#draining.signal]),
      })
    ) {
      for (const event of events) {
        const written = await writer.write(this.#serialize(event, { room, epoch }));
        if (written === "slow") throw tooSlow();
        if (written === "closed") return;
      }
    }
    if (this.#draining.signal.aborted) throw shuttingDown();
  }

  async #session(call: SessionCall, signal: AbortSignal): Promise<void> {
    const ended = Promise.withResolvers<void>();
    const running = new Set<Promise<void>>();
    const writer = new StreamWriter(call, { patienceMs: limits.slowReaderMs });
    const outlet: Outlet = {
      write: async (frame) => {
        pulse.spoke();
        if (await writer.write(frame) === "slow") throw tooSlow();
      },
      fail: (error) => ended.reject(error),
    };
    const session = new Session(this.#chat, outlet);
    const pulse = new Pulse({
      everyMs: limits.heartbeatMs,
      silenceMs: limits.silenceMs,
      beat: () => void outlet.write({ heartbeat: {} }).catch(outlet.fail),
      dead: () => outlet.fail(silent()),
    });
    // At once, so that the client knows it is served before anything happens.
    call.sendMetadata(metadata({ "chat-epoch": this.#chat.epoch }));
    call.on("data", async (frame: ClientFrame__Output | descriptors.Malformed) => {
      pulse.heard();
      if (frame instanceof descriptors.Malformed) return session.refuse(malformed(frame));
      const handled = session.handle(frame);
      running.add(handled);
      if (running.size >= limits.commandsPerSession) call.pause();
      await handled;
      running.delete(handled);
      if (call.isPaused()) call.resume();
    });
    call.on("end", () => ended.resolve());
    signal.addEventListener("abort", () => ended.resolve());
    this.#draining.signal.addEventListener("abort", () => ended.reject(shuttingDown()), { signal });
    try {
      await ended.promise;
    } catch (error) {
      const { code, message, retry } = this.#known(error);
      // Not waited for: a peer that takes nothing could hold this up for good.
      call.write({
        parting: { code, message, retry, delayMs: Math.round(Math.random() * limits.sessionReturnMs) },
      });
    }
    pulse.stop();
    while (running.size > 0) await Promise.all(running);
    session.close();
    call.end();
  }

  /** Runs a stream to its end, whatever that is. */
  #run(call: StreamCall | SessionCall, serve: (signal: AbortSignal) => Promise<void>): void {
    const gone = new AbortController();
    call.on("cancelled", () => gone.abort());
    call.on("error", () => gone.abort());
    const stream = this.#admit().then(() => serve(gone.signal)).then(
      () => call.end(),
      (error) => call.emit("error", this.#status(error)),
    ).then(() => gone.abort());
    this.#streams.add(stream);
    stream.finally(() => this.#streams.delete(stream));
  }

  async #admit(): Promise<void> {
    if (this.#draining.signal.aborted) throw shuttingDown();
    if (this.#streams.size < limits.streams) return await Promise.resolve();
    throw new ChatError(
      "RESOURCE_EXHAUSTED",
      "Cannot open one more stream: the server is full, try again later.",
    );
  }

  #serialize(event: RoomEvent, { room, epoch }: { room: string; epoch: string }): Buffer {
    const known = this.#serialized.get(event);
    if (known) return known;
    const { seq, timestamp, sender, clientId, message } = event;
    const bytes = serializeMessage({
      username: sender,
      message: message.text,
      timestamp,
      room,
      seq,
      epoch,
      clientId,
    });
    this.#serialized.set(event, bytes);
    return bytes;
  }

  #known(error: unknown): ChatError {
    const known = toChatError(error);
    if (known.code === "INTERNAL") this.#journal.warn("A call ran into a fault of ours.", error);
    return known;
  }

  #status(error: unknown): Partial<grpc.StatusObject> & Error {
    const known = this.#known(error);
    return Object.assign(new Error(known.message), {
      code: errors[known.code].grpc,
      details: known.message,
      metadata: metadata({ "chat-code": known.code, "chat-retry": known.retry }),
    });
  }
}

/** The request, if it could be read. Throws INVALID_ARGUMENT. */
function wellFormed<T extends object>(request: T): T {
  if (request instanceof descriptors.Malformed) throw malformed(request);
  return request;
}

function malformed({ reason }: descriptors.Malformed): ChatError {
  return new ChatError("INVALID_ARGUMENT", `Cannot read the message: ${reason}, check how it is encoded.`);
}

function metadata(values: Record<string, string | number | boolean>): grpc.Metadata {
  const made = new grpc.Metadata();
  for (const [key, value] of Object.entries(values)) made.set(key, String(value));
  return made;
}

if (import.meta.main) {
  await runProcess("grpc", async (settings) => {
    const service = await startChatService(settings, { journal: terminal });
    terminal.say(`gRPC server started on port ${service.port}`);
    return service;
  }, { journal: terminal, drainMs: limits.drainMs });
}
