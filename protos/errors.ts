/**
 * The one table of errors: the word both doors use, the gRPC status, the WebSocket close code, and
 * whether to come back. Close codes 4000–4499 mean "come back", 4500–4999 mean "do not".
 */
export const errors = {
  INVALID_ARGUMENT: { grpc: 3, close: 4500, retry: false, hint: "Change what you send." },
  NOT_FOUND: { grpc: 5, close: 4504, retry: false, hint: "Check the name." },
  ALREADY_EXISTS: { grpc: 6, close: 4506, retry: false, hint: "Use a new client_id, or another name." },
  NAME_TAKEN: { grpc: 6, close: 4505, retry: false, hint: "Choose another name." },
  UNAUTHENTICATED: { grpc: 16, close: 4501, retry: false, hint: "Sign in, and send the token." },
  PERMISSION_DENIED: { grpc: 7, close: 4503, retry: false, hint: "Ask whoever may." },
  FORBIDDEN_ORIGIN: { grpc: 7, close: 4507, retry: false, hint: "Add the page's origin to ORIGINS." },
  FAILED_PRECONDITION: { grpc: 9, close: 4509, retry: false, hint: "Open and follow first." },
  UNIMPLEMENTED: { grpc: 12, close: 4512, retry: false, hint: "Update the client or the server." },
  RESOURCE_EXHAUSTED: { grpc: 8, close: 4008, retry: true, hint: "Slow down and try again." },
  FLOOD: { grpc: 8, close: 4007, retry: true, hint: "Send more slowly; come back after the given delay." },
  TOO_SLOW: { grpc: 8, close: 4009, retry: true, hint: "Come back and resume from your cursor." },
  SILENT: { grpc: 4, close: 4010, retry: true, hint: "Send a heartbeat at least every 10 s." },
  UNAVAILABLE: { grpc: 14, close: 4014, retry: true, hint: "Try again with the same client_id." },
  SHUTTING_DOWN: { grpc: 14, close: 4015, retry: true, hint: "Come back after the given delay." },
  STORAGE_FULL: { grpc: 8, close: 4016, retry: true, hint: "Free some space on the server's disk." },
  DATA_LOSS: { grpc: 15, close: 4515, retry: false, hint: "Restore the database from a backup." },
  INTERNAL: { grpc: 13, close: 4013, retry: true, hint: "Look into the server's journal." },
} as const;

/** The word for what went wrong. Match on this, never on a message's text. */
export type ErrorCode = keyof typeof errors;

/** The one error type: what could not be done, why, and under which code. */
export class ChatError extends Error {
  override readonly name = "ChatError";

  /** `message` reads: Cannot <act> <"what">: <state>, <remedy>. */
  constructor(readonly code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }

  /** Whether the same request may succeed later. */
  get retry(): boolean {
    return errors[this.code].retry;
  }
}

/** Makes whatever was thrown a {@linkcode ChatError}; the unknown becomes INTERNAL. */
export function toChatError(thrown: unknown): ChatError {
  if (thrown instanceof ChatError) return thrown;
  return new ChatError("INTERNAL", "Cannot do this: the server ran into a fault of its own, try again.", {
    cause: thrown,
  });
}

/** True for a word of the table. */
export function isErrorCode(word: string): word is ErrorCode {
  return Object.hasOwn(errors, word);
}
