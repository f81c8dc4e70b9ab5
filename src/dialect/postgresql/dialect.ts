import { sql } from "drizzle-orm";
import { busy, timeout, tooComplex, undecided } from "../../error.ts";
import type { Database, Dialect, DialectOptions } from "../contract.ts";
import { Limit } from "../limit.ts";
import { BunSQL } from "./bun-sql.ts";
import { databaseOver, type Driver } from "./driver.ts";
import { blame, isCutOff, isRetryable, missesReference, postgresqlFailure } from "./failure.ts";
import { PostgresJs } from "./postgres-js.ts";
import { NodePg } from "./node-postgres.ts";
import { Pglite } from "./pglite.ts";
import { type Turns, turnsOf } from "./turns.ts";
import { GRACE, Lease, Overdue, Single } from "./watch.ts";

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

/** Milliseconds, none of which means without end. */
const OWN_SETTINGS =
  "select name, setting from pg_settings where name in ('statement_timeout', 'idle_in_transaction_session_timeout')";
const MAX_SETTING = 2_147_483_647;

/** What one write has to itself while it lasts, kept for the next. */
interface Writer {
  readonly database: Database;
  readonly watch: Single;
}

class PostgreSQL implements Dialect {
  readonly speaks = "postgresql";
  readonly door = undefined;
  readonly refers = true;
  readonly rowsAreCheap = false;
  readonly jsonPassesSelects = true;
  readonly remote: boolean;
  readonly #driver: Driver;
  /** As it was given, for transactions, which watch their own statements. */
  readonly #database: Database;
  readonly #watched: Database;
  readonly #writers: Writer[] = [];
  readonly #turns: Turns;
  readonly #busyTimeout: number;
  readonly #timeout: number;
  #settings: readonly string[] | undefined;

  constructor(database: Database, driver: Driver, options: DialectOptions) {
    this.remote = driver.remote;
    this.#driver = driver;
    this.#database = database;
    this.#watched = databaseOver(database, driver.watched(database.$client, new Overdue(options.timeout)));
    this.#turns = turnsOf(database.$client as object, driver.connections);
    this.#busyTimeout = Math.min(options.busyTimeout, options.timeout); // nobody waits longer
    this.#timeout = options.timeout;
  }

  get prepared(): number {
    return this.#driver.prepared;
  }

  read<T>(work: (database: Database) => Promise<T>): Promise<T> {
    return this.#turns.statement(() => work(this.#watched), this.#busyTimeout);
  }

  async write<T>(work: (database: Database) => Promise<T>, milliseconds = this.#timeout): Promise<T> {
    // A statement in this process cannot be stopped, and a timer would only cost.
    if (!this.remote) return this.#turns.statement(() => work(this.#watched), this.#busyTimeout);
    const end = performance.now() + milliseconds;
    const limit = new Limit();
    // Its turn ends when the driver is done with it, though the answer may have gone before.
    const whole = this.#turns.statement(
      () => this.#write(work, end, limit),
      Math.min(this.#busyTimeout, milliseconds),
    );
    try {
      return await Promise.race([whole, limit.passed]);
    } catch (error) {
      throw isCutOff(error) ? undecided(error) : error;
    } finally {
      limit.lift();
    }
  }

