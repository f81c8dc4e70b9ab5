import type { Client, InValue, Transaction, TransactionMode } from "@libsql/client";
import { within } from "../../clock.ts";
import { busy } from "../../error.ts";
import type { Bound, Database, Dialect, DialectOptions, Leaving, ResultRows } from "../contract.ts";
import { Semaphore } from "../semaphore.ts";
import { isUnsayable } from "../sqlite/failure.ts";
import { JSON_PROBE, jsonPassesSelects } from "../sqlite/json.ts";
import { reached, remoteFailure, Unknown } from "./failure.ts";
import { RemoteTransaction } from "./remote-transaction.ts";
import { overClient, overTransaction } from "./session.ts";
import { RemoteStatements } from "./remote-statements.ts";
import { type LibsqlTransaction, UpgradingTransaction } from "./transaction.ts";

/**
 * The client sends twenty statements at once by default. A few places stay free for transactions, which need one to
 * begin, and none while they last.
 */
const MAX_STATEMENTS = 16;
const MAX_TRANSACTIONS = 32;

/** libsql on a server: Turso or sqld, through drizzle-orm/libsql. */
export class RemoteLibsql implements Dialect {
  readonly speaks = "sqlite";
  readonly refers = true;
  readonly remote = true;
  readonly door = undefined;
  readonly rowsAreCheap = false;
  readonly prepared = 0;
  jsonPassesSelects = false;
  readonly #client: Client;
  readonly #database: Database;
  /** Whose statements stand alone. */
  readonly #single: Database;
  readonly #busyTimeout: number;
  readonly #timeout: number;
  readonly #statements = new Semaphore(MAX_STATEMENTS);
  readonly #transactions = new Semaphore(MAX_TRANSACTIONS);
  readonly #bounds = { statements: [{ size: MAX_STATEMENTS }], transactions: [{ size: MAX_TRANSACTIONS }] };

  constructor(database: Database, { busyTimeout, timeout }: DialectOptions) {
    this.#client = database.$client as Client;
    this.#database = database;
    this.#single = overClient(database, new RemoteStatements(this.#client, timeout));
    this.#busyTimeout = Math.min(busyTimeout, timeout); // nobody waits longer
    this.#timeout = timeout;
    void this.#askServer();
  }

  /** A write is a transaction. */
  bounds(mode: "read" | "write", transaction: boolean): readonly Bound[] {
    return mode === "write" || transaction ? this.#bounds.transactions : this.#bounds.statements;
  }

  /**
   * What waits for its turn is not in the client's own queue, where it would run when nobody waits any more. What was sent
   * nobody can stop: it keeps its place though its caller has left, or he would send more and more that the server is at.
   */
  read<T>(work: (database: Database) => Promise<T>, leaving?: Leaving): Promise<T> {
    const ask = (): Promise<T> => within(this.#timeout, work(this.#single));
    return this.#statements.run(ask, this.#busyTimeout, leaving);
  }

  /** In a transaction, because the client may fail to read what a statement returns once it is done. */
  write<T>(work: (database: Database) => Promise<T>): Promise<T> {
    return this.transaction("write", (transaction) => within(this.#timeout, work(transaction)));
  }

  transaction<T>(mode: "read" | "write", work: (transaction: Database) => Promise<T>): Promise<T> {
    return this.#transactions.run(async () => {
      const writer = (): Promise<LibsqlTransaction> => this.#begin("write");
      const transaction =
        mode === "write" ? await writer() : new UpgradingTransaction(await this.#begin("deferred"), writer);
      try {
        const result = await work(overTransaction(this.#database, this.#client, transaction));
        await within(this.#timeout, transaction.commit(), () => new Unknown());
        return result;
      } finally {
        transaction.close(); // rolls back what was not committed
      }
    }, this.#busyTimeout);
  }

  async query(database: Database, text: string, values: readonly unknown[]): Promise<ResultRows> {
    const { tx, client } = database.session as { tx?: Transaction; client: Client };
    return (await (tx ?? client).execute({ sql: text, args: values as InValue[] })).rows;
  }

  readonly failure: Dialect["failure"] = remoteFailure;
  readonly unsayable: Dialect["unsayable"] = isUnsayable;
  retryable = (): boolean => false;
  missesReference = (): boolean => false;

  async #begin(mode: TransactionMode): Promise<LibsqlTransaction> {
    const begun = this.#client.transaction(mode);
    try {
      const late = (): Error => busy(new Error("the client has no place for a transaction"));
      return new RemoteTransaction(await within(this.#busyTimeout, begun, late), mode);
    } catch (error) {
      begun.then((transaction) => transaction.close()).catch(() => undefined);
      throw reached(error);
    }
  }

  async #askServer(): Promise<void> {
    try {
      this.jsonPassesSelects = jsonPassesSelects((await this.#client.execute(JSON_PROBE)).rows);
    } catch {
      // what is asked for now is right as it is
    }
  }
}
