/** A message that is sent again and again: its bytes are made once, and only its numbers are written anew. */
import { findStamp, stampAt, writeDigits } from "./stamp.ts";

/** Stands for the message's number in the template. */
const numberMark = "#######";

/** One writer's message. */
export class Template {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #stamp: number;
  readonly #numbers: readonly number[];

  /** The bytes hold one stamp, and any number of marks. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
    this.#stamp = findStamp(bytes, 0, bytes.length);
    if (this.#stamp < 0) throw new TypeError("Cannot use the template: there is no stamp in it.");
    this.#numbers = [this.#stamp + stampAt.number, ...marksIn(bytes)];
  }

  /** The message of that number, due at that time in microseconds. The same memory is used for the next. */
  fill(number: number, due: number): Uint8Array<ArrayBuffer> {
    for (const at of this.#numbers) {
      writeDigits(this.#bytes, at, { value: number, digits: stampAt.numberDigits });
    }
    writeDigits(this.#bytes, this.#stamp + stampAt.due, {
      value: Math.floor(due),
      digits: stampAt.dueDigits,
    });
    return this.#bytes;
  }
}

function* marksIn(bytes: Uint8Array): Generator<number> {
  const text = new TextDecoder("latin1").decode(bytes);
  for (let at = text.indexOf(numberMark); at >= 0; at = text.indexOf(numberMark, at + 1)) yield at;
}
