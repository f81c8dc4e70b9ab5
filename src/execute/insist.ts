import { pause } from "../clock.ts";
import type { Dialect } from "../dialect/dialect.ts";

/** How often work is done again when only another transaction stood in its way. */
const RETRIES = 8;
/** The longest rest before the first time, in milliseconds; it doubles each time, up to the longest of all. */
const REST = 20;
const LONGEST_REST = 160;

/**
 * Does work anew where nothing but another transaction, or a statement prepared elsewhere, made it fail: nothing of it was
 * kept. Work is told how many milliseconds are left. `once` says whether it has done what must not be done again.
 */
export async function insist<T>(
  dialect: Dialect,
  timeout: number,
  work: (left: number) => Promise<T>,
  once: () => boolean = () => false,
): Promise<T> {
  const end = performance.now() + timeout;
  let left = timeout;
  for (let retries = 0; ; retries++) {
    try {
      return await work(left);
    } catch (error) {
      const rest = Math.random() * Math.min(REST * 2 ** retries, LONGEST_REST);
      left = Math.ceil(end - performance.now() - rest);
      if (retries === RETRIES || left <= 0 || once() || !dialect.retryable(error)) throw error;
      await pause(rest);
    }
  }
}
