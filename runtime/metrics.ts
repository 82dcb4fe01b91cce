/**
 * What a process tells Prometheus of itself, as text. Most figures are read when they are asked for.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */

/** A figure's name and what it means. */
export interface About {
  readonly name: string;
  readonly help: string;
}

/** Several figures under one name. */
export interface Labelled extends About {
  readonly label: string;
}

type Type = "counter" | "gauge" | "histogram";

/** All figures of a process. */
export class Metrics {
  readonly #all: (() => string)[] = [];

  /** What goes up and down. */
  gauge(about: About, read: () => number): void {
    this.#add("gauge", about, () => [`${about.name} ${read()}`]);
  }

  /** What only goes up. */
  counter(about: About, read: () => number): void {
    this.#add("counter", about, () => [`${about.name} ${read()}`]);
  }

  /** What only goes up, one for each value of a label. Gives what counts one. */
  counters(about: Labelled): (value: string) => void {
    const counts = new Map<string, number>();
    this.#add(
      "counter",
      about,
      () => [...counts].map(([value, count]) => `${about.name}{${about.label}="${escape(value)}"} ${count}`),
    );
    return (value) => void counts.set(value, (counts.get(value) ?? 0) + 1);
  }

  /** How often something was at most so much, for each of some bounds. Gives what counts one. */
  histogram(about: About, bounds: readonly number[]): (value: number) => void {
    const counts = bounds.map(() => 0);
    let [sum, count] = [0, 0];
    this.#add("histogram", about, () => {
      let below = 0;
      const buckets = bounds.map((bound, i) =>
        `${about.name}_bucket{le="${bound}"} ${below += counts[i] ?? 0}`
      );
      const rest = [`_bucket{le="+Inf"} ${count}`, `_sum ${sum}`, `_count ${count}`];
      return [...buckets, ...rest.map((line) => about.name + line)];
    });
    return (value) => {
      const at = bounds.findIndex((bound) => value <= bound);
      if (at >= 0) counts[at] = (counts[at] ?? 0) + 1;
      sum += value;
      count++;
    };
  }

  /** All of them. */
  text(): string {
    return this.#all.map((one) => one()).join("");
  }

  #add(type: Type, { name, help }: About, lines: () => string[]): void {
    this.#all.push(() => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines(), ""].join("\n"));
  }
}

function escape(value: string): string {
  return value.replace(/["\\\n]/g, (char) => char === "\n" ? "\\n" : `\\${char}`);
}
