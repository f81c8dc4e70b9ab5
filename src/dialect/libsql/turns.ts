import type { Client, InArgs, InStatement, ResultSet, Transaction, TransactionMode } from "@libsql/client";
import { enterQueue, WriterQueue } from "./writer-queue.ts";
import { overlay } from "./overlay.ts";
import { isChange, isRead, statementOf } from "./statement.ts";

/** The client of a file whose writers wait in its queue; any other as it is. */
export function takeTurns(client: Client, waitMs: number): Client {
  if (client.protocol !== "file") return client;
  const queue = new WriterQueue(client);
  const turn = <T>(work: () => Promise<T>): Promise<T> => queue.writers.exclusive(work, waitMs);
  const writing = <T>(work: (transaction: Transaction) => Promise<T>): Promise<T> =>
    turn(async () => queue.run(await queue.begin(waitMs), work, waitMs));
  const serialized = overlay(client, {
    execute: (statement: InStatement | string, args?: InArgs): Promise<ResultSet> => {
      const run = (): Promise<ResultSet> => client.execute(statement as string, args);
      if (isRead(statement)) return queue.read(run, waitMs);
      // A pragma, or what makes a table, minds its own transaction.
      if (!isChange(statement)) return turn(run);
      return writing((transaction) => transaction.execute(statementOf(statement, args)));
    },
    batch: (statements, mode) => {
      if (mode === "read") return queue.read(() => client.batch(statements, mode), waitMs);
      const list = statements.map((one) => (Array.isArray(one) ? statementOf(...one) : one));
      return writing((transaction) => transaction.batch(list));
    },
    migrate: (statements) => turn(() => client.migrate(statements)),
    executeMultiple: (text) => turn(() => client.executeMultiple(text)),
    transaction: async (mode: TransactionMode = "write") =>
      mode === "read" && !(await queue.inMemory())
        ? client.transaction(mode)
        : writeTransaction(queue, waitMs),
  });
  enterQueue(serialized, queue);
  return serialized;
}

/** A transaction that writes, in its turn, which ends when it is settled. */
export async function writeTransaction(queue: WriterQueue, waitMs: number): Promise<Transaction> {
  const leave = await queue.writers.enter(waitMs);
  let transaction: Transaction;
  try {
    transaction = await queue.begin(waitMs);
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
        await queue.commit(transaction, waitMs);
      } finally {
        close();
      }
    },
    rollback: async () => close(),
  });
}
