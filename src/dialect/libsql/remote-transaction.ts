import type { InStatement, ResultSet, Transaction, TransactionMode } from "@libsql/client";
import { committed, reached } from "./failure.ts";
import type { LibsqlTransaction } from "./transaction.ts";

/**
 * A transaction on a server, which may end it by itself: when it has held the lock for too long, or begins anew. What
 * comes next on the same stream would be a transaction of its own, so after an error the server is asked first.
 */
export class RemoteTransaction implements LibsqlTransaction {
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
