import { tooComplex, undecided } from "../../error.ts";
import type { Bound, Database, Dialect, DialectOptions, Leaving, ResultRows } from "../contract.ts";
import { BunSQL } from "./bun-sql.ts";
import type { Driver } from "./driver.ts";
import { isCutOff, isRetryable, isUnkept, missesReference, postgresqlFailure } from "./failure.ts";
import { NodePg } from "./node-postgres/driver.ts";
import { Overdue } from "./overdue.ts";
import { Pglite } from "./pglite.ts";
import { PostgresJs } from "./postgres-js.ts";
import { Readers } from "./readers.ts";
import { databaseOver } from "./session.ts";
import { Settings } from "./settings.ts";
import { type Shared, Transaction } from "./transaction.ts";
import { turnsOf } from "./turns.ts";
import type { Watch } from "./watch.ts";
import { Writers } from "./writers.ts";

/** PostgreSQL through drizzle-orm/bun-sql. */
export const openBunSQL = (database: Database, options: DialectOptions): Dialect =>
  new PostgreSQL(database, new BunSQL(database.$client), options);

/** PostgreSQL through drizzle-orm/postgres-js. */
export const openPostgresJs = (database: Database, options: DialectOptions): Dialect =>
  new PostgreSQL(database, new PostgresJs(database.$client), options);

/** PostgreSQL through drizzle-orm/node-postgres. */
export const openNodePg = (database: Database, options: DialectOptions): Dialect =>
  new PostgreSQL(database, new NodePg(database.$client, options), options);

/** PostgreSQL in this process, through drizzle-orm/pglite. */
export const openPglite = (database: Database, options: DialectOptions): Dialect =>
  new PostgreSQL(database, new Pglite(), options);

/** PostgreSQL counts the values of a statement with sixteen bits. */
const MAX_VALUES = 65_535;

class PostgreSQL implements Dialect {
  readonly speaks = "postgresql";
  readonly door = undefined;
  readonly refers = true;
  readonly rowsAreCheap: boolean;
  readonly pipelines: boolean;
  readonly writesAlone = true;
  readonly jsonPassesSelects = true;
  readonly remote: boolean;
  readonly #shared: Shared;
  /** Whose statements stand alone; those of a transaction are watched by itself. */
  readonly #watched: Database;
  readonly #readers: Readers;
  readonly #writers: Writers;

  constructor(database: Database, driver: Driver, { busyTimeout, timeout }: DialectOptions) {
    const open = (watch: Watch): Database =>
      databaseOver(database, driver.watched(database.$client as object, watch));
    this.remote = driver.remote;
    this.rowsAreCheap = driver.rowsAreCheap;
    this.pipelines = driver.pipelines;
    const turns = turnsOf(database.$client as object, driver.connections);
    const overdue = new Overdue(timeout, turns);
    this.#watched = open(overdue);
    this.#readers = new Readers(open, overdue);
    this.#writers = new Writers(open, timeout);
    this.#shared = {
      driver,
      database,
      turns,
      settings: new Settings((text) => this.query(this.#watched, text, []), timeout),
      busyTimeout: Math.min(busyTimeout, timeout), // nobody waits longer
      timeout,
    };
  }

  get prepared(): number {
    return this.#shared.driver.prepared;
  }

  bounds(_mode: "read" | "write", transaction: boolean): readonly Bound[] {
    return this.#shared.turns.bounds(transaction);
  }

  read<T>(work: (database: Database) => Promise<T>, leaving?: Leaving): Promise<T> {
    const { turns, busyTimeout } = this.#shared;
    // What runs in this process cannot be stopped.
    const ask = (): Promise<T> =>
      leaving === undefined || !this.remote ? work(this.#watched) : this.#readers.run(work, leaving);
    return turns.statement(ask, busyTimeout, leaving);
  }

  async write<T>(work: (database: Database) => Promise<T>, milliseconds = this.#shared.timeout): Promise<T> {
    // A statement in this process cannot be stopped, and a timer would only cost.
    if (!this.remote) return this.read(work);
    const { turns, busyTimeout } = this.#shared;
    const end = performance.now() + milliseconds;
    const waitMs = Math.min(busyTimeout, milliseconds);
    try {
      return await turns.statement(() => this.#writers.run(work, end), waitMs);
    } catch (error) {
      throw isCutOff(error) ? undecided(error) : error;
    }
  }

  transaction<T>(_mode: "read" | "write", work: (tx: Database) => Promise<T>): Promise<T> {
    return new Transaction(this.#shared).run(work);
  }

  query({ session }: Database, text: string, values: readonly unknown[]): Promise<ResultRows> {
    if (values.length > MAX_VALUES)
      return Promise.reject(tooComplex(`more than ${MAX_VALUES} values`, "select"));
    return this.#shared.driver.query(session.client as object, text, values);
  }

  failure = postgresqlFailure;
  undoes = isUnkept;
  retryable = (error: unknown): boolean => isRetryable(error) || this.#shared.turns.isStray(error);
  missesReference = missesReference;
  unsayable = (): boolean => false;
}
