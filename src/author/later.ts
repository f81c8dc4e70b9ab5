import type { Later } from "../clock.ts";

/** Makes one thing of several, at once where none of them is waited for. */
export function together<T, Made>(
  asked: readonly Later<T>[],
  make: (all: readonly T[]) => Made,
): Later<Made> {
  return asked.some((one) => one instanceof Promise)
    ? Promise.all(asked).then(make)
    : make(asked as readonly T[]);
}
