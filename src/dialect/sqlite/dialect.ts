import type { Database, Dialect, DialectOptions } from "../contract.ts";
import { Cache } from "../../cache.ts";
import { gateOf } from "../gate.ts";
import { retryWhileBusy } from "./busy.ts";
import { isUnsayable, sqliteFailure } from "./failure.ts";

/** The part of a synchronous driver's client that Drizzle's session needs. */
export interface SyncClient {
  readonly inTransaction: boolean;
  prepare(text: string): object;
}

/** A prepared statement of the engine's own. */
export interface SyncStatement {
  /** Runs it, values by number; rows answer by index. */
  rows(values: readonly unknown[]): readonly ArrayLike<unknown>[];
  finalize(): void;
}

/** What differs between drivers that have one connection, whose statements are synchronous. */
export interface SyncDriver {
  /** What all who use the connection have in common. */
  readonly connection: object;
  readonly client: SyncClient;
  /** The database whose statements go to the client. */
  readonly database: Database;
  readonly rowsAreCheap: boolean;
  readonly jsonPassesSelects: boolean;
  /** Runs a text that answers nothing. */
  run(text: string): unknown;
  prepare(text: string): SyncStatement;
  /** A Drizzle transaction, already begun, whose statements go to `client`. */
  transaction(client: SyncClient): Database;
}

/** Statements kept prepared, in each of two generations. */
const MAX_STATEMENTS = 200;

/**
 * One connection whose statements are synchronous. A statement of another request would fall inside an open transaction,
 * so a transaction passes the gate alone; and Drizzle's own transaction commits before an asynchronous callback ends, so
 * begin and commit are written out.
 */
export function syncDialect(driver: SyncDriver, { busyTimeout }: DialectOptions): Dialect {
  const { client, database } = driver;
  const gate = gateOf(driver.connection);
  const statements = new Cache<SyncStatement>(MAX_STATEMENTS, (statement) => statement.finalize());
  const statementOf = (text: string): SyncStatement => {
    let statement = statements.get(text);
    if (statement === undefined) statements.set(text, (statement = driver.prepare(text)));
    return statement;
  };

  /** Some errors have rolled back already. A connection that cannot be brought to rest must not be held by statements. */
  const rollback = (attempts = 3): void => {
    try {
      if (client.inTransaction) driver.run("rollback");
    } catch {
      if (attempts > 1) rollback(attempts - 1);
      else statements.clear();
    }
  };

  const pragma = (name: string): number => {
    const statement = driver.prepare(`pragma ${name}`);
    try {
      return Number(statement.rows([])[0]?.[0]);
    } finally {
      statement.finalize();
    }
  };
  /** How long the connection waits for a lock by itself, which stops the whole process. */
  const patience = (): number => pragma("busy_timeout");
  const waits = patience() > 0;

  /** Runs what may find the file locked without waiting for it: `retryWhileBusy` waits, and stops nobody. */
  const runAtOnce = (text: string): void => {
    if (!waits) return void driver.run(text);
    const milliseconds = patience();
    driver.run("pragma busy_timeout = 0");
    try {
      driver.run(text);
    } finally {
      driver.run(`pragma busy_timeout = ${milliseconds}`);
    }
  };

  /** Enters alone with a transaction begun; while another process holds the lock, the others here may pass. */
  const begin = (statement: string): Promise<() => void> =>
    retryWhileBusy(async () => {
      const leave = await gate.enter(busyTimeout);
      let others = false;
      try {
        others = client.inTransaction; // a transaction of the application's own is not ours to end
        runAtOnce(statement);
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
      const result = await work(leasedTransaction(driver, lease));
      await retryWhileBusy(() => runAtOnce("commit"), busyTimeout);
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
    speaks: "sqlite",
    door: gate,
    refers: pragma("foreign_keys") === 1,
    remote: false,
    rowsAreCheap: driver.rowsAreCheap,
    jsonPassesSelects: driver.jsonPassesSelects,
    read: (work) => retryWhileBusy(() => gate.shared(() => work(database), busyTimeout), busyTimeout),
    // Only what begins a transaction can be told not to wait.
    write: (work) =>
      waits
        ? transaction("write", work)
        : retryWhileBusy(() => gate.exclusive(() => work(database), busyTimeout), busyTimeout),
    transaction,
    query: async ({ session: { lease } }: { session: { lease?: Lease } }, text, values) => {
      if (lease?.open === false) throw ended();
      return statementOf(text).rows(values);
    },
    get prepared() {
      return statements.size;
    },
    failure: sqliteFailure,
    unsayable: isUnsayable,
    retryable: () => false,
    missesReference: () => false,
  };
}

/** Whether a transaction still runs. A hook that comes back too late must not write on the connection they all share. */
interface Lease {
  open: boolean;
}

const ended = (): Error => new Error("the transaction has ended");

function leasedTransaction(driver: SyncDriver, lease: Lease): Database {
  const transaction = driver.transaction(leased(driver.client, lease));
  Object.assign(transaction.session, { lease });
  return transaction;
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
