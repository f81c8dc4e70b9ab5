import type { Later } from "../clock.ts";

/** Makes one thing of several, at once where none of them is waited for. */
export function together<T, Made>(
  asked: readonly Later<T>[],
  make: (all: readonly T[]) => Made,
): Later<Made> {
  return asked.some(waits) ? Promise.all(asked).then(make) : make(asked as readonly T[]);
}

const waits = (one: unknown): boolean => one instanceof Promise;
