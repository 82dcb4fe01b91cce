/** Protobuf's numbers of variable length, below 2^28. */

/** Reads one; gives also where the next field begins. */
export function readVarint(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  for (let shift = 0;; shift += 7) {
    const byte = bytes[at++] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next: at };
  }
}

/** Writes one of 2^21 up to 2^28 - 1, which take four bytes each. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = value >> (7 * i) & 0x7f | (i < 3 ? 0x80 : 0);
}
