/** Answers of `/ws` by their ids, found in the JSON without parsing it. */
import { readDigits, stampAt } from "./stamp.ts";

const quote = 0x22;

/** Tells the number of each message that was answered, and the refusal's text if it was one. */
export function findAnswers(
  bytes: Uint8Array,
  { from, to }: { from: number; to: number },
  answered: (number: number, refusal: string | undefined) => void,
): void {
  // `"id":1` and the number's digits, which only our own ids look like; then `,"sent"` or `,"refused"`.
  const most = to - 8 - stampAt.numberDigits;
  for (let at = from; at < most; at++) {
    if (
      bytes[at] !== quote || bytes[at + 1] !== 0x69 || bytes[at + 2] !== 0x64 || bytes[at + 3] !== quote ||
      bytes[at + 4] !== 0x3a || bytes[at + 5] !== 0x31
    ) continue;
    const ends = at + 6 + stampAt.numberDigits;
    if (bytes[ends] !== 0x2c || bytes[ends + 1] !== quote) continue;
    const number = readDigits(bytes, at + 6, stampAt.numberDigits);
    const isRefusal = bytes[ends + 2] === 0x72;
    answered(
      number,
      isRefusal ? new TextDecoder().decode(bytes.subarray(ends + 1, Math.min(to, ends + 400))) : undefined,
    );
    at = ends;
  }
}
