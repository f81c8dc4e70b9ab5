import { expect, test } from "bun:test";
import type { Dialect } from "@bepalo/query";
import { Replicas } from "../../src/dialect/replicas.ts";

const all = { size: 10 };

/** A dialect with places for so many statements, and half as many transactions. */
const dialect = (size: number | undefined, stray?: unknown): Dialect =>
  ({
    bounds: (_: string, transaction: boolean) =>
      size === undefined ? undefined : transaction ? [{ size: size / 2 }, all] : [{ size }],
    retryable: (error: unknown) => error === stray,
  }) as unknown as Dialect;

/** What bounds a primary and its replicas, by the sizes of each. */
const replicas = (primary: Dialect, ...others: readonly Dialect[]): Replicas => {
  const databases = others.map((_, i) => ({ replica: i }));
  const opened = [primary, ...others];
  return new Replicas({ $primary: {}, $replicas: databases, query: {} }, () => opened.shift()!);
};

test("reads are bounded by the places of all replicas together, and all else by those of the primary", () => {
  const together = replicas(dialect(8), dialect(10), dialect(4));
  expect(together.bounds("read", false)).toEqual([{ size: 14 }]);
  expect(together.bounds("read", false)).toBe(together.bounds("read", false)); // one queue
  for (const [mode, transaction, bounds] of [
    ["write", false, [{ size: 8 }]],
    ["read", true, [{ size: 4 }, all]],
    ["write", true, [{ size: 4 }, all]],
  ] as const)
    expect(together.bounds(mode, transaction)).toEqual(bounds);
});

test("reads are bounded by the primary where there is no replica, and not at all where one of them has no bound", () => {
  expect(replicas(dialect(8)).bounds("read", false)).toEqual([{ size: 8 }]);
  expect(replicas(dialect(8), dialect(10), dialect(undefined)).bounds("read", false)).toBeUndefined();
});

test("what was stopped at a replica in place of another is run again", () => {
  const stray = new Error("stopped");
  const together = replicas(dialect(8), dialect(10), dialect(4, stray));
  expect([together.retryable(stray), together.retryable(new Error("else"))]).toEqual([true, false]);
});
