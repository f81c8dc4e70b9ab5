import { Limit } from "../../clock.ts";
import { timeout, undecided } from "../../error.ts";
import type { Database } from "../contract.ts";
import { postgresqlFailure } from "./failure.ts";
import { Single } from "./single.ts";
import { GRACE, type Watch } from "./watch.ts";

/** What one write has to itself while it lasts, kept for the next. */
interface Writer {
  readonly database: Database;
  readonly watch: Single;
}

/** Runs writes that stand alone, and stops those whose time is over. */
export class Writers {
  readonly #open: (watch: Watch) => Database;
  readonly #timeout: number;
  readonly #idle: Writer[] = [];

  /** `open` gives a database whose statements are watched. */
  constructor(open: (watch: Watch) => Database, timeout: number) {
    this.#open = open;
    this.#timeout = timeout;
  }

  /** What is stopped has still ended one way or the other; only when nobody hears of it, nobody knows. */
  async run<T>(work: (database: Database) => Promise<T>, end: number): Promise<T> {
    const writer = this.#idle.pop() ?? this.#newWriter();
    const { watch } = writer;
    const limit = new Limit();
    limit.after(Math.max(0, end - performance.now()), () => this.#stop(watch, limit));
    try {
      return await limit.race(work(writer.database));
    } catch (error) {
      const stopped = watch.over && postgresqlFailure(error, "write")?.code === "timeout";
      throw stopped ? timeout(this.#timeout) : error;
    } finally {
      limit.lift();
      if (!watch.over) this.#idle.push(writer);
    }
  }

  #stop(watch: Single, limit: Limit): void {
    watch.stop();
    limit.set(GRACE, () => {
      watch.drop();
      return undecided(timeout(this.#timeout));
    });
  }

  #newWriter(): Writer {
    const watch = new Single();
    return { watch, database: this.#open(watch) };
  }
}
