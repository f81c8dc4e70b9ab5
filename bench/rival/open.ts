import { Database } from "bun:sqlite";
import { serializeWrites } from "@bepalo/query";
import { createClient } from "@libsql/client";
import { SQL } from "bun";
import { drizzle as overBun } from "drizzle-orm/bun-sqlite";
import { drizzle as overBunSQL } from "drizzle-orm/bun-sql";
import { drizzle as overLibsql } from "drizzle-orm/libsql";
import { drizzle as overNodePg } from "drizzle-orm/node-postgres";
import { drizzle as overPostgresJs } from "drizzle-orm/postgres-js";
import { Pool } from "pg";
import postgres from "postgres";
import * as postgresql from "../schema-postgresql.ts";
import * as sqlite from "../schema.ts";
import { type Driver, isPostgresql } from "./rival.ts";

/** The file as bun:sqlite opens it, with the foreign keys libsql checks by itself. */
export function openBun(file: string): Database {
  const database = new Database(file);
  database.run("pragma foreign_keys = on");
  return database;
}

/** The file as libsql opens it. */
export const openLibsql = (file: string) => createClient({ url: `file:${file}` });

/** The clients of PostgreSQL, each with ten connections, as they have by themselves. */
export const openBunSQL = (url: string) => new SQL(url);
export const openPostgresJs = (url: string) => postgres(url, { onnotice: () => undefined });
export const openNodePg = (url: string) => new Pool({ connectionString: url });

/** The tables of a driver's database; the type of SQLite's stands for both. */
export const tablesOf = (driver: Driver): typeof sqlite =>
  isPostgresql(driver) ? (postgresql as unknown as typeof sqlite) : sqlite;

/** The driver alone, under Drizzle. */
export function openDrizzle(driver: Driver, location: string) {
  // All drivers' databases have the same queries; the type of one stands for all.
  return overDriver(driver, location) as ReturnType<typeof libsqlDatabase>;
}

function overDriver(driver: Driver, location: string): object {
  switch (driver) {
    case "libsql":
      return libsqlDatabase(location);
    case "bun":
      return overBun(openBun(location), { schema: sqlite });
    case "bun-sql":
      return overBunSQL(openBunSQL(location), { schema: postgresql });
    case "postgres-js":
      return overPostgresJs(openPostgresJs(location), { schema: postgresql });
    case "node-postgres":
      return overNodePg(openNodePg(location), { schema: postgresql });
  }
}

/** As the manual opens a database: libsql's writers take turns. */
export function openInTurns(driver: Driver, location: string): object {
  return driver === "libsql"
    ? overLibsql(serializeWrites(openLibsql(location)), { schema: sqlite })
    : overDriver(driver, location);
}

const libsqlDatabase = (file: string) => overLibsql(openLibsql(file), { schema: sqlite });
