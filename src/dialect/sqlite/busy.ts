import { pause } from "../../clock.ts";
import { isBusy } from "./failure.ts";

/** Tries again while the database is busy, with growing pauses that block nobody, until `waitMs` milliseconds are over. */
export async function retryWhileBusy<T>(work: () => Promise<T> | T, waitMs: number): Promise<T> {
  const deadline = performance.now() + waitMs;
  for (let rest = 1; ; rest = Math.min(rest * 2, 25)) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error) || performance.now() + rest > deadline) throw error;
    }
    await pause(rest * (0.5 + Math.random()));
  }
}
