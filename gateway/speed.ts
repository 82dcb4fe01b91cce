/** How fast one socket may ask for things: a bucket of work that fills steadily. Pure. */
import { ChatError } from "../protos/errors.ts";
import { limits } from "../protos/limits.ts";

/** A socket's pace. */
export interface Speed {
  /** Work that may be done at once. */
  readonly left: number;
  /** When that was so, in milliseconds. */
  readonly at: number;
  /** Work that was refused since the bucket was last full. */
  readonly refused: number;
}

/** What is to become of a piece of work. "flood": whoever asks has been told often enough. */
export type Verdict = "go" | "refuse" | "flood";

/** A full bucket. */
export function fullSpeed(now: number): Speed {
  return { left: limits.commandsBurst, at: now, refused: 0 };
}

/** What a message costs; more than one frame in it costs more, which is known once it is parsed. */
export function costOf(length: number): number {
  return 1 + Math.floor(length / limits.bytesPerCommand);
}

/** Takes some work out of the bucket, or refuses it and counts that. */
export function takeWork(
  { left, at, refused }: Speed,
  { cost, now }: { cost: number; now: number },
): { speed: Speed; verdict: Verdict } {
  const filled = Math.min(
    limits.commandsBurst,
    left + Math.max(0, now - at) * limits.commandsPerSecond / 1_000,
  );
  // Full again: whoever it was has stopped for long enough.
  const before = filled >= limits.commandsBurst ? 0 : refused;
  if (filled >= cost) return { speed: { left: filled - cost, at: now, refused: before }, verdict: "go" };
  const after = before + cost;
  const verdict = after > limits.floodRefusals ? "flood" : "refuse";
  return { speed: { left: filled, at: now, refused: after }, verdict };
}

/** The error of a command that comes too fast. */
export function tooFast(): ChatError {
  return new ChatError(
    "RESOURCE_EXHAUSTED",
    `Cannot carry out a command: more than ${limits.commandsPerSecond} a second came, send more slowly.`,
  );
}

/** The error of one who is sent away for it. */
export function flood(): ChatError {
  const seconds = limits.floodDelayMs / 1_000;
  return new ChatError(
    "FLOOD",
    `Cannot go on: far too many commands came too fast, come back in ${seconds} s and send more slowly.`,
  );
}
