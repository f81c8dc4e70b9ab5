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
  async run<T>(work: (database: Database) => Promise<T>, signal: AbortSignal): Promise<T> {
    const reader = this.#idle.pop() ?? this.#newReader();
    reader.watch.signal = signal;
    try {
      return await work(reader.database);
    } catch (error) {
      throw signal.aborted ? new Gone() : error;
    } finally {
      reader.watch.signal = undefined;
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
  signal: AbortSignal | undefined;
  readonly #overdue: Overdue;

  constructor(overdue: Overdue) {
    this.#overdue = overdue;
  }

  admit(): void {
    if (this.signal?.aborted === true) throw new Gone();
  }

  follow<T>(statement: PromiseLike<T>, means: Means): Promise<T> {
    return this.#overdue.follow(statement, means, this.signal);
  }
}
