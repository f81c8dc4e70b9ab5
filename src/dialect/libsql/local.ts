import type { Client, InValue, Transaction } from "@libsql/client";
import type { Bound, Database, Dialect, DialectOptions, Door, Leaving, ResultRows } from "../contract.ts";
import { openLane } from "../lane/lane.ts";
import { Semaphore } from "../semaphore.ts";
import { isUnsayable, sqliteFailure } from "../sqlite/failure.ts";
import { JSON_PROBE, jsonPassesSelects } from "../sqlite/json.ts";
import { queueOf, type WriterQueue } from "./writer-queue.ts";
import { ForeignCommits } from "./foreign-commits.ts";
import { planElsewhere } from "./plan.ts";
import { FileReader } from "./reader.ts";
import { overClient, overTransaction } from "./session.ts";
import { type LibsqlTransaction, UpgradingTransaction } from "./transaction.ts";
import { writeTransaction } from "./turns.ts";
import { FileWriter } from "./writer.ts";

/**
 * Transactions hold a connection each, and the client has twenty by default and fails when all are taken: some are for
 * reads whose hooks may wait, some for reads that must only wait for a lock.
 */
const MAX_HOOKED = 12;
const MAX_GUARDED = 6;

/** A file or memory in this process. */
export class LocalLibsql implements Dialect {
  readonly speaks = "sqlite";
  /** libSQL is built so that every connection begins with them. */
  readonly refers = true;
  readonly remote = false;
  readonly rowsAreCheap = false;
  /** Whether others use the client as it is, and so do not wait for their turn. */
  readonly #bare: boolean;
  /** Reads outside of transactions, where the file allows a connection of its own. */
  #reader: FileReader | undefined;
  /** Transactions that write, where the file allows a connection of their own. */
  #writer: FileWriter | undefined;
  jsonPassesSelects = false;
  lane: Dialect["lane"];
  /** Whether the file has no write-ahead log, as far as is known. */
  #readersWait = true;
  readonly #queue: WriterQueue;
  readonly #waitMs: number;
  readonly #database: Database;
  readonly #hooked = new Semaphore(MAX_HOOKED);
  readonly #guarded = new Semaphore(MAX_GUARDED);
  readonly #hookedBounds: readonly Bound[] = [{ size: MAX_HOOKED }];
  readonly #guardedBounds: readonly Bound[] = [{ size: MAX_GUARDED }];
  readonly #ownConnection: boolean;
  readonly #asked: Promise<void>;
  /** Tells the commits of others, where somebody wants to know. */
  #commits: ForeignCommits | undefined;

  constructor(database: Database, options: DialectOptions) {
    const client = database.$client as Client;
    this.#queue = queueOf(client);
    this.#waitMs = options.busyTimeout;
    this.#bare = this.#queue.client === client;
    // Turns are taken here, so statements go to the client behind the queue.
    this.#database = overClient(database, this.#queue.client);
    this.#ownConnection = options.ownConnection;
    this.#asked = this.#askDatabase(options);
  }

  get door(): Door | undefined {
    return this.#bare && this.#queue.inMemory() !== false ? this.#queue.writers : undefined;
  }

