import type { Client, Transaction } from "@libsql/client";
import type { Leaving } from "../contract.ts";
import { Gate } from "../gate.ts";
import { retryWhileBusy } from "../sqlite/busy.ts";

/** The client of a file and the gate its writers pass; of an in-memory database, which is one connection, its readers too. */
export class WriterQueue {
  readonly client: Client;
  readonly writers: Gate = new Gate();
  #memory: Promise<boolean> | boolean | undefined;

  constructor(client: Client) {
    this.client = client;
    // Asked at once, before a transaction can hold the one connection of an in-memory database.
    this.#memory = this.#askMemory();
  }

  /** Runs what only reads: at once, or in memory when no transaction holds the connection. */
  async read<T>(work: () => Promise<T>, waitMs: number, leaving?: Leaving): Promise<T> {
    const memory = this.inMemory();
    return memory === true || (memory !== false && (await memory))
      ? this.writers.shared(work, waitMs, leaving)
      : work();
  }

  /** Begins a transaction that writes, waiting while another process holds the lock. */
  begin(waitMs: number): Promise<Transaction> {
    return this.#begin("rollback; begin immediate", waitMs);
  }

  /** Begins a transaction that reads, whose lock is taken at once, so that no statement it runs can end busy. */
  beginReading(waitMs: number): Promise<Transaction> {
    return this.#begin("select 1 from sqlite_master limit 1", waitMs);
  }

  /**
   * Never by a prepared statement: one that ends busy is not reset by the driver, and what its connection commits later
   * is lost without a word. `executeMultiple` leaves no statement behind.
   */
  #begin(text: string, waitMs: number): Promise<Transaction> {
    return retryWhileBusy(async () => {
      const transaction = await this.client.transaction("deferred");
      try {
        await transaction.executeMultiple(text);
        return transaction;
      } catch (error) {
        transaction.close();
        throw error;
      }
    }, waitMs);
  }

  /** Commits, waiting for readers of other processes where the file has no write-ahead log. */
  commit(transaction: Pick<Transaction, "executeMultiple">, waitMs: number): Promise<void> {
    return retryWhileBusy(() => transaction.executeMultiple("commit"), waitMs);
  }

  /** Runs work in a transaction that was begun, and ends that. */
  async run<Begun extends Pick<Transaction, "executeMultiple" | "close">, T>(
    transaction: Begun,
    work: (transaction: Begun) => Promise<T>,
    waitMs: number,
  ): Promise<T> {
    try {
      const result = await work(transaction);
      await this.commit(transaction, waitMs);
      return result;
    } finally {
      // Rolls back what was not committed, and minds nothing that the database has rolled back itself.
      transaction.close();
    }
  }

  /** Whether the database is in memory; asked of it once. */
  inMemory(): Promise<boolean> | boolean {
    this.#memory ??= this.#askMemory();
    return this.#memory;
  }

  async #askMemory(): Promise<boolean> {
    try {
      const { rows } = await this.client.execute("pragma database_list");
      this.#memory = rows.every((row) => row["file"] === "");
      return this.#memory;
    } catch {
      this.#memory = undefined; // a database that cannot be asked now is asked again
      return false;
    }
  }
}

const queues = new WeakMap<object, WriterQueue>();

/** Remembers whose queue a client is in. */
export const enterQueue = (client: Client, queue: WriterQueue): unknown => queues.set(client, queue);

/** The queue of a client: its own where `serializeWrites` made one, else a new one. */
export function queueOf(client: Client): WriterQueue {
  let queue = queues.get(client);
  if (queue === undefined) {
    queue = new WriterQueue(client);
    queues.set(client, queue);
  }
  return queue;
}
