import { timeout as late } from "../../error.ts";
import { blame } from "./failure.ts";

/** Looks after the statements of a client: whether they may run, and what ends those that run too long. */
export interface Watch {
  /** @throws Error when no statement may begin any more. */
  admit(): void;
  /** Follows a statement that has begun. */
  follow<T>(statement: PromiseLike<T>, means: Means): Promise<T>;
}

/** What can be done about a statement that does not end. */
export interface Means {
  /** Asks the server to end it; over when the server has heard it. */
  readonly stop: () => Promise<void> | void;
  /** Gives up its connection, where the driver lets go of it. */
  readonly drop: () => void;
}

/** Watches a transaction, whose connection serves nobody else. */
export interface Hold extends Watch {
  /** How the connection is given up, once it is known which it is. */
  drop: Means["drop"];
}

/** What is thrown at those who come too late. */
export const ended = (message = "the transaction has ended"): Error => new Error(message);

/** How long a driver may take to hear of the end of a statement that was stopped, in milliseconds. */
export const GRACE = 1000;

/** Does something to each item that stays longer than any may, by one timer for all. */
class Patience<Item> {
  readonly #milliseconds: number;
  readonly #over: (item: Item) => void;
  /** When each item is due; all may stay equally long, so they stand in that order. */
  readonly #due = new Map<Item, number>();
  #armed = false;

  constructor(milliseconds: number, over: (item: Item) => void) {
    this.#milliseconds = milliseconds;
    this.#over = over;
  }

  begin(item: Item): void {
    this.#due.set(item, performance.now() + this.#milliseconds);
    this.#arm();
  }

  end(item: Item): void {
    this.#due.delete(item);
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
    for (const [item, due] of this.#due) {
      if (due > now) break;
      this.#due.delete(item);
      this.#over(item);
    }
    this.#arm();
  }
}

interface Running extends Means {
  readonly giveUp: (error: unknown) => void;
}

/**
 * Stops the statements that have run longer than anybody waits for them. Of one that does not end even so the connection
 * is given up, or whoever has its turn would keep it for good.
 */
export class Overdue implements Watch {
  readonly #late: Patience<Running>;
  readonly #lost: Patience<Running>;

  constructor(timeout: number) {
    this.#lost = new Patience<Running>(GRACE, (running) => {
      drop(running);
      running.giveUp(late(timeout));
    });
    this.#late = new Patience<Running>(timeout, (running) => {
      this.#lost.begin(running);
      void attempt(running);
    });
  }

  admit(): void {}

  follow<T>(statement: PromiseLike<T>, { stop, drop }: Means): Promise<T> {
    return new Promise((resolve, reject) => {
      const running = { stop, drop, giveUp: reject };
      this.#late.begin(running);
      const over = (): void => {
        this.#late.end(running);
        this.#lost.end(running);
      };
      statement.then(
        (value) => (over(), resolve(value)),
        (error: unknown) => (over(), reject(blame(error))),
      );
    });
  }
}

/** Follows the one statement of a write, which is stopped when the time of that write is over. */
export class Single implements Watch {
  #means: Means | undefined;
  /** Whether it was. */
  over = false;

  admit(): void {
    if (this.over) throw ended("no time is left");
  }

  async follow<T>(statement: PromiseLike<T>, means: Means): Promise<T> {
    this.#means = means;
    if (this.over) void attempt(means);
    try {
      return await statement;
    } catch (error) {
      throw blame(error);
    } finally {
      this.#means = undefined;
    }
  }

  stop(): void {
    this.over = true;
    if (this.#means !== undefined) void attempt(this.#means);
  }

  drop(): void {
    if (this.#means !== undefined) drop(this.#means);
  }
}

/** Whether a transaction still runs. A hook that comes back too late must not write on a connection that serves another. */
export class Lease implements Hold {
  readonly #running = new Map<PromiseLike<unknown>, Means>();
  #open = true;
  /** The first statement that failed, and left the transaction unable to go on unless a savepoint was there. */
  failure: unknown;
  drop: Means["drop"] = () => undefined;

  admit(): void {
    if (!this.#open) throw ended();
  }

  async follow<T>(statement: PromiseLike<T>, means: Means): Promise<T> {
    this.#running.set(statement, means);
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

  /** Gives up its connection. */
  giveUp(): void {
    this.end();
    drop(this);
  }

  /**
   * Ends it, and stops what still runs, that the rollback need not wait behind it. Waits until the server has heard, or
   * what comes next on the connection would be stopped in its place.
   */
  async stop(waitMs: number): Promise<void> {
    this.end();
    if (this.#running.size === 0) return;
    const stopped = [...this.#running].flatMap(([statement, means]) => [statement, attempt(means)]);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise((resolve) => (timer = setTimeout(resolve, waitMs)));
    await Promise.race([Promise.allSettled(stopped), patience]);
    clearTimeout(timer);
  }
}

/** A statement that cannot be stopped ends by itself. */
async function attempt({ stop }: Pick<Means, "stop">): Promise<void> {
  try {
    await stop();
  } catch {}
}

/** A connection that cannot be given up is the driver's. */
function drop({ drop }: Pick<Means, "drop">): void {
  try {
    drop();
  } catch {}
}
