import { BRIEF, Limit, Patience } from "../../clock.ts";
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

/** A write under way. */
interface Writing {
  readonly watch: Single;
  readonly limit: Limit;
}

/** Runs writes that stand alone, and stops those whose time is over. */
export class Writers {
  readonly #open: (watch: Watch) => Database;
  readonly #timeout: number;
  readonly #idle: Writer[] = [];
  /** Those to which nearly all of their time was left: nobody waits for a timer of his own. */
  readonly #late: Patience<Writing>;

  /** `open` gives a database whose statements are watched. */
  constructor(open: (watch: Watch) => Database, timeout: number) {
    this.#open = open;
    this.#timeout = timeout;
    this.#late = new Patience(timeout, (writing) => this.#stop(writing));
  }

  /** What is stopped has still ended one way or the other; only when nobody hears of it, nobody knows. */
  async run<T>(work: (database: Database) => Promise<T>, end: number): Promise<T> {
    const writer = this.#idle.pop() ?? this.#newWriter();
    const { watch } = writer;
    const limit = new Limit();
    const writing = { watch, limit };
    const left = end - performance.now();
    if (left > this.#timeout - BRIEF) this.#late.begin(writing);
    else limit.after(Math.max(0, left), () => this.#stop(writing));
    try {
      return await limit.race(work(writer.database));
    } catch (error) {
      const stopped = watch.over && postgresqlFailure(error, "write")?.code === "timeout";
      throw stopped ? timeout(this.#timeout) : error;
    } finally {
      limit.lift();
      this.#late.end(writing);
      if (!watch.over) this.#idle.push(writer);
    }
  }

  #stop({ watch, limit }: Writing): void {
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
