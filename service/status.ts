/** What travels beside messages: the status that ends a call, and metadata. */
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { type ChatError, errors } from "../protos/errors.ts";

/** The status of a call that was refused: the code of the table, the words, and in metadata our own code. */
export function statusOf({ code, message, retry }: ChatError): Partial<StatusObject> & Error {
  return Object.assign(new Error(message), {
    code: errors[code].grpc,
    details: message,
    metadata: metadata({ "chat-code": code, "chat-retry": retry }),
  });
}

export function metadata(values: Record<string, string | number | boolean>): Metadata {
  const made = new Metadata();
  for (const [key, value] of Object.entries(values)) made.set(key, String(value));
  return made;
}

/** The token of `authorization: Bearer <token>`; empty if there is none. */
export function bearer(metadata: Metadata): string {
  const [value] = metadata.get("authorization");
  return /^Bearer (\S+)$/i.exec(String(value ?? ""))?.[1] ?? "";
}
