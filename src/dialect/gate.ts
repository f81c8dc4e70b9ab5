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
  readonly #waitMs: number;
  #waiters: Waiter[] = [];
  #sharing = 0;
  #exclusive = false;

  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  /** Passes together with others who share. */
  shared<T>(work: () => Promise<T>): Promise<T> {
    return this.#pass(false, work);
  }

  /** Passes alone. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#pass(true, work);
  }

  /** Takes the door for oneself; the answer opens it again, once. */
  async enter(exclusive = true): Promise<() => void> {
    if (!this.#open(exclusive) || this.#waiters.length > 0) await this.#wait(exclusive);
    else this.#take(exclusive);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#leave(exclusive);
    };
  }

  async #pass<T>(exclusive: boolean, work: () => Promise<T>): Promise<T> {
    const leave = await this.enter(exclusive);
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

  #leave(exclusive: boolean): void {
    if (exclusive) this.#exclusive = false;
    else this.#sharing--;
    while (this.#waiters.length > 0 && this.#open(this.#waiters[0]!.exclusive))
      this.#waiters.shift()!.enter();
  }

  #wait(exclusive: boolean): Promise<void> {
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
        reject(
          busy(
            new Error(
              `no turn within ${this.#waitMs} ms: does a hook write through the outer database instead of \`tx\`?`,
            ),
          ),
        );
      }, this.#waitMs);
      this.#waiters.push(waiter);
    });
  }
}
