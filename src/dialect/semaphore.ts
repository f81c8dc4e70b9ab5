import { busy } from "../error.ts";

/** Lets a number of pieces of work run at once; the others wait, first come, first served. */
export class Semaphore {
  #free: number;
  #waiters: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** @throws QueryError `busy` when no place was free within `waitMs` milliseconds. */
  async run<T>(work: () => Promise<T>, waitMs: number): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await this.#wait(waitMs);
    try {
      return await work();
    } finally {
      const next = this.#waiters.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  /** Its timer takes it out of the queue, where nobody's work is raced: it has not begun. */
  #wait(waitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== enter);
        reject(busy(new Error(`no connection within ${waitMs} ms`)));
      }, waitMs);
      this.#waiters.push(enter);
    });
  }
}
