import { type Later, orElse, pause } from "../clock.ts";
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
export function insist<T>(
  dialect: Dialect,
  timeout: number,
  work: (left: number) => Later<T>,
  once?: () => boolean,
): Later<T> {
  return orElse(attempt, insisting, { dialect, timeout, work, once }, performance.now() + timeout);
}

/** What is insisted on. */
interface Insisted<T> {
  readonly dialect: Dialect;
  readonly timeout: number;
  readonly work: (left: number) => Later<T>;
  readonly once: (() => boolean) | undefined;
}

const attempt = <T>({ work, timeout }: Insisted<T>): Later<T> => work(timeout);

const insisting = <T>(error: unknown, { dialect, work, once }: Insisted<T>, end: number): Promise<T> =>
  again(error, end, work, (failed) => once?.() === true || !dialect.retryable(failed));

/** Where `isFinal` says so of what it failed for, work is not done again. */
async function again<T>(
  first: unknown,
  end: number,
  work: (left: number) => Later<T>,
  isFinal: (error: unknown) => boolean,
): Promise<T> {
  let error = first;
  for (let retries = 0; ; retries++) {
    const rest = Math.random() * Math.min(REST * 2 ** retries, LONGEST_REST);
    const left = Math.ceil(end - performance.now() - rest);
    if (retries === RETRIES || left <= 0 || isFinal(error)) throw error;
    await pause(rest);
    try {
      return await work(left);
    } catch (next) {
      error = next;
    }
  }
}
