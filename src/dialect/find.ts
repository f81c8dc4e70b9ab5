import { entityKind } from "drizzle-orm";
import type { Database, Dialect, DialectOptions, OpenDialect } from "./contract.ts";
import { openLibsql } from "./libsql/dialect.ts";
import { openBunSQL, openNodePg, openPglite, openPostgresJs } from "./postgresql/dialect.ts";
import { isReplicated, Replicas } from "./replicas.ts";
import { openBetterSqlite } from "./sqlite/better-sqlite3.ts";
import { openBunSqlite } from "./sqlite/bun-sqlite.ts";

const OPENERS: ReadonlyMap<string, (database: Database, options: DialectOptions) => Dialect> = new Map([
  ["LibSQLDatabase", openLibsql],
  ["BunSQLiteDatabase", openBunSqlite],
  ["BetterSQLite3Database", openBetterSqlite],
  ["BunSQLDatabase", openBunSQL],
  ["PostgresJsDatabase", openPostgresJs],
  ["NodePgDatabase", openNodePg],
  ["PgliteDatabase", openPglite],
]);

const SUPPORTED =
  "use drizzle-orm/libsql, drizzle-orm/bun-sqlite, drizzle-orm/better-sqlite3, drizzle-orm/bun-sql, drizzle-orm/postgres-js, drizzle-orm/node-postgres or drizzle-orm/pglite";

/** Drizzle's databases that are left out for a reason one should know, by the kind of all of their drivers. */
const LEFT_OUT: ReadonlyMap<string, string> = new Map([
  [
    "MySqlDatabase",
    "MySQL and MariaDB have no `returning`, and Drizzle's nested relational queries break there",
  ],
  ["SingleStoreDatabase", "SingleStore has no `returning`"],
  ["GelDatabase", "Gel keeps its schema in a language of its own"],
  ["PgDatabase", "this driver of PostgreSQL is not known to hold a transaction on one connection"],
  ["BaseSQLiteDatabase", "this driver of SQLite is not known to hold a transaction on one connection"],
]);

/** The dialect an author has made, or else that of the database. */
export function openDialect(database: Database, options: DialectOptions, own?: OpenDialect): Dialect {
  const found = (): Dialect => detectDialect(database, options);
  return own === undefined ? found() : own(options, found);
}

/**
 * Finds the dialect of a Drizzle database, or of a primary and its replicas.
 *
 * @throws Error at start for a database that is not supported.
 */
function detectDialect(database: Database, options: DialectOptions): Dialect {
  if (isReplicated(database)) return new Replicas(database, (one) => detectDialect(one, options));
  const kinds = kindsOf(database);
  const opener = kinds.find((kind) => OPENERS.has(kind));
  if (opener !== undefined) return OPENERS.get(opener)!(database, options);
  const name = kinds[0] ?? typeof database;
  const reason = kinds.map((kind) => LEFT_OUT.get(kind)).find(Boolean);
  throw new Error(
    `\`${name}\` is not a supported database: ${reason === undefined ? "" : `${reason}; `}${SUPPORTED}`,
  );
}

/** What Drizzle calls a database, and what that is made of. */
function kindsOf(database: Database): readonly string[] {
  const kinds: string[] = [];
  for (let type = database?.constructor; typeof type === "function"; type = Object.getPrototypeOf(type))
    if (Object.hasOwn(type, entityKind)) kinds.push(String(type[entityKind]));
  return kinds;
}
