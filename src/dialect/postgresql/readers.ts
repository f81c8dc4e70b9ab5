import { BRIEF, type Leaving } from "../../clock.ts";
import { Gone } from "../../error.ts";
import type { Database } from "../contract.ts";
import type { Overdue } from "./overdue.ts";
import type { Means, Watch } from "./watch.ts";

/** What one read has to itself while it lasts, kept for the next. */
interface Reader {
  readonly database: Database;
  readonly watch: Abandoned;
}

/** Runs reads that stand alone, and stops those whose caller has left. */
export class Readers {
  readonly #open: (watch: Watch) => Database;
  readonly #overdue: Overdue;
  readonly #idle: Reader[] = [];

  /** `open` gives a database whose statements are watched. */
  constructor(open: (watch: Watch) => Database, overdue: Overdue) {
    this.#open = open;
    this.#overdue = overdue;
  }

  /** Over only when what was stopped has ended, so that its connection is free by then. */
  async run<T>(work: (database: Database) => Promise<T>, leaving: Leaving): Promise<T> {
    const reader = this.#idle.pop() ?? this.#newReader();
    reader.watch.begin(leaving);
    try {
      return await work(reader.database);
    } catch (error) {
      throw leaving.signal.aborted ? new Gone() : error;
    } finally {
      reader.watch.end();
      this.#idle.push(reader);
    }
  }

  #newReader(): Reader {
    const watch = new Abandoned(this.#overdue);
    return { watch, database: this.#open(watch) };
  }
}

/** Follows the statements of a read, which nobody needs once its caller has left. */
class Abandoned implements Watch {
  readonly #overdue: Overdue;
  #leaving: Leaving | undefined;
  #since = 0;

  constructor(overdue: Overdue) {
    this.#overdue = overdue;
  }

  begin(leaving: Leaving): void {
    this.#leaving = leaving;
    this.#since = performance.now();
  }

  end(): void {
    this.#leaving = undefined;
  }

  admit(): void {
    const waited = performance.now() - this.#since >= BRIEF;
    if (waited && this.#leaving?.signal.aborted === true) throw new Gone();
  }

  follow<T>(statement: PromiseLike<T>, means: Means): Promise<T> {
    return this.#overdue.follow(statement, means, this.#leaving);
  }
}
