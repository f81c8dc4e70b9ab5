import type { Client, InStatement, InValue, Transaction } from "@libsql/client";
import { LibSQLSession, LibSQLTransaction } from "drizzle-orm/libsql/session";
import type { Database, Dialect, DialectOptions } from "./dialect.ts";
import { sqliteFailure } from "./sqlite.ts";
import { isRead, type Lane, laneOf } from "./write-queue.ts";

/** Journals whose readers never find the file locked: a log beside it, or no file at all. */
const NO_WAITING: ReadonlySet<unknown> = new Set(["wal", "memory"]);

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
  /** Whether the file has no write-ahead log, as far as is known. */
  #readersWait: boolean;
  readonly #lane: Lane;
  readonly #database: Database;
  readonly #reading = new Semaphore(MAX_READING);

  constructor(database: Database, { busyTimeout }: DialectOptions) {
    const client = database.$client as Client;
    this.#lane = laneOf(client, busyTimeout);
    // Turns are taken here, so statements go to the client behind the queue.
    this.#database = this.#lane.client === client ? database : overClient(database, this.#lane.client);
    this.#readersWait = client.protocol === "file";
    void this.#askDatabase();
  }

  read<T>(work: (database: Database) => Promise<T>): Promise<T> {
    if (this.#readersWait) return this.#readGuarded(work);
    return this.#lane.read(() => work(this.#database));
  }

  /** Without a write-ahead log a reader may find the file locked, and wait as a writer does. */
  async #readGuarded<T>(work: (database: Database) => Promise<T>): Promise<T> {
    if (await this.#lane.inMemory()) return this.#lane.read(() => work(this.#database));
    return this.#reading.run(async () => {
      const transaction = await this.#lane.beginReading();
      try {
        return await work(overTransaction(this.#database, this.#lane.client, transaction));
      } finally {
        transaction.close();
      }
    });
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
    return this.#reading.run(async () =>
      this.#settle(new UpgradingTransaction(await lane.beginReading(), lane), work),
    );
  }

  async query(
    database: Database,
    text: string,
    values: readonly unknown[],
  ): Promise<readonly ArrayLike<unknown>[]> {
    const { tx, client } = database.session as { tx?: Transaction; client: Client };
    const statement = { sql: text, args: values as InValue[] };
    return (await (tx ?? client).execute(statement)).rows;
  }

  failure = sqliteFailure;

  /** Until the database has answered, everything is done so that it is right on any. */
  async #askDatabase(): Promise<void> {
    const { client } = this.#lane;
    try {
      const { rows } = await client.execute("select json_object('a',(select json_group_array(1)))");
      this.jsonPassesSelects = rows[0]?.[0] === '{"a":[1]}';
      if (!this.#readersWait) return;
      const journal = await client.execute("pragma journal_mode");
      this.#readersWait = !NO_WAITING.has(journal.rows[0]?.[0]);
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
  readonly #lane: Lane;
  #upgrading: Promise<void> | undefined;
  #leave: (() => void) | undefined;
  #closed = false;

  constructor(inner: Transaction, lane: Lane) {
    this.#inner = inner;
    this.#lane = lane;
  }

  async execute(statement: InStatement): ReturnType<Transaction["execute"]> {
    if (!isRead(statement)) await this.#upgrade();
    return this.#inner.execute(statement);
  }

  async batch(statements: InStatement[]): ReturnType<Transaction["batch"]> {
    if (!statements.every(isRead)) await this.#upgrade();
    return this.#inner.batch(statements);
  }

  executeMultiple(text: string): Promise<void> {
    return this.#inner.executeMultiple(text);
  }

  commit(): Promise<void> {
    return this.#inner.commit();
  }

  close(): void {
    this.#closed = true;
    this.#inner.close();
    this.#leave?.();
  }

  #upgrade(): Promise<void> {
    this.#upgrading ??= this.#restart();
    return this.#upgrading;
  }

  async #restart(): Promise<void> {
    if (this.#closed) throw new Error("the transaction has ended");
    this.#inner.close();
    const leave = await this.#lane.writers.enter();
    this.#leave = leave;
    try {
      if (!this.#closed) this.#inner = await this.#lane.begin();
    } finally {
      // What was closed meanwhile, by a hook that came too late, gives back what it has just got.
      if (this.#closed) {
        this.#inner.close();
        leave();
      }
    }
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
