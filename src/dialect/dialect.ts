import { entityKind } from "drizzle-orm";
import type { QueryError } from "../error.ts";
import { openBunSqlite } from "./bun-sqlite.ts";
import { openLibsql } from "./libsql.ts";

export { serializeWrites, type SerializeOptions } from "./libsql-lane.ts";

/** A Drizzle database, or a transaction of one. */
// Drizzle's own types differ per driver; this is its border.
// oxlint-disable-next-line typescript/no-explicit-any
export type Database = any;

/** What differs between databases and drivers, bound to one database. */
export interface Dialect {
  /** Runs statements that only read; where every transaction has the one connection, when none is open. */
  read<T>(work: (database: Database) => Promise<T>): Promise<T>;
  /** Runs one statement that writes, in its turn. */
  write<T>(work: (database: Database) => Promise<T>): Promise<T>;
  /**
   * Runs `work` in a transaction: committed when it ends, rolled back when it throws. One that is meant to read takes
   * no write lock until something in it writes.
   */
  transaction<T>(mode: "read" | "write", work: (transaction: Database) => Promise<T>): Promise<T>;
  /** Whether statements run on another machine, so that they can be given up. */
  readonly remote: boolean;
  /** Whether rows cost less than JSON made by the database. */
  readonly rowsAreCheap: boolean;
  /** Whether JSON made in a sub-select is still known as JSON outside of it. */
  readonly jsonPassesSelects: boolean;
  /** Runs one statement on a database or a transaction, values by number; rows answer by index. */
  query(database: Database, text: string, values: readonly unknown[]): Promise<readonly ArrayLike<unknown>[]>;
  /** How many statements are kept prepared. */
  readonly prepared: number;
  /** Whether a read failed for a value it met, so that another way of reading may answer. */
  unsayable(error: unknown): boolean;
  /** What an error of the driver means to a client; `undefined` where it means a fault of ours. */
  failure(error: unknown): QueryError | undefined;
}

/** How an engine may use its database. */
export interface DialectOptions {
  /** How long a write waits for its turn and for locks of other processes, in milliseconds. */
  readonly busyTimeout: number;
  /** Whether reads may have a connection of their own, where the driver's costs more than it should. */
  readonly ownConnection: boolean;
}

const OPENERS: ReadonlyMap<string, (database: Database, options: DialectOptions) => Dialect> = new Map([
  ["LibSQLDatabase", openLibsql],
  ["BunSQLiteDatabase", openBunSqlite],
]);

/**
 * Finds the dialect of a Drizzle database.
 *
 * @throws Error at start for a database that is not supported.
 */
export function detectDialect(database: Database, options: DialectOptions): Dialect {
  for (let type = database?.constructor; typeof type === "function"; type = Object.getPrototypeOf(type)) {
    const open = OPENERS.get(String(type[entityKind]));
    if (open !== undefined) return open(database, options);
  }
  const name = String(database?.constructor?.[entityKind] ?? typeof database);
  throw new Error(
    `\`${name}\` is not a supported database: use drizzle-orm/libsql or drizzle-orm/bun-sqlite`,
  );
}
