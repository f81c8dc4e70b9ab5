import type { Later } from "../../clock.ts";
import type { Bound, Database, Dialect, DialectOptions, Leaving, ResultRows } from "../contract.ts";
import { type Gate, gateOf } from "../gate.ts";
import { openLane } from "../lane/lane.ts";
import { retryWhileBusy } from "./busy.ts";
import { Connection } from "./connection.ts";
import type { SyncDriver } from "./driver.ts";
import { isUnsayable, sqliteFailure } from "./failure.ts";
import { ended, type Lease, leasedTransaction } from "./lease.ts";

/**
 * One connection whose statements are synchronous. A statement of another request would fall inside an open transaction,
 * so a transaction passes the gate alone; and Drizzle's own transaction commits before an asynchronous callback ends, so
 * begin and commit are written out.
 */
export class SyncDialect implements Dialect {
  readonly speaks = "sqlite";
  readonly remote = false;
  readonly refers: boolean;
  readonly rowsAreCheap: boolean;
  readonly jsonPassesSelects: boolean;
  readonly door: Gate;
  /** Known a moment after the dialect is made. */
  lane: Dialect["lane"];
  readonly #driver: SyncDriver;
  readonly #connection: Connection;
  readonly #waitMs: number;

  constructor(driver: SyncDriver, options: DialectOptions) {
    this.#driver = driver;
    this.#connection = new Connection(driver);
    this.#waitMs = options.busyTimeout;
    this.door = gateOf(driver.connection);
    this.refers = this.#connection.pragma("foreign_keys") === 1;
    this.rowsAreCheap = driver.rowsAreCheap;
    this.jsonPassesSelects = driver.jsonPassesSelects;
    void this.#openLane(options);
  }

  get prepared(): number {
    return this.#connection.prepared;
  }

  /** Only what begins a transaction can be told not to wait. */
  get writesAlone(): boolean {
    return !this.#connection.waits;
  }

  read<T>(work: (database: Database) => Later<T>, leaving?: Leaving): Later<T> {
    const waitMs = this.#waitMs;
    return retryWhileBusy(() => this.door.shared(() => work(this.#driver.database), waitMs, leaving), waitMs);
  }

  /**
   * The application's one connection does not count its own commits, and any other would. Inside of a transaction it sees
   * none of others; and it waits for no lock, so that nobody is held up.
   */
  watch(): Promise<() => boolean> {
    const connection = this.#connection;
    let last = connection.version();
    return Promise.resolve(() => {
      const now = connection.version();
      if (now === undefined || now === last) return false;
      last = now;
      return true;
    });
  }

  bounds(mode: "read" | "write", transaction: boolean): readonly Bound[] | undefined {
    return transaction || mode === "write" ? this.door.bounds : undefined;
  }

  write<T>(work: (database: Database) => Promise<T>): Promise<T> {
    if (!this.writesAlone) return this.transaction("write", work);
    const waitMs = this.#waitMs;
    return retryWhileBusy(() => this.door.exclusive(() => work(this.#driver.database), waitMs), waitMs);
  }

  async transaction<T>(mode: "read" | "write", work: (tx: Database) => Promise<T>): Promise<T> {
    const leave = await this.#begin(mode === "write" ? "begin immediate" : "begin");
    const lease = { open: true };
    try {
      const result = await work(leasedTransaction(this.#driver, lease));
      await retryWhileBusy(() => this.#connection.runAtOnce("commit"), this.#waitMs);
      return result;
    } catch (error) {
      this.#connection.rollback();
      throw error;
    } finally {
      lease.open = false;
      leave();
    }
  }

  query({ session }: Database, text: string, values: readonly unknown[], most?: number): ResultRows {
    const { lease } = session as { lease?: Lease };
    if (lease?.open === false) throw ended();
    return this.#connection.query(text, values, most);
  }

  readonly failure: Dialect["failure"] = sqliteFailure;
  readonly unsayable: Dialect["unsayable"] = isUnsayable;
  retryable = (): boolean => false;
  missesReference = (): boolean => false;

  async #openLane(options: DialectOptions): Promise<void> {
    const connection = this.#connection;
    const ask = (text: string): ResultRows => connection.query(text, []);
    this.lane = await openLane({ driver: this.#driver.name, ask, closed: () => connection.closed }, options);
  }

  /** Enters alone with a transaction begun; while another process holds the lock, the others here may pass. */
  #begin(statement: string): Promise<() => void> {
    const connection = this.#connection;
    return retryWhileBusy(async () => {
      const leave = await this.door.enter(this.#waitMs);
      let others = false;
      try {
        others = connection.inTransaction; // a transaction of the application's own is not ours to end
        connection.runAtOnce(statement);
        return leave;
      } catch (error) {
        if (!others) connection.rollback();
        leave();
        throw error;
      }
    }, this.#waitMs);
  }
}
