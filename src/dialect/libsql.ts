import type { Client, InStatement, InValue, Transaction } from "@libsql/client";
import { LibSQLSession, LibSQLTransaction } from "drizzle-orm/libsql/session";
import type { Database, Dialect, DialectOptions } from "./dialect.ts";
import { retryWhileBusy, sqliteFailure } from "./sqlite.ts";
import { isRead, type Lane, laneOf } from "./write-queue.ts";

/** Transactions that read hold a connection each; the client has twenty by default and fails when all are taken. */
const MAX_READING = 16;

/** libsql: files, memory and remote servers, through drizzle-orm/libsql. */
export function openLibsql(database: Database, options: DialectOptions): Dialect {
  return new Libsql(database, options);
}

class Libsql implements Dialect {
  readonly name = "libsql";
  readonly rowsAreCheap = false;
  jsonPassesSelects = false;
  readonly #lane: Lane;
  readonly #database: Database;
  readonly #reading = new Semaphore(MAX_READING);

  constructor(database: Database, { busyTimeout }: DialectOptions) {
    const client = database.$client as Client;
    this.#lane = laneOf(client, busyTimeout);
    // Turns are taken here, so statements go to the client behind the queue.
    this.#database = this.#lane.client === client ? database : overClient(database, this.#lane.client);
    void this.#askJSON();
  }

  read<T>(work: (database: Database) => Promise<T>): Promise<T> {
    return this.#lane.read(() => retryWhileBusy(() => work(this.#database), this.#lane.waitMs));
  }

  async write<T>(work: (database: Database) => Promise<T>): Promise<T> {
    // Where no other process can hold the lock, one statement is its own transaction.
    const alone = this.#lane.client.protocol !== "file" || (await this.#lane.inMemory());
    if (!alone) return this.transaction("write", work);
    return this.#lane.writers.exclusive(() => work(this.#database));
  }

  async transaction<T>(mode: "read" | "write", work: (transaction: Database) => Promise<T>): Promise<T> {
    const lane = this.#lane;
    if (mode === "write" || (await lane.inMemory())) {
      return lane.writers.exclusive(async () => this.#settle(await lane.begin(), work));
    }
    return this.#reading.run(async () => {
      const leaving: { leave?: () => void } = {};
      const upgrade = async (): Promise<Transaction> => {
        leaving.leave = await lane.writers.enter();
        return lane.begin();
      };
      try {
        const reading = await retryWhileBusy(() => lane.client.transaction("deferred"), lane.waitMs);
        return await this.#settle(new UpgradingTransaction(reading, upgrade), work);
      } finally {
        leaving.leave?.();
      }
    });
  }

  async query(
    database: Database,
    text: string,
    values: readonly unknown[],
  ): Promise<readonly ArrayLike<unknown>[]> {
    const { tx, client } = database.session as { tx?: Transaction; client: Client };
    const statement = { sql: text, args: values as InValue[] };
    return (await (tx ?? client).execute(statement)).rows as unknown as ArrayLike<unknown>[];
  }

  failure = sqliteFailure;

  /** Until the database has answered, statements are written so that they are right on any. */
  async #askJSON(): Promise<void> {
    try {
      const { rows } = await this.#lane.client.execute(
        "select json_object('a',(select json_group_array(1)))",
      );
      this.jsonPassesSelects = rows[0]?.[0] === '{"a":[1]}';
    } catch {
      // a database that cannot be asked now is right as it is
    }
  }

  async #settle<T>(transaction: Settled, work: (tx: Database) => Promise<T>): Promise<T> {
    try {
      const result = await work(overTransaction(this.#database, this.#lane.client, transaction));
      await this.#lane.commit(transaction);
      return result;
    } finally {
      // Rolls back what was not committed, and minds nothing that the database has rolled back itself.
      transaction.close();
    }
  }
}

/** What is used of a transaction. */
type Settled = Pick<Transaction, "execute" | "batch" | "executeMultiple" | "commit" | "close">;

/**
 * A transaction that reads until something in it writes. Then it starts over as a writer, in its turn: what was read
 * before stays read, nothing was written that could be lost.
 */
class UpgradingTransaction {
  #inner: Transaction;
  #upgrade: (() => Promise<Transaction>) | undefined;
  #upgrading: Promise<void> | undefined;

  constructor(inner: Transaction, upgrade: () => Promise<Transaction>) {
    this.#inner = inner;
    this.#upgrade = upgrade;
  }

  async execute(statement: InStatement): ReturnType<Transaction["execute"]> {
    if (this.#upgrade !== undefined && !isRead(statement)) await (this.#upgrading ??= this.#restart());
    return this.#inner.execute(statement);
  }

  async batch(statements: InStatement[]): ReturnType<Transaction["batch"]> {
    if (this.#upgrade !== undefined && !statements.every(isRead)) await (this.#upgrading ??= this.#restart());
    return this.#inner.batch(statements);
  }

  executeMultiple(text: string): Promise<void> {
    return this.#inner.executeMultiple(text);
  }

  commit(): Promise<void> {
    return this.#inner.commit();
  }

  close(): void {
    this.#inner.close();
  }

  async #restart(): Promise<void> {
    this.#inner.close();
    this.#inner = await this.#upgrade!();
    this.#upgrade = undefined;
  }
}

/** The same Drizzle database over another client. */
function overClient(database: Database, client: Client): Database {
  const { dialect, session } = database;
  const inner = new LibSQLSession(client, dialect, session.schema, session.options, undefined);
  return new database.constructor("async", dialect, inner, session.schema);
}

function overTransaction(database: Database, client: Client, transaction: object): Database {
  const { dialect, session } = database;
  const inner = new LibSQLSession(
    client,
    dialect,
    session.schema,
    session.options,
    transaction as Transaction,
  );
  return new LibSQLTransaction("async", dialect, inner, session.schema);
}

/** Lets a number of pieces of work run at once; the others wait, first come, first served. */
class Semaphore {
  #free: number;
  readonly #waiters: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiters.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiters.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }
}
