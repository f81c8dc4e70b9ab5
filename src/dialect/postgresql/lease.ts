import { waitFor } from "../../clock.ts";
import { blame } from "./failure.ts";
import { attempt, drop, ended, type Hold, type Means } from "./watch.ts";

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
    await waitFor(waitMs, Promise.allSettled(stopped));
  }
}
