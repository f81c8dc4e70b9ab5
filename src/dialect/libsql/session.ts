import type { Client, InArgs, InStatement, InValue, Transaction } from "@libsql/client";
import { LibSQLSession, LibSQLTransaction } from "drizzle-orm/libsql/session";
import type { Database } from "../contract.ts";
import { presentValues } from "../value.ts";
import { isRead } from "./lane.ts";

/** What is used of a transaction. */
export type Settled = Pick<Transaction, "execute" | "batch" | "executeMultiple" | "commit" | "close">;

/** The same Drizzle database over another client. */
export function overClient(database: Database, client: Pick<Client, "execute">): Database {
  const { dialect, session } = database;
  const present = taking(client) as Client;
  const inner = new LibSQLSession(present, dialect, session.schema, session.options, undefined);
  return new database.constructor("async", dialect, inner, session.schema);
}

/** What runs statements, and takes `undefined` for null; the driver refuses it. */
function taking(runner: Pick<Client, "execute">): Pick<Client, "execute"> {
  return {
    execute: (statement: InStatement | string, args?: InArgs) => {
      if (typeof statement === "string") return runner.execute(statement, args);
      const values = statement.args;
      if (!Array.isArray(values)) return runner.execute(statement);
      return runner.execute({ ...statement, args: presentValues(values) as InValue[] });
    },
  };
}

/** A Drizzle transaction, already begun, whose statements go to `transaction`. */
export function overTransaction(database: Database, client: Client, transaction: Settled): Database {
  const { dialect, session } = database;
  const inner = new LibSQLSession(
    client,
    dialect,
    session.schema,
    session.options,
    taking(transaction) as Transaction,
  );
  return new LibSQLTransaction("async", dialect, inner, session.schema);
}

/**
 * A transaction that reads until something in it writes. Then it starts over as a writer, in its turn: what was read
 * before stays read, nothing was written that could be lost.
 */
export class UpgradingTransaction implements Settled {
  #inner: Settled;
  readonly #begin: () => Promise<Settled>;
  readonly #running = new Set<Promise<unknown>>();
  #upgrading: Promise<void> | undefined;
  #closed = false;

  /** `begin` begins the writer. */
  constructor(inner: Settled, begin: () => Promise<Settled>) {
    this.#inner = inner;
    this.#begin = begin;
  }

  execute(statement: InStatement): ReturnType<Transaction["execute"]> {
    return this.#run(isRead(statement), () => this.#inner.execute(statement));
  }

  batch(statements: InStatement[]): ReturnType<Transaction["batch"]> {
    return this.#run(statements.every(isRead), () => this.#inner.batch(statements));
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
  }

  /** Statements may be asked at once, and none must meet the end of what it began in. */
  async #run<T>(reads: boolean, work: () => Promise<T>): Promise<T> {
    if (!reads) this.#upgrading ??= this.#restart();
    if (this.#upgrading !== undefined) await this.#upgrading;
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #restart(): Promise<void> {
    await Promise.allSettled(this.#running);
    if (this.#closed) throw new Error("the transaction has ended");
    this.#inner.close();
    this.#inner = await this.#begin();
    // What was closed meanwhile, by a hook that came too late, gives back what it has just got.
    if (this.#closed) this.#inner.close();
  }
}
