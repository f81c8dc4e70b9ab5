import { busy } from "../error.ts";

interface Waiter {
  readonly exclusive: boolean;
  readonly enter: () => void;
}

/**
 * A door that many may pass together or one alone, first come, first served. It waits without blocking the event loop.
 *
 * @throws QueryError `busy` when a turn has not come within `waitMs` milliseconds.
 */
export class Gate {
  #waiters: Waiter[] = [];
  #sharing = 0;
  #exclusive = false;

  /** Passes together with others who share. */
  shared<T>(work: () => Promise<T>, waitMs: number): Promise<T> {
    return this.#pass(false, work, waitMs);
  }

  /** Passes alone. */
  exclusive<T>(work: () => Promise<T>, waitMs: number): Promise<T> {
    return this.#pass(true, work, waitMs);
  }

  /** Takes the door for oneself; the answer opens it again, once. */
  async enter(waitMs: number, exclusive = true): Promise<() => void> {
    if (!this.#open(exclusive) || this.#waiters.length > 0) await this.#wait(exclusive, waitMs);
    else this.#take(exclusive);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      if (exclusive) this.#exclusive = false;
      else this.#sharing--;
      this.#admit();
    };
  }

  async #pass<T>(exclusive: boolean, work: () => Promise<T>, waitMs: number): Promise<T> {
    const leave = await this.enter(waitMs, exclusive);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  #open(exclusive: boolean): boolean {
    return !this.#exclusive && (!exclusive || this.#sharing === 0);
  }

  #take(exclusive: boolean): void {
    if (exclusive) this.#exclusive = true;
    else this.#sharing++;
  }

  #admit(): void {
    while (this.#waiters.length > 0 && this.#open(this.#waiters[0]!.exclusive))
      this.#waiters.shift()!.enter();
  }

  #wait(exclusive: boolean, waitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        exclusive,
        enter: () => {
          clearTimeout(timer);
          this.#take(exclusive);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(lateTurn(waitMs));
        this.#admit(); // who stood behind may pass now
      }, waitMs);
      this.#waiters.push(waiter);
    });
  }
}

const lateTurn = (waitMs: number): Error =>
  busy(
    new Error(`no turn within ${waitMs} ms: does a hook write through the outer database instead of \`tx\`?`),
  );

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
