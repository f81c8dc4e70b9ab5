import { sql } from "drizzle-orm";
import { Limit } from "../../clock.ts";
import { busy, timeout, undecided } from "../../error.ts";
import type { Database } from "../contract.ts";
import type { Driver } from "./driver.ts";
import { blame, isCutOff } from "./failure.ts";
import { Lease } from "./lease.ts";
import type { Settings } from "./settings.ts";
import type { Turns } from "./turns.ts";
import { GRACE } from "./watch.ts";

/** What all transactions of a database have in common. */
export interface Shared {
  readonly driver: Driver;
  readonly database: Database;
  readonly turns: Turns;
  readonly settings: Settings;
  readonly busyTimeout: number;
  readonly timeout: number;
}

/** One transaction, which takes so long and no longer, whatever its driver does. */
export class Transaction {
  readonly #shared: Shared;
  readonly #lease = new Lease();
  /** How long its answer is waited for. */
  readonly #answer = new Limit();
  /** How long it keeps its turn and its connection, though the answer may have gone before. */
  readonly #stay = new Limit();
  #failed: { readonly error: unknown } | undefined;
  #committing = false;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  run<T>(work: (tx: Database) => Promise<T>): Promise<T> {
    const { turns, busyTimeout } = this.#shared;
    this.#answer.set(busyTimeout, () => busy(new Error("no connection came in time")));
    return this.#answer.race(turns.transaction(() => this.#bounded(work), busyTimeout));
  }

  /** A driver that never says what became of a transaction keeps neither its turn for good, nor its connection. */
  #bounded<T>(work: (tx: Database) => Promise<T>): Promise<T> {
    this.#lasts(this.#shared.busyTimeout + this.#shared.timeout);
    return this.#stay.race(this.#transact(work));
  }

  /** Says how long the next step is waited for. A connection that was given back, or given up, is another's to end. */
  #lasts(milliseconds: number): void {
    this.#stay.set(milliseconds, () => {
      this.#lease.giveUp();
      return busy(new Error("the driver does not say what became of a transaction"));
    });
  }

  async #transact<T>(work: (tx: Database) => Promise<T>): Promise<T> {
    const { driver, database, settings } = this.#shared;
    try {
      const texts = settings.known ?? (await settings.ask());
      if (this.#answer.over) throw busy();
      return await driver.transaction(database, this.#lease, texts, (tx) => this.#work(tx, work));
    } catch (error) {
      if (this.#failed !== undefined) throw this.#failed.error; // and not what came of rolling back
      throw this.#committing && isCutOff(blame(error)) ? undecided(error) : blame(error);
    } finally {
      this.#lease.end(); // a driver may give up before the work does
    }
  }

  async #work<T>(tx: Database, work: (tx: Database) => Promise<T>): Promise<T> {
    this.#answer.lift();
    this.#lasts(2 * this.#shared.timeout + GRACE); // the work ends before
    try {
      if (this.#answer.over) throw busy(); // what comes too late goes back at once
      const result = await work(tx);
      if (this.#lease.failure !== undefined) await assertAlive(tx, this.#lease.failure);
      this.#commit();
      return result;
    } catch (error) {
      await this.#rollback(error);
      throw error;
    }
  }

  /** The driver commits next. */
  #commit(): void {
    const milliseconds = this.#shared.timeout;
    this.#answer.set(milliseconds, () => undecided(timeout(milliseconds)));
    this.#lasts(milliseconds + GRACE);
    this.#lease.end();
    this.#committing = true;
  }

  /** The driver rolls back next. */
  async #rollback(error: unknown): Promise<void> {
    this.#failed = { error };
    this.#answer.set(GRACE, () => error);
    await this.#lease.stop(GRACE);
    this.#lasts(GRACE);
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
