import type { Client, InStatement, InValue, Transaction } from "@libsql/client";
import { LibSQLSession, LibSQLTransaction } from "drizzle-orm/libsql/session";
import type { Database, Dialect, DialectOptions } from "./dialect.ts";
import { Semaphore } from "./gate.ts";
import { isRead, type Lane, laneOf } from "./libsql-lane.ts";
import { FileReader } from "./libsql-reader.ts";
import { isUnsayable, sqliteFailure } from "./sqlite.ts";

/**
 * Transactions hold a connection each, and the client has twenty by default and fails when all are taken: some are for
 * reads whose hooks may wait, some for reads that must only wait for a lock.
 */
const MAX_HOOKED = 12;
const MAX_GUARDED = 6;

/** libsql: files, memory and remote servers, through drizzle-orm/libsql. */
export function openLibsql(database: Database, options: DialectOptions): Dialect {
  return new Libsql(database, options);
}

class Libsql implements Dialect {
  readonly rowsAreCheap = false;
  /** Reads outside of transactions, where the file allows a connection of its own. */
  #reader: FileReader | undefined;
  jsonPassesSelects = false;
  /** Whether the file has no write-ahead log, as far as is known. */
  #readersWait: boolean;
  /** A remote server queues its writers itself. */
  readonly remote: boolean;
  readonly #lane: Lane;
  readonly #waitMs: number;
  readonly #database: Database;
  readonly #hooked = new Semaphore(MAX_HOOKED);
  readonly #guarded = new Semaphore(MAX_GUARDED);

  constructor(database: Database, { busyTimeout, ownConnection }: DialectOptions) {
    const client = database.$client as Client;
    this.#lane = laneOf(client);
    this.#waitMs = busyTimeout;
    // Turns are taken here, so statements go to the client behind the queue.
    this.#database = this.#lane.client === client ? database : overClient(database, this.#lane.client);
    this.remote = client.protocol !== "file";
    this.#readersWait = !this.remote;
    void this.#askDatabase(ownConnection);
  }

  get prepared(): number {
    return this.#reader?.size ?? 0;
  }

  read<T>(work: (database: Database) => Promise<T>): Promise<T> {
    if (this.#readersWait) return this.#readGuarded(work);
    return this.#lane.read(() => work(this.#database), this.#waitMs);
  }

  /** Without a write-ahead log a reader may find the file locked, and wait as a writer does. */
  async #readGuarded<T>(work: (database: Database) => Promise<T>): Promise<T> {
    if (await this.#lane.inMemory()) return this.#lane.read(() => work(this.#database), this.#waitMs);
    return this.#guarded.run(async () => {
      const transaction = await this.#lane.beginReading(this.#waitMs);
      try {
        return await work(overTransaction(this.#database, this.#lane.client, transaction));
      } finally {
        transaction.close();
      }
    }, this.#waitMs);
  }

  /**
   * A statement of its own is a transaction of its own on a server. Here another process may hold the lock, and the
   * client may fail to read what a statement returns once it is done; both want a transaction around it.
   */
  write<T>(work: (database: Database) => Promise<T>): Promise<T> {
    return this.remote ? work(this.#database) : this.transaction("write", work);
  }

  async transaction<T>(mode: "read" | "write", work: (transaction: Database) => Promise<T>): Promise<T> {
    const lane = this.#lane;
    const waitMs = this.#waitMs;
    if (this.remote) return this.#settle(await lane.begin(waitMs), work);
    if (mode === "write" || (await lane.inMemory())) {
      return lane.writers.exclusive(async () => this.#settle(await lane.begin(waitMs), work), waitMs);
    }
    return this.#hooked.run(async () => {
      const reading = new UpgradingTransaction(await lane.beginReading(waitMs), lane, waitMs);
      return this.#settle(reading, work);
    }, waitMs);
  }

  async query(
    database: Database,
    text: string,
    values: readonly unknown[],
  ): Promise<readonly ArrayLike<unknown>[]> {
    const { tx, client } = database.session as { tx?: Transaction; client: Client };
    const found = tx === undefined ? this.#reader?.query(text, values) : undefined;
    if (found !== undefined) return found;
    const statement = { sql: text, args: values as InValue[] };
    return (await (tx ?? client).execute(statement)).rows;
  }

  failure = sqliteFailure;
  unsayable = isUnsayable;

  /** Until the database has answered, everything is done so that it is right on any. */
  async #askDatabase(ownConnection: boolean): Promise<void> {
    const { client } = this.#lane;
    try {
      const { rows } = await client.execute("select json_object('a',(select json_group_array(1)))");
      this.jsonPassesSelects = rows[0]?.[0] === '{"a":[1]}';
      if (!this.#readersWait) return;
      const journal = await client.execute("pragma journal_mode");
      const mode = journal.rows[0]?.[0];
      this.#readersWait = mode !== "wal" && mode !== "memory";
      if (mode === "wal" && ownConnection) this.#reader = await FileReader.open(client);
    } catch {
      // a database that cannot be asked now is right as it is
    }
  }

  async #settle<T>(transaction: Settled, work: (tx: Database) => Promise<T>): Promise<T> {
    try {
      const result = await work(overTransaction(this.#database, this.#lane.client, transaction));
      await this.#lane.commit(transaction, this.#waitMs);
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
  readonly #waitMs: number;
  #upgrading: Promise<void> | undefined;
  #leave: (() => void) | undefined;
  #closed = false;

  constructor(inner: Transaction, lane: Lane, waitMs: number) {
    this.#inner = inner;
    this.#lane = lane;
    this.#waitMs = waitMs;
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
    try {
      this.#inner.close();
    } finally {
      this.#leave?.();
    }
  }

  #upgrade(): Promise<void> {
    this.#upgrading ??= this.#restart();
    return this.#upgrading;
  }

  async #restart(): Promise<void> {
    if (this.#closed) throw new Error("the transaction has ended");
    this.#inner.close();
    const leave = await this.#lane.writers.enter(this.#waitMs);
    this.#leave = leave;
    try {
      if (!this.#closed) this.#inner = await this.#lane.begin(this.#waitMs);
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