  async transaction<T>(_mode: "read" | "write", work: (tx: Database) => Promise<T>): Promise<T> {
    const limit = new Limit();
    limit.set(this.#busyTimeout, () => busy(new Error("no connection came in time")));
    // Its turn ends when the connection is given back, or given up, though the answer may have gone before.
    const whole = this.#turns.transaction(() => this.#bounded(limit, work), this.#busyTimeout);
    try {
      return await Promise.race([whole, limit.passed]);
    } finally {
      limit.lift();
    }
  }

  async query({ session }: Database, text: string, values: readonly unknown[]): ReturnType<Dialect["query"]> {
    if (values.length > MAX_VALUES) throw tooComplex(`more than ${MAX_VALUES} values`, "select");
    return this.#driver.query(session.client, text, values);
  }

  failure = postgresqlFailure;
  retryable = isRetryable;
  missesReference = missesReference;
  unsayable = (): boolean => false;

  /** What is stopped has still ended one way or the other; only when nobody hears of it, nobody knows. */
  async #write<T>(work: (database: Database) => Promise<T>, end: number, limit: Limit): Promise<T> {
    const writer = this.#writers.pop() ?? this.#newWriter();
    const { watch } = writer;
    const late = (): void => {
      watch.stop();
      limit.set(GRACE, () => {
        watch.drop();
        return undecided(timeout(this.#timeout));
      });
    };
    const timer = setTimeout(late, Math.max(0, end - performance.now()));
    try {
      return await Promise.race([work(writer.database), limit.passed]);
    } catch (error) {
      throw watch.over && this.failure(error, "write")?.code === "timeout" ? timeout(this.#timeout) : error;
    } finally {
      clearTimeout(timer);
      limit.lift();
      if (!watch.over) this.#writers.push(writer);
    }
  }

  #newWriter(): Writer {
    const watch = new Single();
    return {
      watch,
      database: databaseOver(this.#database, this.#driver.watched(this.#database.$client, watch)),
    };
  }

  /** A driver that never says what became of a transaction keeps neither its turn for good, nor its connection. */
  async #bounded<T>(limit: Limit, work: (tx: Database) => Promise<T>): Promise<T> {
    const lease = new Lease();
    const patience = new Limit();
    let over = false;
    const lasts = (milliseconds: number): void => {
      // A connection that was given back, or given up, is another's to end.
      if (over) return;
      patience.set(milliseconds, () => {
        lease.giveUp();
        return busy(new Error("the driver does not say what became of a transaction"));
      });
    };
    lasts(this.#busyTimeout + this.#timeout);
    try {
      return await Promise.race([this.#transaction(limit, lease, lasts, work), patience.passed]);
    } finally {
      over = true;
      patience.lift();
    }
  }

  /** `lasts` says how long the next step is waited for. */
  async #transaction<T>(
    limit: Limit,
    lease: Lease,
    lasts: (milliseconds: number) => void,
    work: (tx: Database) => Promise<T>,
  ): Promise<T> {
    let failed: { readonly error: unknown } | undefined;
    let committing = false;
    try {
      const settings = (this.#settings ??= await this.#ask());
      if (limit.over) throw busy();
      return await this.#driver.transaction(this.#database, lease, settings, async (tx) => {
        limit.lift();
        lasts(2 * this.#timeout + GRACE); // the work ends before
        try {
          if (limit.over) throw busy(); // what comes too late goes back at once
          const result = await work(tx);
          if (lease.failure !== undefined) await assertAlive(tx, lease.failure);
          limit.set(this.#timeout, () => undecided(timeout(this.#timeout)));
          lasts(this.#timeout + GRACE);
          lease.end();
          committing = true;
          return result;
        } catch (error) {
          failed = { error };
          limit.set(GRACE, () => error);
          await lease.stop(GRACE);
          lasts(GRACE);
          throw error;
        }
      });
    } catch (error) {
      if (failed !== undefined) throw failed.error; // and not what came of rolling back
      throw committing && isCutOff(blame(error)) ? undecided(error) : blame(error);
    } finally {
      lease.end(); // a driver may give up before the work does
    }
  }

  /**
   * Settings of each transaction, should this process no longer be there to end it: a statement and a pause may take as
   * long as they are waited for, or less where the server says so already. Asked before, because a transaction that has
   * asked anything can no longer be given another isolation level.
   */
  async #ask(): Promise<readonly string[]> {
    const found = await this.query(this.#watched, OWN_SETTINGS, []);
    const own = new Map(found.map((row) => [row[0], Number(row[1])]));
    const least = (name: string, milliseconds: number): string =>
      `set local ${name} = ${Math.min(milliseconds, own.get(name) || MAX_SETTING, MAX_SETTING)}`;
    return [
      least("statement_timeout", this.#timeout),
      least("idle_in_transaction_session_timeout", 2 * this.#timeout + GRACE),
    ];
  }
}

/**
 * A server goes on after a failed statement only behind a savepoint; else it answers a commit by rolling back, and says
 * nothing.
 */
async function assertAlive(tx: Database, failure: unknown): Promise<void> {
  try {
    await tx.execute(sql`select 1`);
  } catch {
    throw failure;
  }
}
