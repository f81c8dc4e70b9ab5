import { blame } from "./postgresql-failure.ts";

/** Looks after the statements of a client: whether they may run, and what stops those that run too long. */
export interface Watch {
  /** @throws Error when no statement may begin any more. */
  admit(): void;
  /** Follows a statement that has begun; `stop` asks the server to end it. */
  follow<T>(statement: PromiseLike<T>, stop: Stop): Promise<T>;
}

/** Asks the server to end a statement; over when the server has heard it. */
export type Stop = () => Promise<void> | void;

/** What is thrown at those who come too late. */
export const ended = (message = "the transaction has ended"): Error => new Error(message);

/** Stops the statements that have run longer than anybody waits for them, by one timer for all. */
export class Overdue implements Watch {
  readonly #timeout: number;
  /** When each statement is due; all may take equally long, so they stand in that order. */
  readonly #due = new Map<Stop, number>();
  #armed = false;

  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  admit(): void {}

  async follow<T>(statement: PromiseLike<T>, stop: Stop): Promise<T> {
    this.#due.set(stop, performance.now() + this.#timeout);
    this.#arm();
    try {
      return await statement;
    } catch (error) {
      throw blame(error);
    } finally {
      this.#due.delete(stop);
    }
  }

  #arm(): void {
    const next = this.#due.values().next();
    if (this.#armed || next.done) return;
    this.#armed = true;
    const timer = setTimeout(() => this.#sweep(), Math.max(0, next.value - performance.now()));
    (timer as { unref?: () => void }).unref?.(); // nobody waits for it
  }

  #sweep(): void {
    this.#armed = false;
    const now = performance.now();
    for (const [stop, due] of this.#due) {
      if (due > now) break;
      this.#due.delete(stop);
      void attempt(stop);
    }
    this.#arm();
  }
}

/** Follows the one statement of a write, which is stopped when the time of that write is over. */
export class Single implements Watch {
  #stop: Stop | undefined;
  /** Whether it was. */
  over = false;

  admit(): void {
    if (this.over) throw ended("no time is left");
  }

  async follow<T>(statement: PromiseLike<T>, stop: Stop): Promise<T> {
    this.#stop = stop;
    if (this.over) void attempt(stop);
    try {
      return await statement;
    } catch (error) {
      throw blame(error);
    } finally {
      this.#stop = undefined;
    }
  }

  stop(): void {
    this.over = true;
    if (this.#stop !== undefined) void attempt(this.#stop);
  }
}

/** Whether a transaction still runs. A hook that comes back too late must not write on a connection that serves another. */
export class Lease implements Watch {
  readonly #running = new Map<PromiseLike<unknown>, Stop>();
  #open = true;
  /** The first statement that failed, and left the transaction unable to go on unless a savepoint was there. */
  failure: unknown;

  admit(): void {
    if (!this.#open) throw ended();
  }

  async follow<T>(statement: PromiseLike<T>, stop: Stop): Promise<T> {
    this.#running.set(statement, stop);
    try {
      return await statement;
    } catch (error) {
      this.failure ??= error;
      throw blame(error);
    } finally {
      this.#running.delete(statement);
    }
  }

  /** Ends it for whoever holds it. */
  end(): void {
    this.#open = false;
  }

  /**
   * Ends it, and stops what still runs, that the rollback need not wait behind it. Waits until the server has heard, or
   * what comes next on the connection would be stopped in its place.
   */
  async stop(waitMs: number): Promise<void> {
    this.end();
    if (this.#running.size === 0) return;
    const stopped = [...this.#running].flatMap(([statement, stop]) => [statement, attempt(stop)]);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise((resolve) => (timer = setTimeout(resolve, waitMs)));
    await Promise.race([Promise.allSettled(stopped), patience]);
    clearTimeout(timer);
  }
}

/** A statement that cannot be stopped ends by itself. */
async function attempt(stop: Stop): Promise<void> {
  try {
    await stop();
  } catch {}
}
