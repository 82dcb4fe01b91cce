/** ChatService's definition, as grpc-js takes it. */
import type { Buffer } from "node:buffer";
import type { ServiceDefinition } from "@grpc/grpc-js";
import * as descriptors from "../protos/descriptors.ts";
import { ChatError } from "../protos/errors.ts";
import type { ChatMessage } from "../protos/gen/chat/ChatMessage.ts";
import type { ClientFrame__Output } from "../protos/gen/chat/ClientFrame.ts";
import type { ServerFrame } from "../protos/gen/chat/ServerFrame.ts";

/** The service's full name. */
export const chatServiceName = "chat.ChatService";

const compiled = descriptors.strict(descriptors.serviceDefinition(chatServiceName));

/** A streamed message in its wire format. */
export const serializeMessage = compiled.StreamMessages?.responseSerialize as (
  message: ChatMessage,
) => Buffer;

/** A frame in its wire format. */
export const serializeFrame = compiled.Session?.responseSerialize as (frame: ServerFrame) => Buffer;

/** A frame as a session is given it, with what it costs to hold. */
export interface ReceivedFrame {
  readonly frame: ClientFrame__Output | descriptors.Malformed;
  readonly bytes: number;
}

const parseFrame = compiled.Session?.requestDeserialize as (bytes: Buffer) => ReceivedFrame["frame"];

/** What is streamed is serialized once, whatever the number of its readers, so the streams take bytes. */
export const chatDefinition = {
  ...compiled,
  StreamMessages: { ...compiled.StreamMessages, responseSerialize: (bytes: Buffer) => bytes },
  Session: {
    ...compiled.Session,
    requestDeserialize: (bytes: Buffer): ReceivedFrame => ({ frame: parseFrame(bytes), bytes: bytes.length }),
    responseSerialize: (bytes: Buffer) => bytes,
  },
} as ServiceDefinition;

/** The request, if it could be read. Throws INVALID_ARGUMENT. */
export function wellFormed<T extends object>(request: T | descriptors.Malformed): T {
  if (!(request instanceof descriptors.Malformed)) return request;
  throw new ChatError(
    "INVALID_ARGUMENT",
    `Cannot read the message: ${request.reason}, check how it is encoded.`,
  );
}
