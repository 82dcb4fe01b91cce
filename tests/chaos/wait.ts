/** Waiting. All times are milliseconds. */

/** Waits, or until the signal aborts. */
export function pause(ms: number, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, ms));
    if (signal?.aborted) done();
    else signal?.addEventListener("abort", done);
  });
}

/** Waits for a condition, for so long at most; says whether it came true. */
export async function holds(
  condition: () => boolean | Promise<boolean>,
  { ms = 15_000, everyMs = 20 } = {},
): Promise<boolean> {
  const end = performance.now() + ms;
  while (!await condition()) {
    if (performance.now() > end) return false;
    await pause(everyMs);
  }
  return true;
}

/** Waits for a condition; fails if it does not come true. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  { ms = 15_000 } = {},
): Promise<void> {
  if (!await holds(condition, { ms })) throw new Error(`waited ${ms} ms for ${what}`);
}

/** Waits for all of them, for so long at most; gives a line for what is not done by then. */
export async function unfinished(
  promises: readonly Promise<unknown>[],
  { ms = 120_000 } = {},
): Promise<string[]> {
  let left = promises.length;
  for (const promise of promises) promise.finally(() => left--).catch(() => {});
  return await holds(() => left === 0, { ms })
    ? []
    : [`${left} of ${promises.length} people wait for answers for good`];
}
