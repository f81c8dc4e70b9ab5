import { blame } from "./failure.ts";
import { attempt, drop, ended, type Means, type Watch } from "./watch.ts";

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
