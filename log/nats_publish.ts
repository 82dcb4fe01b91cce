/** Puts one append into the stream, and does not let go before it is known what became of it. */
import { JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "@nats-io/transport-node";
import { ChatError, type ErrorCode } from "../protos/errors.ts";
import { answerMs, type NatsLink, pause } from "./nats_link.ts";
import { wrongSequence } from "./nats_stream.ts";

/** What is published. */
export interface Publication {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** The place of the subject's newest message, as far as we know. */
  readonly expected: number;
}

/** What one attempt came to. */
type Answer =
  | { readonly kind: "stored" }
  /** The subject's newest message is this one: not what was expected. */
  | { readonly kind: "moved"; readonly newest: number }
  /** This attempt stored nothing. */
  | { readonly kind: "refused"; readonly error: ChatError }
  | { readonly kind: "unanswered" };

/**
 * Tries until the signal aborts, since the stream has shown what became of it: the message, or another one in its place.
 * Rejects if nothing was stored and nothing will be. Once an attempt was not answered it may still be stored, and one
 * that was acknowledged may yet not be shown; so both are tried again, with the same expectation, however long NATS is
 * away. `doubt` is called then. A copy that is stored twice counts once. There is no `Nats-Msg-Id`: a server that lost
 * its lead remembers the ids of what was never stored, and acknowledges the next attempt for it.
 */
export async function publishOnce(
  link: NatsLink,
  publication: Publication,
  { doubt, signal, patienceMs = answerMs }: {
    doubt: () => void;
    signal: AbortSignal;
    /** How long the stream may take to show what it has acknowledged. */
    patienceMs?: number;
  },
): Promise<void> {
  let doubtful = false;
  while (!signal.aborted) {
    const answer = await attempt(link, publication);
    // The stream may have shown it meanwhile, though the answer was lost.
    if (signal.aborted) return;
    if (answer.kind === "refused" && !doubtful) throw answer.error;
    if (isInPlace(answer, publication)) await pause(patienceMs, { signal });
    if (signal.aborted) return;
    if (answer.kind === "unanswered" || isInPlace(answer, publication)) {
      doubtful = true;
      doubt();
      link.suspect();
    }
    await pause(answer.kind === "moved" ? 20 : 200, { signal });
    await link.up({ signal });
  }
}

/** True if the stream is to show the message, or another one in its place. A server that has not caught up may be told of an older one. */
function isInPlace(answer: Answer, { expected }: Publication): boolean {
  return answer.kind === "stored" || (answer.kind === "moved" && answer.newest > expected);
}

/** Messages may be a little smaller than what NATS takes: their headers count, too. */
const headersBytes = 1_024;

/** Throws INVALID_ARGUMENT for a message that NATS would close the connection for. */
export function mustFit(link: NatsLink, { length }: Uint8Array): void {
  const most = (link.nc.info?.max_payload ?? Infinity) - headersBytes;
  if (length <= most) return;
  throw new ChatError(
    "INVALID_ARGUMENT",
    `Cannot store so much at once: it takes ${length} bytes and "${link.shown}" takes ${most}, ` +
      "send less or raise its max_payload.",
  );
}

async function attempt(
  link: NatsLink,
  { subject, payload, expected }: Publication,
): Promise<Answer> {
  const answered = new AbortController();
  // An answer does not survive its connection.
  const lost = link.changed(answered).then((): Answer => ({ kind: "unanswered" }));
  const options = { expect: { lastSubjectSequence: expected } };
  const answer = link.js.publish(subject, payload, options).then(
    (): Answer => ({ kind: "stored" }),
    (error) => failure(link, error),
  );
  return await Promise.race([answer, lost]).finally(() => answered.abort());
}

function failure(link: NatsLink, error: unknown): Answer {
  if (error instanceof JetStreamApiError) return meaning(link, error);
  const unsent = isUnheard(error) || error instanceof errors.ClosedConnectionError;
  return unsent ? { kind: "refused", error: away(link, error) } : { kind: "unanswered" };
}

/** True if no server listens to the stream's subjects now, which a server says by itself. The library does not export the class. */
function isUnheard(error: unknown): boolean {
  return error instanceof Error && error.name === "JetStreamNotEnabled";
}

/** What is full, by the `err_code` of errors.json in nats-server. */
const full: readonly number[] = [10002, 10023, 10028, 10047, 10077, 10122];

function meaning(link: NatsLink, error: JetStreamApiError): Answer {
  if (wrongSequence.includes(error.code)) {
    return { kind: "moved", newest: Number(/(\d+)$/.exec(error.message)?.[1] ?? 0) };
  }
  return { kind: "refused", error: full.includes(error.code) ? isFull(link, error) : away(link, error) };
}

/** Why NATS stored nothing. */
export function away(link: NatsLink, error: unknown): ChatError {
  const why = error instanceof Error ? error.message : error;
  const state = isUnheard(error)
    ? "no server of it leads the stream now"
    : `it does not take it now (${why})`;
  return refusal(link, "UNAVAILABLE", { state, remedy: "try again in a moment", cause: error });
}

function isFull(link: NatsLink, cause: Error): ChatError {
  const state = `it is full (${cause.message})`;
  return refusal(link, "STORAGE_FULL", { state, remedy: "raise its limits or free some space", cause });
}

function refusal(
  link: NatsLink,
  code: ErrorCode,
  { state, remedy, cause }: { state: string; remedy: string; cause: unknown },
): ChatError {
  return new ChatError(code, `Cannot write to "${link.shown}": ${state}, ${remedy}.`, { cause });
}

/** Why nothing is stored any more. */
export function closed(): ChatError {
  return new ChatError("SHUTTING_DOWN", "Cannot send the message: the server is stopping, try again.");
}

/** Why nothing is stored while it is not known what became of an earlier append. */
export function silent(shown: string): ChatError {
  return new ChatError(
    "UNAVAILABLE",
    `Cannot write to "${shown}": an earlier message was not answered yet, try again in a moment.`,
  );
}
