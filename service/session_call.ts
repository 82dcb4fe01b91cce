/** `Session` on a gRPC stream: the wire around a chat/session.ts. */
import type { Buffer } from "node:buffer";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { Chat } from "../chat/chat.ts";
import { type Outlet, Session } from "../chat/session.ts";
import { type ChatError, toChatError } from "../protos/errors.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";
import { limits } from "../protos/limits.ts";
import { shuttingDown, silent, tooSlow } from "../protos/partings.ts";
import { CallOutput } from "../runtime/grpc_output.ts";
import type { StreamSignals } from "../runtime/grpc_streams.ts";
import { StreamWriter } from "../runtime/grpc_writer.ts";
import { Pulse } from "../runtime/pulse.ts";
import { type ReceivedFrame, wellFormed } from "./definition.ts";
import { encodeBatch, encodeFrame } from "./encode.ts";
import { metadata } from "./status.ts";

/** The call. */
export type SessionCall = ServerDuplexStream<ReceivedFrame, Buffer>;

/** What a session's call needs. */
export interface SessionCallOptions {
  readonly chat: Chat;
  readonly signals: StreamSignals;
  /** Makes what was thrown an error for the client. */
  readonly known: (error: unknown) => ChatError;
}

/** Serves a session until it ends. Never rejects: why it ends is told in a parting frame. */
export async function serveSession(
  call: SessionCall,
  { chat, signals: { gone, ends }, known }: SessionCallOptions,
): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const output = new CallOutput(call);
  const writer = new StreamWriter(output, {
    bytes: limits.streamBufferBytes,
    ms: limits.slowReaderMs,
  });
  const write = async (make: () => Buffer) => {
    pulse.spoke();
    if (await writer.writeMade(make) === "slow") throw tooSlow();
  };
  const outlet: Outlet = {
    write: (frame) => write(() => encodeFrame(frame)),
    writeBatch: (batch) => write(() => encodeBatch(batch)),
    signal: (frame) => writer.offer(encodeFrame(frame), String(frame.roster?.room)),
    fail: (error) => ended.reject(error),
    known,
  };
  const session = new Session(chat, outlet);
  const pulse = new Pulse({
    everyMs: limits.heartbeatMs,
    silenceMs: limits.silenceMs,
    beat: () => void outlet.write({ heartbeat: {} }).catch(outlet.fail),
    dead: () => outlet.fail(silent()),
  });
  // At once, so that the client knows it is served before anything happens.
  call.sendMetadata(metadata({ "chat-epoch": chat.epoch, "chat-keys": chat.guests.publicKeys }));
  const idle = takeCommands(call, session, () => pulse.heard());
  call.on("end", () => ended.resolve());
  const end = () => gone.aborted ? ended.resolve() : ended.reject(shuttingDown());
  ends.addEventListener("abort", end);
  if (ends.aborted) end();
  try {
    await ended.promise;
  } catch (error) {
    // While the server drains, what still comes is answered; one who broke a rule is not heard any more.
    if (!ends.aborted) call.removeAllListeners("data").pause();
    // Not waited for: a peer that takes nothing could hold this up for good.
    output.write(encodeFrame({ parting: parting(known(error)) }), () => {});
  }
  pulse.stop();
  await idle();
  session.close();
  call.end();
}

/** Hands the commands to the session, and pauses the client when too many wait. Gives what waits until none does. */
function takeCommands(call: SessionCall, session: Session, heard: () => void): () => Promise<void> {
  const running = new Set<Promise<void>>();
  let held = 0;
  const isFull = () => running.size >= session.commandsMost || held >= limits.commandsBytes;
  call.on("data", async ({ frame, bytes }: ReceivedFrame) => {
    heard();
    const handled = begin(session, frame);
    running.add(handled);
    held += bytes;
    if (isFull()) call.pause();
    await handled;
    running.delete(handled);
    held -= bytes;
    if (!isFull() && call.isPaused() && call.listenerCount("data") > 0) call.resume();
  });
  return async () => {
    while (running.size > 0) await Promise.all(running);
  };
}

/** Hands on what came. Resolves when it is answered. */
function begin(session: Session, frame: ReceivedFrame["frame"]): Promise<void> {
  try {
    return session.handle(wellFormed(frame));
  } catch (error) {
    return session.refuse(toChatError(error), frame.id);
  }
}

function parting({ code, message, retry }: ChatError): NonNullable<ServerFrame["parting"]> {
  const delayMs = code === "FLOOD" ? limits.floodDelayMs : Math.round(Math.random() * limits.sessionReturnMs);
  return { code, message, retry, delayMs };
}
