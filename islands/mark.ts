/** When to tell the server how far this person has read. Pure: the driver tells it. */

/** How far it was read, and how far the server knows. */
export interface Marking {
  readonly read: number;
  readonly told: number;
  /** When the server was told last, in milliseconds. */
  readonly toldAt: number;
}

/** The server is told at most this often. */
export const everyMs = 2_000;

/** Nothing is known yet. */
export const unmarked: Marking = { read: 0, told: 0, toldAt: 0 };

/** Read up to here; it never moves back. */
export function seen(marking: Marking, seq: number): Marking {
  return seq > marking.read ? { ...marking, read: seq } : marking;
}

/** The server knows this place, perhaps by another device. */
export function known(marking: Marking, seq: number): Marking {
  const told = Math.max(marking.told, seq);
  return { ...marking, told, read: Math.max(marking.read, told) };
}

/** How long until the server has to be told, in milliseconds; undefined if it knows all. */
export function dueIn({ read, told, toldAt }: Marking, now: number): number | undefined {
  return read > told ? Math.max(0, toldAt + everyMs - now) : undefined;
}
