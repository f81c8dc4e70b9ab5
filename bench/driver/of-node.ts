// The drivers on Node.
import { betterSqlite3 } from "./better-sqlite3.ts";
import type { Opener } from "./contract.ts";
import { libsql } from "./libsql.ts";
import { nodePostgres } from "./node-postgres.ts";
import { postgresJs } from "./postgres-js.ts";

export const openers: Readonly<Record<string, Opener>> = {
  libsql,
  "better-sqlite3": betterSqlite3,
  "postgres-js": postgresJs,
  "node-postgres": nodePostgres,
};
