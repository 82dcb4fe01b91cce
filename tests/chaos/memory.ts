/** The memory of servers, against what it was. */
import type { Node } from "./cluster.ts";

/** What a server may grow by. */
export interface MemoryBounds {
  readonly growthMb: number;
  /** By how many readers it is shared, and how much one of them may cost. */
  readonly readers: number;
  readonly readerBytes: number;
}

/** Looks at processes now and then, and remembers the most. */
export class Memory {
  readonly #nodes: readonly Node[];
  readonly #before: readonly number[];
  readonly #most: number[];

  private constructor(nodes: readonly Node[], before: readonly number[]) {
    this.#nodes = nodes;
    this.#before = before;
    this.#most = [...before];
  }

  /** Takes what they hold now for what they need. */
  static async of(nodes: readonly Node[]): Promise<Memory> {
    return new Memory(nodes, await Promise.all(nodes.map((node) => node.rss())));
  }

  /** Looks, and tells. */
  async look(): Promise<string> {
    const now = await Promise.all(this.#nodes.map((node) => node.rss()));
    for (const [i, mb] of now.entries()) this.#most[i] = Math.max(this.#most[i] ?? 0, mb);
    return now.map((mb, i) => `${this.#nodes[i]?.name} ${mb.toFixed(0)} MB`).join(", ");
  }

  /** By how much each has grown at most. */
  grown(): string {
    return this.#growth().map((mb) => `${mb.toFixed(0)} MB`).join("/");
  }

  /** What was not kept, in words. */
  broken({ growthMb, readers, readerBytes }: MemoryBounds): string[] {
    return this.#growth().flatMap((mb, i) => {
      const name = this.#nodes[i]?.name;
      const each = mb * 1_048_576 / readers;
      return [
        ...(mb > growthMb ? [`${name} grew by ${mb.toFixed(0)} MB, and may by ${growthMb}`] : []),
        ...(each > readerBytes
          ? [`${name} holds ${each.toFixed(0)} bytes per reader, and may ${readerBytes}`]
          : []),
      ];
    });
  }

  #growth(): number[] {
    return this.#most.map((mb, i) => mb - (this.#before[i] ?? 0));
  }
}
