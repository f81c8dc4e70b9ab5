import { timeout } from "./error.ts";

/**
 * Waits for work so long and no longer; what is late goes on alone. Work that is no promise is done already, and costs
 * no timer.
 *
 * @throws QueryError `timeout` when `milliseconds` are over, or what `late` says.
 */
export async function within<T>(
  milliseconds: number,
  work: T | Promise<T>,
  late: () => unknown = () => timeout(milliseconds),
): Promise<T> {
  if (!(work instanceof Promise)) return work;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), milliseconds);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a value is to be waited for. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";

/** Runs a function of an author, and waits for what it answers so long and no longer. */
export function bounded<T>(
  milliseconds: number,
  work: () => T | Promise<T>,
  late?: () => unknown,
): T | Promise<T> {
  const answer = work();
  return isThenable(answer) ? within(milliseconds, Promise.resolve(answer) as Promise<T>, late) : answer;
}
