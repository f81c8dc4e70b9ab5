import { timeout } from "./error.ts";

/**
 * Waits for work so long and no longer; what is late goes on alone. Work that is no promise is done already, and costs
 * no timer.
 *
 * @throws QueryError `timeout` when `milliseconds` are over.
 */
export async function within<T>(milliseconds: number, work: T | Promise<T>): Promise<T> {
  if (!(work instanceof Promise)) return work;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timeout(milliseconds)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