  get prepared(): number {
    return (this.#reader?.size ?? 0) + (this.#writer?.size ?? 0);
  }

  async watch(): Promise<(() => boolean) | undefined> {
    if (!this.#ownConnection) return undefined;
    await this.#asked;
    const reader = this.#reader ?? (await FileReader.open(this.#queue.client));
    const commits = (this.#commits ??= reader && new ForeignCommits(reader, this.#writer));
    return commits && (() => commits.take());
  }

  bounds(mode: "read" | "write", transaction: boolean): readonly Bound[] | undefined {
    const memory = this.#queue.inMemory() === true;
    if (mode === "write" || (transaction && memory)) return this.#queue.writers.bounds;
    if (transaction) return this.#hookedBounds;
    return this.#readersWait && !memory ? this.#guardedBounds : undefined;
  }

  read<T>(work: (database: Database) => Promise<T>, leaving?: Leaving): Promise<T> {
    if (this.#readersWait) return this.#readGuarded(work, leaving);
    return this.#queue.read(() => work(this.#database), this.#waitMs, leaving);
  }

  /** Without a write-ahead log a reader may find the file locked, and wait as a writer does. */
  async #readGuarded<T>(work: (database: Database) => Promise<T>, leaving?: Leaving): Promise<T> {
    if (await this.#queue.inMemory())
      return this.#queue.read(() => work(this.#database), this.#waitMs, leaving);
    return this.#guarded.run(async () => {
      const transaction = await this.#queue.beginReading(this.#waitMs);
      try {
        return await work(overTransaction(this.#database, this.#queue.client, transaction));
      } finally {
        transaction.close();
      }
    }, this.#waitMs);
  }

  /**
   * Another process may hold the lock, and the client may fail to read what a statement returns once it is done; both
   * want a transaction around it.
   */
  write<T>(work: (database: Database) => Promise<T>): Promise<T> {
    return this.transaction("write", work);
  }

  async transaction<T>(mode: "read" | "write", work: (transaction: Database) => Promise<T>): Promise<T> {
    const queue = this.#queue;
    const waitMs = this.#waitMs;
    if (mode === "write" || (await queue.inMemory())) {
      return queue.writers.exclusive(async () => this.#write(await this.#begin(), work), waitMs);
    }
    return this.#hooked.run(async () => {
      const reading = new UpgradingTransaction(await queue.beginReading(waitMs), () =>
        writeTransaction(queue, waitMs),
      );
      return this.#run(reading, work);
    }, waitMs);
  }

  async query(database: Database, text: string, values: readonly unknown[]): Promise<ResultRows> {
    const { tx, client } = database.session as { tx?: Transaction; client: Client };
    const found = tx === undefined ? this.#reader?.query(text, values) : undefined;
    if (found !== undefined) return found;
    const statement = { sql: text, args: values as InValue[] };
    return (await (tx ?? client).execute(statement)).rows;
  }

  plan(text: string, values: readonly unknown[]): Promise<ResultRows | undefined> {
    const ask = (question: string): Promise<ResultRows> =>
      this.#queue.read(async () => (await this.#queue.client.execute(question)).rows, this.#waitMs);
    return planElsewhere(ask, text, values);
  }

  readonly failure: Dialect["failure"] = sqliteFailure;
  readonly unsayable: Dialect["unsayable"] = isUnsayable;
  retryable = (): boolean => false;
  missesReference = (): boolean => false;

  /** Until the database has answered, everything is done so that it is right on any. */
  async #askDatabase(options: DialectOptions): Promise<void> {
    const { client } = this.#queue;
    try {
      this.jsonPassesSelects = jsonPassesSelects((await client.execute(JSON_PROBE)).rows);
      const journal = await client.execute("pragma journal_mode");
      const mode = journal.rows[0]?.[0];
      this.#readersWait = mode !== "wal" && mode !== "memory";
      if (mode !== "wal") return;
      if (options.ownConnection) {
        this.#reader = await FileReader.open(client);
        this.#writer = await FileWriter.open(client);
      }
      await this.#openLane(options);
    } catch {
      // a database that cannot be asked now is right as it is
    }
  }

  /** Compared with what reads outside of transactions: an author who wants no connection beside his has to open it. */
  async #openLane(options: DialectOptions): Promise<void> {
    const { client } = this.#queue;
    if (!options.ownConnection && (options.lane === false || options.lane.open === undefined)) return;
    const ask = async (text: string): Promise<ResultRows> =>
      this.#reader?.query(text, []) ?? (await client.execute(text)).rows;
    this.lane = await openLane({ driver: "libsql", ask, closed: () => client.closed }, options);
  }

  /** Begins a transaction that writes, in its turn. */
  #begin(): Promise<Transaction> {
    const writer = this.#writer?.usable === true ? this.#writer : this.#queue;
    return writer.begin(this.#waitMs);
  }

  /** The same in one that has the lock: from its end to its commit nobody else can commit. */
  async #write<T>(transaction: LibsqlTransaction, work: (tx: Database) => Promise<T>): Promise<T> {
    const commits = this.#commits;
    if (commits === undefined) return this.#run(transaction, work);
    const result = await this.#run(transaction, async (tx) => {
      const made = await work(tx);
      commits.before();
      return made;
    });
    commits.after();
    return result;
  }

  /** Runs work in a transaction that was begun, as Drizzle has it. */
  #run<T>(transaction: LibsqlTransaction, work: (tx: Database) => Promise<T>): Promise<T> {
    const queue = this.#queue;
    const inner = (): Promise<T> => work(overTransaction(this.#database, queue.client, transaction));
    return queue.run(transaction, inner, this.#waitMs);
  }
}
