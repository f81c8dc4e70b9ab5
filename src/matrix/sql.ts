import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import { SQLiteSyncDialect } from "drizzle-orm/sqlite-core";
import type { DatabaseKind } from "../schema/schema.ts";
import { pathOf } from "./record.ts";

/** Writes what stands in the place of a value. */
export type WriteValue = (value: unknown) => string;

/** A value as a reader of rules is shown it: by the path it is read by, else as it is. */
export function shown(value: unknown): string {
  const path = pathOf(value);
  if (path !== undefined) return `:${path}`;
  if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`;
  if (value instanceof Date) return `'${value.toISOString()}'`;
  if (value instanceof Uint8Array) return "<bytes>";
  return typeof value === "object" && value !== null ? `'${JSON.stringify(value)}'` : String(value);
}

class SQLiteWriter extends SQLiteSyncDialect {
  readonly #write: WriteValue;
  constructor(write: WriteValue) {
    super();
    this.#write = write;
    // It is handed on by itself.
    this.escapeParam = (_: number, value?: unknown) => this.#write(value);
  }
}

class PostgresqlWriter extends PgDialect {
  readonly #write: WriteValue;
  constructor(write: WriteValue) {
    super();
    this.#write = write;
    this.escapeParam = (_: number, value?: unknown) => this.#write(value);
  }
}

/** A piece of SQL as text, for people: it runs nowhere. */
export function writeSQL(sql: SQL, database: DatabaseKind, write: WriteValue = shown): string {
  const writer = database === "sqlite" ? new SQLiteWriter(write) : new PostgresqlWriter(write);
  return writer.sqlToQuery(sql).sql.replaceAll(/\s+/g, " ").trim();
}
