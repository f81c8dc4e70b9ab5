import { type Later, orElse, pause } from "../../clock.ts";
import { isBusy } from "./failure.ts";

/** Tries again while the database is busy, with growing pauses that block nobody, until `waitMs` milliseconds are over. */
export function retryWhileBusy<T>(work: () => Promise<T>, waitMs: number): Promise<T>;
export function retryWhileBusy<T>(work: () => Later<T>, waitMs: number): Later<T>;
export function retryWhileBusy<T>(work: () => Later<T>, waitMs: number): Later<T> {
  return orElse(attempt, again, work, performance.now() + waitMs);
}

const attempt = <T>(work: () => Later<T>): Later<T> => work();

async function again<T>(first: unknown, work: () => Later<T>, deadline: number): Promise<T> {
  let error = first;
  for (let rest = 1; ; rest = Math.min(rest * 2, 25)) {
    if (!isBusy(error) || performance.now() + rest > deadline) throw error;
    await pause(rest * (0.5 + Math.random()));
    try {
      return await work();
    } catch (next) {
      error = next;
    }
  }
}
