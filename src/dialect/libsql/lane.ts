import type { Client, InArgs, InStatement, ResultSet, Transaction, TransactionMode } from "@libsql/client";
import { Gate } from "../gate.ts";
import { retryWhileBusy } from "../sqlite/busy.ts";

/** The client of a file and the gate its writers pass; of an in-memory database, which is one connection, its readers too. */
export class Lane {
  readonly client: Client;
  readonly writers: Gate = new Gate();
  #memory: Promise<boolean> | boolean | undefined;

  constructor(client: Client) {
    this.client = client;
    // Asked at once, before a transaction can hold the one connection of an in-memory database.
    this.#memory = this.#askMemory();
  }

  /** Runs what only reads: at once, or in memory when no transaction holds the connection. */
  async read<T>(work: () => Promise<T>, waitMs: number): Promise<T> {
    const memory = this.inMemory();
    return memory === true || (memory !== false && (await memory))
      ? this.writers.shared(work, waitMs)
      : work();
  }

  /**
   * Begins a transaction that writes, waiting while another process holds the lock.
   *
   * Never by a prepared statement: one that ends busy is not reset by the driver, and what its connection commits later
   * is lost without a word. `executeMultiple` leaves no statement behind.
   */
  begin(waitMs: number): Promise<Transaction> {
    return retryWhileBusy(async () => {
      const transaction = await this.client.transaction("deferred");
      try {
        await transaction.executeMultiple("rollback; begin immediate");
        return transaction;
      } catch (error) {
        transaction.close();
        throw error;
      }
    }, waitMs);
  }

  /** Begins a transaction that reads; its lock, too, is taken by text, so that no statement it runs can end busy. */
  beginReading(waitMs: number): Promise<Transaction> {
    return retryWhileBusy(async () => {
      const transaction = await this.client.transaction("deferred");
      try {
        await transaction.executeMultiple("select 1 from sqlite_master limit 1");
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

  /** Runs one statement, or several, in a transaction of their own that writes. */
  async writing<T>(work: (transaction: Transaction) => Promise<T>, waitMs: number): Promise<T> {
    const transaction = await this.begin(waitMs);
    try {
      const result = await work(transaction);
      await this.commit(transaction, waitMs);
      return result;
    } finally {
      transaction.close(); // rolls back what was not committed
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

const lanes = new WeakMap<object, Lane>();

/** The lane of a client: its own where `serializeWrites` made one, else a new one. */
export function laneOf(client: Client): Lane {
  let lane = lanes.get(client);
  if (lane === undefined) {
    lane = new Lane(client);
    lanes.set(client, lane);
  }
  return lane;
}

/** Whether a statement only reads; `with` may write, so it counts as a write. */
export function isRead(statement: InStatement | string): boolean {
  return /^\s*(select|explain|values)\b/i.test(textOf(statement));
}

/** The client of a file whose writers pass the gate of its lane; any other as it is. */
export function takeTurns(client: Client, waitMs: number): Client {
  if (client.protocol !== "file") return client;
  const lane = new Lane(client);
  const turn = <T>(work: () => Promise<T>): Promise<T> => lane.writers.exclusive(work, waitMs);
  const taking: Partial<Client> = {
    execute: (statement: InStatement | string, args?: InArgs): Promise<ResultSet> => {
      const run = (): Promise<ResultSet> => client.execute(statement as string, args);
      if (isRead(statement)) return lane.read(run, waitMs);
      // A pragma, or what makes a table, minds its own transaction.
      const changes = /^\s*(insert|update|delete|replace|with)\b/i.test(textOf(statement));
      return turn(
        changes
          ? () => lane.writing((transaction) => transaction.execute(statementOf(statement, args)), waitMs)
          : run,
      );
    },
    batch: (statements, mode) => {
      if (mode === "read") return lane.read(() => client.batch(statements, mode), waitMs);
      const list = statements.map((statement) =>
        Array.isArray(statement) ? statementOf(...statement) : statement,
      );
      return turn(() => lane.writing((transaction) => transaction.batch(list), waitMs));
    },
    migrate: (statements) => turn(() => client.migrate(statements)),
    executeMultiple: (text) => turn(() => client.executeMultiple(text)),
    transaction: async (mode: TransactionMode = "write") =>
      mode === "read" && !(await lane.inMemory()) ? client.transaction(mode) : writeTransaction(lane, waitMs),
  };
  const serialized = overlay(client, taking);
  lanes.set(serialized, lane);
  return serialized;
}

const textOf = (statement: InStatement | string): string =>
  typeof statement === "string" ? statement : statement.sql;

const statementOf = (statement: InStatement | string, args?: InArgs): InStatement =>
  typeof statement === "string" ? { sql: statement, args: args ?? [] } : statement;

/** A transaction that writes, in its turn, which ends when it is settled. */
export async function writeTransaction(lane: Lane, waitMs: number): Promise<Transaction> {
  const leave = await lane.writers.enter(waitMs);
  let transaction: Transaction;
  try {
    transaction = await lane.begin(waitMs);
  } catch (error) {
    leave();
    throw error;
  }
  const close = (): void => {
    try {
      transaction.close();
    } finally {
      leave();
    }
  };
  return overlay(transaction, {
    close,
    commit: async () => {
      try {
        await lane.commit(transaction, waitMs);
      } finally {
        close();
      }
    },
    rollback: async () => close(),
  });
}

/** An object with some members replaced; the others keep their own `this`, which private members need. */
function overlay<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get(_, key) {
      if (Object.hasOwn(members, key)) return members[key as keyof T];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
