import type { InStatement, Transaction } from "@libsql/client";
import { isRead } from "./statement.ts";

/** What is used of a transaction. */
export type LibsqlTransaction = Pick<
  Transaction,
  "execute" | "batch" | "executeMultiple" | "commit" | "close"
>;

/**
 * A transaction that reads until something in it writes. Then it starts over as a writer, in its turn: what was read
 * before stays read, nothing was written that could be lost.
 */
export class UpgradingTransaction implements LibsqlTransaction {
  #inner: LibsqlTransaction;
  readonly #begin: () => Promise<LibsqlTransaction>;
  readonly #running = new Set<Promise<unknown>>();
  #upgrading: Promise<void> | undefined;
  #closed = false;

  /** `begin` begins the writer. */
  constructor(inner: LibsqlTransaction, begin: () => Promise<LibsqlTransaction>) {
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
