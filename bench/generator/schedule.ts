/**
 * When what is due, by the clock alone: a server that is slow does not slow down what it is asked. Message `i` is due at
 * `i / perSecond`, and the writers take turns.
 */
export interface Schedule {
  readonly perSecond: number;
  readonly seconds: number;
  readonly writers: number;
}

/** How many messages there are. */
export function messagesIn({ perSecond, seconds }: Schedule): number {
  return Math.round(perSecond * seconds);
}

/** When a message is due, in milliseconds from the beginning. */
export function dueAt(message: number, { perSecond }: Schedule): number {
  return message * 1_000 / perSecond;
}

/** Who writes a message. */
export function writerOf(message: number, { writers }: Schedule): number {
  return message % writers;
}
