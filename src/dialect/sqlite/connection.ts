import type { SyncDriver } from "./driver.ts";
import { FEW_PAGES, MANY_PAGES } from "./page-cache.ts";
import { Prepared } from "./prepared.ts";

/** Statements kept prepared, in each of two generations. */
const MAX_STATEMENTS = 200;

/** The one connection of a synchronous driver, with the statements that are kept prepared on it. */
export class Connection {
  readonly #driver: SyncDriver;
  readonly #statements: Prepared;
  /** Whether it waits for locks by itself, which stops the whole process. */
  readonly waits: boolean;

  constructor(driver: SyncDriver) {
    this.#driver = driver;
    this.#statements = new Prepared(MAX_STATEMENTS, (text) => driver.prepare(text));
    this.waits = this.#patience() > 0;
    this.#keepMorePages();
  }

  get prepared(): number {
    return this.#statements.size;
  }

  get inTransaction(): boolean {
    return this.#driver.client.inTransaction;
  }

  /** Whether the application has closed it: drivers say so, or throw where they are asked anything. */
  get closed(): boolean {
    try {
      const { open, inTransaction } = this.#driver.client as { open?: boolean; inTransaction: boolean };
      return open === false && !inTransaction;
    } catch {
      return true;
    }
  }

  query(text: string, values: readonly unknown[], most?: number): readonly ArrayLike<unknown>[] {
    return this.#statements.rows(text, values, most);
  }

  /** Runs what may find the file locked without waiting for it: `retryWhileBusy` waits, and stops nobody. */
  runAtOnce(text: string): void {
    this.#atOnce(() => this.#driver.run(text));
  }

  /** Counts what other connections have committed; `undefined` where that cannot be asked now. */
  version(): number | undefined {
    if (this.closed || this.inTransaction) return undefined;
    try {
      return this.#atOnce(() => this.query("pragma data_version", [])[0]![0] as number);
    } catch {
      return undefined; // the file is locked, or the connection is reading rows one by one
    }
  }

  /** Some errors have rolled back already. A connection that cannot be brought to rest must not be held by statements. */
  rollback(attempts = 3): void {
    try {
      if (this.inTransaction) this.#driver.run("rollback");
    } catch {
      if (attempts > 1) this.rollback(attempts - 1);
      else this.#statements.clear();
    }
  }

  pragma(name: string): number {
    const statement = this.#driver.prepare(`pragma ${name}`);
    try {
      return Number(statement.rows([])[0]?.[0]);
    } finally {
      statement.finalize();
    }
  }

  /** Unless the application has told how many. */
  #keepMorePages(): void {
    try {
      this.#atOnce(() => {
        if (this.pragma("cache_size") === FEW_PAGES) this.#driver.run(MANY_PAGES);
      });
    } catch {
      // It reads the schema first, which a file that is locked now does not show: it goes on as it is.
    }
  }

  #atOnce<T>(work: () => T): T {
    if (!this.waits) return work();
    const milliseconds = this.#patience();
    this.#driver.run("pragma busy_timeout = 0");
    try {
      return work();
    } finally {
      this.#driver.run(`pragma busy_timeout = ${milliseconds}`);
    }
  }

  #patience(): number {
    return this.pragma("busy_timeout");
  }
}
