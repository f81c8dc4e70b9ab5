import type {
  Client,
  InArgs,
  InStatement,
  InValue,
  ResultSet,
  Transaction,
  TransactionMode,
} from "@libsql/client";
import { within } from "../../clock.ts";
import { busy } from "../../error.ts";
import type { Database, Dialect, DialectOptions } from "../contract.ts";
import { Semaphore } from "../semaphore.ts";
import { committed, reached, remoteFailure, Unknown } from "./failure.ts";
import { overClient, overTransaction, type Settled, UpgradingTransaction } from "./session.ts";
import { isUnsayable } from "../sqlite/failure.ts";

/**
 * The client sends twenty statements at once by default. A few places stay free for transactions, which need one to
 * begin, and none while they last.
 */
const MAX_STATEMENTS = 16;
const MAX_TRANSACTIONS = 32;

/** libsql on a server: Turso or sqld, through drizzle-orm/libsql. */
export function openRemote(database: Database, options: DialectOptions): Dialect {
  return new RemoteLibsql(database, options);
}

class RemoteLibsql implements Dialect {
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

  constructor(database: Database, { busyTimeout, timeout }: DialectOptions) {
    this.#client = database.$client as Client;
    this.#database = database;
    this.#single = overClient(database, new Statements(this.#client, timeout));
    this.#busyTimeout = Math.min(busyTimeout, timeout); // nobody waits longer
    this.#timeout = timeout;
    void this.#askServer();
  }

  /** What waits for its turn is not in the client's own queue, where it would run when nobody waits any more. */
  read<T>(work: (database: Database) => Promise<T>): Promise<T> {
    return this.#statements.run(() => this.#within(work(this.#single)), this.#busyTimeout);
  }

  /** In a transaction, because the client may fail to read what a statement returns once it is done. */
  write<T>(work: (database: Database) => Promise<T>): Promise<T> {
    return this.transaction("write", (transaction) => this.#within(work(transaction)));
  }

  transaction<T>(mode: "read" | "write", work: (transaction: Database) => Promise<T>): Promise<T> {
    return this.#transactions.run(async () => {
      const writer = (): Promise<Settled> => this.#begin("write");
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

  async query(
    database: Database,
    text: string,
    values: readonly unknown[],
  ): Promise<readonly ArrayLike<unknown>[]> {
    const { tx, client } = database.session as { tx?: Transaction; client: Client };
    return (await (tx ?? client).execute({ sql: text, args: values as InValue[] })).rows;
  }

  failure = remoteFailure;
  unsayable = isUnsayable;
  retryable = (): boolean => false;
  missesReference = (): boolean => false;

  #within<T>(work: Promise<T>): Promise<T> {
    return within(this.#timeout, work);
  }

  async #begin(mode: TransactionMode): Promise<Settled> {
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
      const { rows } = await this.#client.execute("select json_object('a',(select json_group_array(1)))");
      this.jsonPassesSelects = rows[0]?.[0] === '{"a":[1]}';
    } catch {
      // what is asked for now is right as it is
    }
  }
}

/** Sends statements that stand alone. */
class Statements implements Pick<Client, "execute"> {
  readonly #client: Client;
  readonly #timeout: number;
  /** When those were sent that have no answer yet. */
  readonly #sent = new Set<{ readonly at: number }>();

  constructor(client: Client, timeout: number) {
    this.#client = client;
    this.#timeout = timeout;
  }

  async execute(statement: InStatement | string, args?: InArgs): Promise<ResultSet> {
    const asked = typeof statement === "string" ? { sql: statement, args: args ?? [] } : statement;
    try {
      return await (this.#hangs() ? this.#aside(asked) : this.#send(asked));
    } catch (error) {
      throw reached(error);
    }
  }

  async #send(statement: InStatement): Promise<ResultSet> {
    const sent = { at: performance.now() };
    this.#sent.add(sent);
    try {
      return await this.#client.execute(statement);
    } finally {
      this.#sent.delete(sent);
    }
  }

  /** Whether a statement is without an answer though nobody waits for it any more. It holds a place of the client's. */
  #hangs(): boolean {
    const [oldest] = this.#sent;
    return oldest !== undefined && performance.now() - oldest.at > this.#timeout;
  }

  /** Takes no place of the client's, and one message more. */
  async #aside(statement: InStatement): Promise<ResultSet> {
    const transaction = await this.#client.transaction("deferred");
    try {
      return await transaction.execute(statement);
    } finally {
      transaction.close();
    }
  }
}

/**
 * A transaction on a server, which may end it by itself: when it has held the lock for too long, or begins anew. What
 * comes next on the same stream would be a transaction of its own, so after an error the server is asked first.
 */
class RemoteTransaction implements Settled {
  readonly #inner: Transaction;
  readonly #mode: TransactionMode;
  #turn: Promise<unknown> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  constructor(inner: Transaction, mode: TransactionMode) {
    this.#inner = inner;
    this.#mode = mode;
  }

  execute(statement: InStatement): Promise<ResultSet> {
    return this.#ask(() => this.#inner.execute(statement));
  }

  batch(statements: InStatement[]): Promise<ResultSet[]> {
    return this.#ask(() => this.#inner.batch(statements));
  }

  executeMultiple(text: string): Promise<void> {
    return this.#ask(() => this.#inner.executeMultiple(text));
  }

  async commit(): Promise<void> {
    await this.#turn;
    if (this.#mode !== "write") return; // nothing to keep
    await this.#assertOpen();
    try {
      await this.#inner.commit();
    } catch (error) {
      throw committed(error);
    }
  }

  close(): void {
    this.#inner.close();
  }

  /** Statements that are asked at once go one after the other: each must know how the last one ended. */
  #ask<T>(call: () => Promise<T>): Promise<T> {
    const answer = this.#turn.then(async () => {
      await this.#assertOpen();
      try {
        return await call();
      } catch (error) {
        this.#failure = { error: reached(error) };
        throw this.#failure.error;
      }
    });
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  /** A transaction cannot begin within another. */
  async #assertOpen(): Promise<void> {
    if (this.#failure === undefined) return;
    try {
      await this.#inner.execute("begin");
    } catch (error) {
      if (/within a transaction/i.test(String(error))) {
        this.#failure = undefined;
        return;
      }
    }
    this.close();
    throw this.#failure.error;
  }
}
