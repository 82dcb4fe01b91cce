/**
 * Timers that are many and need not be exact: one timer of the runtime turns a wheel for all of them. It counts steps,
 * not the clock: after a process was stopped for a while, what was due meanwhile is not due all at once.
 */

/** Something that is due later. */
export interface Due {
  /** It is not wanted any more. Does nothing once it has happened. */
  cancel(): void;
}

/** Calls `act` after about `ms` milliseconds, within 250 of them, once. */
export function later(ms: number, act: () => void): Due {
  const stepMs = Math.min(ms, stepMost);
  const wheel = wheels.get(stepMs) ?? new Wheel(stepMs);
  wheels.set(stepMs, wheel);
  return wheel.add(Math.ceil(ms / stepMs), act);
}

/** The longest step of a wheel, in milliseconds. */
const stepMost = 250;

const wheels = new Map<number, Wheel>();

class Entry implements Due {
  readonly #wheel: Wheel;
  readonly step: number;
  readonly act: () => void;

  constructor(wheel: Wheel, step: number, act: () => void) {
    this.#wheel = wheel;
    this.step = step;
    this.act = act;
  }

  cancel(): void {
    this.#wheel.remove(this);
  }
}

/** A wheel. It stands still while nothing is due. */
class Wheel {
  readonly #stepMs: number;
  readonly #slots = new Map<number, Set<Entry>>();
  #at = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  add(steps: number, act: () => void): Due {
    const entry = new Entry(this, this.#at + steps, act);
    const slot = this.#slots.get(entry.step);
    if (slot) slot.add(entry);
    else this.#slots.set(entry.step, new Set([entry]));
    this.#timer ??= setInterval(() => this.#turn(), this.#stepMs);
    return entry;
  }

  remove(entry: Entry): void {
    const slot = this.#slots.get(entry.step);
    if (!slot?.delete(entry) || slot.size > 0) return;
    this.#slots.delete(entry.step);
    this.#rest();
  }

  #turn(): void {
    const slot = this.#slots.get(++this.#at) ?? [];
    for (const entry of slot) {
      this.remove(entry);
      entry.act();
    }
    this.#rest();
  }

  #rest(): void {
    if (this.#slots.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
