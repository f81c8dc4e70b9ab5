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
