import { queued } from "../clock.ts";
import { busy } from "../error.ts";
import type { Leaving } from "./contract.ts";

/** Lets a number of pieces of work run at once; the others wait, first come, first served. */
export class Semaphore {
  #free: number;
  #waiters: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** @throws QueryError `busy` when no place was free within `waitMs` milliseconds, Gone when the caller has left. */
  async run<T>(work: () => Promise<T>, waitMs: number, leaving?: Leaving): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await this.#wait(waitMs, leaving);
    try {
      return await work();
    } finally {
      const next = this.#waiters.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  #wait(waitMs: number, leaving?: Leaving): Promise<void> {
    const late = (): Error => busy(new Error(`no connection within ${waitMs} ms`));
    return queued({ waitMs, leaving, late }, ({ enter }) => {
      this.#waiters.push(enter);
      return () => void (this.#waiters = this.#waiters.filter((other) => other !== enter));
    });
  }
}
