// The drivers on Bun.
import { bunSql } from "./bun-sql.ts";
import { bunSqlite } from "./bun-sqlite.ts";
import type { Opener } from "./contract.ts";
import { libsql } from "./libsql.ts";
import { nodePostgres } from "./node-postgres.ts";
import { postgresJs } from "./postgres-js.ts";

export const openers: Readonly<Record<string, Opener>> = {
  libsql,
  bun: bunSqlite,
  "bun-sql": bunSql,
  "postgres-js": postgresJs,
  "node-postgres": nodePostgres,
};
