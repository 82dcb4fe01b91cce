/** `StreamMessages`: a room's messages for readers that know nothing else, such as the tutorial's. */
import type { Buffer } from "node:buffer";
import type { ServerWritableStream } from "@grpc/grpc-js";
import type { Chat } from "../chat/chat.ts";
import { parseRoom } from "../chat/rules.ts";
import { parseStart } from "../feed/begin.ts";
import { follow } from "../feed/follow.ts";
import type { StreamRequest__Output } from "../protos/gen/chat/StreamRequest.ts";
import { limits } from "../protos/limits.ts";
import { shuttingDown, tooSlow } from "../protos/partings.ts";
import { CallOutput } from "../runtime/grpc_output.ts";
import type { StreamSignals } from "../runtime/grpc_streams.ts";
import { StreamWriter } from "../runtime/grpc_writer.ts";
import { encodeMessage } from "./encode.ts";
import { metadata } from "./status.ts";

/** The call. */
export type StreamCall = ServerWritableStream<StreamRequest__Output, Buffer>;

/** What a reader's call needs. */
export interface StreamMessagesOptions {
  readonly chat: Chat;
  readonly request: StreamRequest__Output;
  readonly signals: StreamSignals;
}

/** Serves a reader until it goes. Rejects with why it has to. */
export async function streamMessages(
  call: StreamCall,
  { chat, request, signals: { gone, ends } }: StreamMessagesOptions,
): Promise<void> {
  const room = parseRoom(request.room);
  const { epoch, head, after, recovered } = await chat.begin(room, parseStart(request), { signal: gone });
  const writer = new StreamWriter(new CallOutput(call), {
    bytes: limits.streamBufferBytes,
    ms: limits.slowReaderMs,
  });
  call.sendMetadata(metadata({ "chat-epoch": epoch, "chat-head": head, "chat-recovered": recovered }));
  for await (const { events } of follow(chat.feed(room), { epoch, after }, { signal: ends })) {
    for (const event of events) {
      const bytes = encodeMessage(event, { room, epoch });
      const written = bytes && await writer.write(bytes);
      if (written === "slow") throw tooSlow();
      if (written === "closed") return;
    }
  }
  if (!gone.aborted) throw shuttingDown();
}
