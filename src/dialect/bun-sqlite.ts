import { SQLiteBunSession, SQLiteBunTransaction } from "drizzle-orm/bun-sqlite/session";
import type { Database, Dialect, DialectOptions } from "./dialect.ts";
import { Gate } from "./gate.ts";
import { retryWhileBusy, sqliteFailure } from "./sqlite.ts";

/** The part of bun:sqlite that is used here. */
interface Client {
  run(statement: string): unknown;
  prepare(text: string): Statement;
}

interface Statement {
  values(...values: readonly unknown[]): readonly ArrayLike<unknown>[];
  finalize(): void;
}

/** Statements kept prepared, the first made the first to go. */
const MAX_STATEMENTS = 256;

/**
 * bun:sqlite: one connection whose statements are synchronous. A statement of another request would fall inside an open
 * transaction, so a transaction passes the gate alone; and Drizzle's own transaction commits before an asynchronous
 * callback ends, so begin and commit are written out.
 */
export function openBunSqlite(database: Database, { busyTimeout }: DialectOptions): Dialect {
  const gate = new Gate(busyTimeout);
  const client = database.$client as Client;
  const statements = new Map<string, Statement>();
  const statementOf = (text: string): Statement => {
    let statement = statements.get(text);
    if (statement === undefined) {
      if (statements.size >= MAX_STATEMENTS) forgetOldest(statements);
      statements.set(text, (statement = client.prepare(text)));
    }
    return statement;
  };

  /** Enters alone with a transaction begun; while another process holds the lock, the others here may pass. */
  const begin = (statement: string): Promise<() => void> =>
    retryWhileBusy(async () => {
      const leave = await gate.enter();
      try {
        client.run(statement);
        return leave;
      } catch (error) {
        leave();
        throw error;
      }
    }, busyTimeout);

  const transaction: Dialect["transaction"] = async (mode, work) => {
    const leave = await begin(mode === "write" ? "begin immediate" : "begin");
    const lease = { open: true };
    try {
      const result = await work(leasedTransaction(database, client, lease));
      await retryWhileBusy(() => client.run("commit"), busyTimeout);
      return result;
    } catch (error) {
      rollback(client);
      throw error;
    } finally {
      lease.open = false;
      leave();
    }
  };

  return {
    name: "bun:sqlite",
    rowsAreCheap: true,
    jsonPassesSelects: false,
    read: (work) => retryWhileBusy(() => gate.shared(() => work(database)), busyTimeout),
    write: (work) => retryWhileBusy(() => gate.exclusive(() => work(database)), busyTimeout),
    transaction,
    query: async ({ session: { lease } }: { session: { lease?: Lease } }, text, values) => {
      if (lease?.open === false) throw ended();
      return statementOf(text).values(...values);
    },
    failure: sqliteFailure,
  };
}

/** Whether a transaction still runs. A hook that comes back too late must not write on the connection they all share. */
interface Lease {
  open: boolean;
}

const ended = (): Error => new Error("the transaction has ended");

function leasedTransaction({ dialect, session }: Database, client: Client, lease: Lease): Database {
  const leased = new Proxy(client, {
    get(target, key) {
      if (!lease.open) throw ended();
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  const inner = new SQLiteBunSession(leased as never, dialect, session.schema, { logger: session.logger });
  return new SQLiteBunTransaction("sync", dialect, Object.assign(inner, { lease }), session.schema);
}

function forgetOldest(statements: Map<string, Statement>): void {
  const [text, statement] = statements.entries().next().value!;
  statements.delete(text);
  statement.finalize();
}

/** Some errors have rolled the transaction back already; a second rollback is refused, and that is fine. */
function rollback(client: { run(statement: string): unknown }): void {
  try {
    client.run("rollback");
  } catch {
    // nothing is open any more
  }
}
