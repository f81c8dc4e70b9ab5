import { Cache, LONGEST } from "../../cache.ts";
import type { SyncDriver, SyncStatement } from "./driver.ts";

/** Statements kept prepared, in each of two generations. */
const MAX_STATEMENTS = 200;
/** What their texts may have in characters; a statement takes ten times the bytes. */
export const MAX_PREPARED = 524_288;

/** The one connection of a synchronous driver, with the statements that are kept prepared on it. */
export class Connection {
  readonly #driver: SyncDriver;
  readonly #statements = new Cache<SyncStatement>(MAX_STATEMENTS, {
    most: MAX_PREPARED,
    dropped: (statement) => statement.finalize(),
  });
  /** Whether it waits for locks by itself, which stops the whole process. */
  readonly waits: boolean;

  constructor(driver: SyncDriver) {
    this.#driver = driver;
    this.waits = this.#patience() > 0;
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
    if (text.length > LONGEST) return this.#once(text, values, most);
    let statement = this.#statements.get(text);
    if (statement === undefined) this.#statements.set(text, (statement = this.#driver.prepare(text)));
    return statement.rows(values, most);
  }

  /** Runs a statement that is not kept. */
  #once(text: string, values: readonly unknown[], most?: number): readonly ArrayLike<unknown>[] {
    const statement = this.#driver.prepare(text);
    try {
      return statement.rows(values, most);
    } finally {
      statement.finalize();
    }
  }

  /** Runs what may find the file locked without waiting for it: `retryWhileBusy` waits, and stops nobody. */
  runAtOnce(text: string): void {
    if (!this.waits) return void this.#driver.run(text);
    const milliseconds = this.#patience();
    this.#driver.run("pragma busy_timeout = 0");
    try {
      this.#driver.run(text);
    } finally {
      this.#driver.run(`pragma busy_timeout = ${milliseconds}`);
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

  #patience(): number {
    return this.pragma("busy_timeout");
  }
}
