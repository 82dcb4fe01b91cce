/** How high rows in the document are. Each is asked once, since to ask is dear; of later changes the browser tells. */
export class RowHeights {
  #heights = new WeakMap<Element, number>();
  readonly #observer: ResizeObserver;

  /** `changed` is told before the page is painted. */
  constructor(changed: () => void) {
    this.#observer = new ResizeObserver((entries) => {
      for (const entry of entries) this.#hear(entry);
      changed();
    });
  }

  /** Tells of changes of something else, too. */
  watch(element: Element): void {
    this.#observer.observe(element);
  }

  of(row: Element): number {
    const known = this.#heights.get(row);
    if (known !== undefined) return known;
    const { height } = row.getBoundingClientRect();
    this.#heights.set(row, height);
    this.#observer.observe(row);
    return height;
  }

  /** Asks all of them again: what stands above them may have changed them. */
  forget(): void {
    this.#heights = new WeakMap();
  }

  end(): void {
    this.#observer.disconnect();
  }

  #hear({ target, borderBoxSize }: ResizeObserverEntry): void {
    if (!target.isConnected) this.#observer.unobserve(target);
    else if (this.#heights.has(target)) this.#heights.set(target, borderBoxSize[0]?.blockSize ?? 0);
  }
}
