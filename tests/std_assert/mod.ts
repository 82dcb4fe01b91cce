/**
 * A stand-in for jsr:@std/assert, for machines that reach npm but not JSR: the few functions that the
 * tests use, on node:assert. It is not the real package. Remove `links` from deno.json to use that one.
 */
import nodeAssert from "node:assert/strict";

export { AssertionError } from "node:assert";

/** Fails unless `value` is truthy. */
export function assert(value: unknown, message?: string): asserts value {
  nodeAssert.ok(value, message as string);
}

/** Fails unless both are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.deepStrictEqual(actual, expected, message as string);
}

/** Fails if both are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.notDeepStrictEqual(actual, expected, message as string);
}

/** Fails unless both are the same value, as `Object.is` says. */
export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  nodeAssert.strictEqual(actual, expected, message as string);
}

/** Fails if `value` is null or undefined. */
export function assertExists<T>(value: T, message?: string): asserts value is NonNullable<T> {
  nodeAssert.ok(value !== null && value !== undefined, message ?? "expected a value");
}

/** Fails unless `text` contains `part`. */
export function assertStringIncludes(text: string, part: string, message?: string): void {
  nodeAssert.ok(
    text.includes(part),
    message ?? `expected ${JSON.stringify(text)} to contain ${JSON.stringify(part)}`,
  );
}

/** Fails unless `text` matches. */
export function assertMatch(text: string, pattern: RegExp, message?: string): void {
  nodeAssert.match(text, pattern, message as string);
}

/** Fails unless `actual` is an instance of `expected`. */
export function assertInstanceOf<T extends abstract new (...args: never[]) => unknown>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is InstanceType<T> {
  nodeAssert.ok(actual instanceof expected, message ?? `expected an instance of ${expected.name}`);
}

/** Fails unless `actual` has at least what `expected` has. */
export function assertObjectMatch(
  actual: Record<PropertyKey, unknown>,
  expected: Record<PropertyKey, unknown>,
): void {
  for (const [key, value] of Object.entries(expected)) {
    const own = actual[key];
    if (isPlainObject(value) && isPlainObject(own)) assertObjectMatch(own, value);
    else nodeAssert.deepStrictEqual(own, value, `at "${key}"`);
  }
}

/** Fails unless `act` throws; gives what it threw. */
export function assertThrows(act: () => unknown): unknown {
  try {
    act();
  } catch (thrown) {
    return thrown;
  }
  fail("expected it to throw");
}

/** Fails unless `act` rejects; gives what it rejected with. */
export async function assertRejects(act: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    await act();
  } catch (thrown) {
    return thrown;
  }
  fail("expected it to reject");
}

/** Fails. */
export function fail(message: string): never {
  nodeAssert.fail(message);
}

function isPlainObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
