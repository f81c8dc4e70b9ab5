import { SQLiteBunSession, SQLiteBunTransaction } from "drizzle-orm/bun-sqlite/session";
import type { Database, Dialect, DialectOptions } from "./dialect.ts";
import { Cache } from "../cache.ts";
import { Gate } from "./gate.ts";
import { isUnsayable, retryWhileBusy, sqliteFailure } from "./sqlite.ts";

/** The part of bun:sqlite that is used here. */
interface Client {
  readonly inTransaction: boolean;
  run(statement: string): unknown;
  prepare(text: string): Statement;
}

interface Statement {
  values(...values: readonly unknown[]): readonly ArrayLike<unknown>[];
  finalize(): void;
}

/** Statements kept prepared, in each of two generations. */
const MAX_STATEMENTS = 200;

/**
 * bun:sqlite: one connection whose statements are synchronous. A statement of another request would fall inside an open
 * transaction, so a transaction passes the gate alone; and Drizzle's own transaction commits before an asynchronous
 * callback ends, so begin and commit are written out.
 */
export function openBunSqlite(database: Database, { busyTimeout }: DialectOptions): Dialect {
  const gate = new Gate();
  const client = database.$client as Client;
  const statements = new Cache<Statement>(MAX_STATEMENTS, (statement) => statement.finalize());
  const statementOf = (text: string): Statement => {
    let statement = statements.get(text);
    if (statement === undefined) statements.set(text, (statement = client.prepare(text)));
    return statement;
  };

  /** Some errors have rolled back already. A connection that cannot be brought to rest must not be held by statements. */
  const rollback = (attempts = 3): void => {
    try {
      if (client.inTransaction) client.run("rollback");
    } catch {
      if (attempts > 1) rollback(attempts - 1);
      else statements.clear();
    }
  };

  /** Enters alone with a transaction begun; while another process holds the lock, the others here may pass. */
  const begin = (statement: string): Promise<() => void> =>
    retryWhileBusy(async () => {
      const leave = await gate.enter(busyTimeout);
      let others = false;
      try {
        others = client.inTransaction; // a transaction of the application's own is not ours to end
        client.run(statement);
        return leave;
      } catch (error) {
        if (!others) rollback();
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
      rollback();
      throw error;
    } finally {
      lease.open = false;
      leave();
    }
  };

  return {
    remote: false,
    rowsAreCheap: true,
    jsonPassesSelects: false,
    read: (work) => retryWhileBusy(() => gate.shared(() => work(database), busyTimeout), busyTimeout),
    write: (work) => retryWhileBusy(() => gate.exclusive(() => work(database), busyTimeout), busyTimeout),
    transaction,
    query: async ({ session: { lease } }: { session: { lease?: Lease } }, text, values) => {
      if (lease?.open === false) throw ended();
      return statementOf(text).values(...values);
    },
    get prepared() {
      return statements.size;
    },
    failure: sqliteFailure,
    unsayable: isUnsayable,
  };
}

/** Whether a transaction still runs. A hook that comes back too late must not write on the connection they all share. */
interface Lease {
  open: boolean;
}

const ended = (): Error => new Error("the transaction has ended");

function leasedTransaction({ dialect, session }: Database, client: Client, lease: Lease): Database {
  const inner = new SQLiteBunSession(leased(client, lease) as never, dialect, session.schema, {
    logger: session.logger,
  });
  return new SQLiteBunTransaction("sync", dialect, Object.assign(inner, { lease }), session.schema);
}

/** An object that works while the lease is open, and whose statements do. */
function leased<T extends object>(target: T, lease: Lease): T {
  return new Proxy(target, {
    get(_, key) {
      if (!lease.open) throw ended();
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...parameters: unknown[]) => {
        if (!lease.open) throw ended();
        const answer: unknown = value.apply(target, parameters);
        return key === "prepare" || key === "query" ? leased(answer as object, lease) : answer;
      };
    },
  });
}
