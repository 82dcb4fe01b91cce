/**
 * What every message carries in its text, in a fixed width, so that it can be written in place and found in whatever a
 * server puts around it: who wrote it, its number, and when it was due. Such as `~00003.0000042.0001234567~`.
 */

/** Bytes of a stamp. */
export const stampLength = 26;

const tilde = 0x7e;
const dot = 0x2e;

/** The offsets of a stamp's numbers. */
export const stampAt = { writer: 1, number: 7, due: 15, numberDigits: 7, dueDigits: 10 } as const;

/** A stamp to be filled in. */
export function stampOf(writer: number): string {
  return `~${String(writer).padStart(5, "0")}.0000000.0000000000~`;
}

/** Writes a whole number in so many digits. */
export function writeDigits(
  bytes: Uint8Array,
  at: number,
  { value, digits }: { value: number; digits: number },
): void {
  for (let i = at + digits - 1; i >= at; i--) {
    bytes[i] = 48 + value % 10;
    value = Math.floor(value / 10);
  }
}

/** Reads a whole number of so many digits. */
export function readDigits(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i++) value = value * 10 + (bytes[i] as number) - 48;
  return value;
}

/** Where the next stamp begins; -1 if there is none. */
export function findStamp(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at <= to - stampLength; at++) {
    if (
      bytes[at] === tilde && bytes[at + 6] === dot && bytes[at + 14] === dot && bytes[at + 25] === tilde
    ) return at;
  }
  return -1;
}
