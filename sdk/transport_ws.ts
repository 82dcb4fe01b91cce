/** Session over a WebSocket: the same frames as JSON. */
import { ChatError, type ErrorCode, errors, isErrorCode } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";
import { readFrame, readFrames } from "./frames.ts";
import type { Ended, SignedIn, Transport, Wire, WireEvents } from "./transport.ts";

/** The gateway's door at a `ws:` or `wss:` origin. */
export function wsTransport(origin: string): Transport {
  return {
    rate: { perSecond: limits.commandsPerSecond, burst: limits.commandsBurst },
    signIn: (asked, { signal }) => signIn(http(origin), asked, signal),
    dial: (token, events) => dial(origin, token, events),
    // The header has told who it is.
    open: () => ({}),
  };
}

async function signIn(
  origin: string,
  { name, token }: { name: string; token: string },
  signal: AbortSignal,
): Promise<SignedIn> {
  const answer = await ask(`${origin}/sign-in`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && bearer(token)) },
    body: JSON.stringify({ name }),
    signal,
  });
  if (!answer.ok) throw refusal(answer.status, answer.body);
  const { token: given, principal, expires } = answer.body as unknown as SignedIn;
  if (!given || !principal) throw new ChatError("INTERNAL", "Cannot sign in: the answer names nobody.");
  return { token: given, principal, expires };
}

function dial(origin: string, token: string, events: WireEvents): Wire {
  // Deno takes headers where browsers, whose types are in force here, take protocols.
  const socket = new WebSocket(`${origin}/ws`, { headers: bearer(token) } as unknown as string[]);
  const gone = Promise.withResolvers<void>();
  let ready = false;
  let over = false;
  const end = (ended: Ended) => {
    if (over) return;
    over = true;
    events.onEnd(ended);
  };
  socket.onopen = () => {
    ready = true;
    if (!over) events.onReady();
  };
  socket.onmessage = ({ data }) => {
    if (over) return;
    const frames = readFrames(data);
    // Whatever it was, it was a sign of life.
    if (frames.length === 0) events.onFrame(readFrame(undefined));
    for (const frame of frames) if (!over) events.onFrame(frame);
  };
  socket.onerror = () => {};
  socket.onclose = async ({ code, reason }) => {
    gone.resolve();
    // A WebSocket does not tell why it was refused; a plain request with the same token does.
    const why = ready || over ? closing(code, reason) : await probe(`${http(origin)}/me`, token);
    end({ why, comeBack: why.retry });
  };
  return {
    send: (frame) => void (socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(frame))),
    close: async () => {
      socket.close();
      end({ why: closing(0, ""), comeBack: true });
      // A peer that is gone without a word cannot be told, and Deno waits for it.
      await gone.promise;
    },
  };
}

function closing(code: number, reason: string): ChatError {
  const word = (Object.keys(errors) as ErrorCode[]).find((word) => errors[word].close === code);
  return new ChatError(word ?? "UNAVAILABLE", reason || "Cannot go on: the connection was lost.");
}

async function probe(url: string, token: string): Promise<ChatError> {
  try {
    const signal = AbortSignal.timeout(limits.openingMs);
    const answer = await ask(url, { headers: bearer(token), signal });
    if (!answer.ok) return refusal(answer.status, answer.body);
    return new ChatError("UNAVAILABLE", "Cannot connect: the gateway did not open the WebSocket, try again.");
  } catch (error) {
    return error as ChatError;
  }
}

const statuses: Partial<Record<number, ErrorCode>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "FORBIDDEN_ORIGIN",
  404: "NOT_FOUND",
  409: "NAME_TAKEN",
  429: "RESOURCE_EXHAUSTED",
};

function refusal(status: number, { code, error }: Answer["body"]): ChatError {
  const word = typeof code === "string" && isErrorCode(code) ? code : statuses[status] ?? "UNAVAILABLE";
  return new ChatError(
    word,
    String(error ?? `Cannot do this: the gateway answered with ${status}.`),
  );
}

interface Answer {
  readonly ok: boolean;
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Asks over HTTP. Throws UNAVAILABLE if there is no answer. */
async function ask(url: string, init: RequestInit): Promise<Answer> {
  try {
    const response = await fetch(url, init);
    const body = await response.json().catch(() => ({}));
    return { ok: response.ok, status: response.status, body };
  } catch (cause) {
    throw new ChatError("UNAVAILABLE", "Cannot reach the gateway: it does not answer, try again.", { cause });
  }
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

function http(origin: string): string {
  return origin.replace(/^ws/, "http");
}
