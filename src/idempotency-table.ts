import { index as pgIndex, type PgColumn, pgTable, type PgTableWithColumns } from "drizzle-orm/pg-core";
import { primaryKey as pgKey, text as pgText, timestamp } from "drizzle-orm/pg-core";
import {
  index,
  integer,
  primaryKey,
  type SQLiteColumn,
  sqliteTable,
  type SQLiteTableWithColumns,
  text,
} from "drizzle-orm/sqlite-core";

// Aliases, which are written out where a type of an author's mentions them.
/** What the types of all columns say alike. */
type Plain<Table extends string, Name extends string, NotNull extends boolean> = {
  name: Name;
  tableName: Table;
  notNull: NotNull;
  hasDefault: false;
  isPrimaryKey: false;
  isAutoincrement: false;
  hasRuntimeDefault: false;
  baseColumn: never;
  identity: undefined;
  generated: undefined;
};

interface Text {
  dataType: "string";
  data: string;
  driverParam: string;
  enumValues: [string, ...string[]];
}

type Moment = {
  dataType: "date";
  data: Date;
  enumValues: undefined;
};

type SQLiteText<Table extends string, Name extends string, NotNull extends boolean = true> = SQLiteColumn<
  Plain<Table, Name, NotNull> & Text & { columnType: "SQLiteText" },
  {},
  { length: number | undefined }
>;

type PgText<Table extends string, Name extends string, NotNull extends boolean = true> = PgColumn<
  Plain<Table, Name, NotNull> & Text & { columnType: "PgText" }
>;

/** The table of stored answers in SQLite. */
export type SQLiteIdempotencyTable<Name extends string = string> = SQLiteTableWithColumns<{
  name: Name;
  schema: undefined;
  dialect: "sqlite";
  columns: {
    caller: SQLiteText<Name, "caller">;
    key: SQLiteText<Name, "key">;
    request: SQLiteText<Name, "request">;
    answer: SQLiteText<Name, "answer", false>;
    createdAt: SQLiteColumn<
      Plain<Name, "created_at", true> & Moment & { columnType: "SQLiteTimestamp"; driverParam: number }
    >;
  };
}>;

/** The table of stored answers in PostgreSQL. */
export type PgIdempotencyTable<Name extends string = string> = PgTableWithColumns<{
  name: Name;
  schema: undefined;
  dialect: "pg";
  columns: {
    caller: PgText<Name, "caller">;
    key: PgText<Name, "key">;
    request: PgText<Name, "request">;
    answer: PgText<Name, "answer", false>;
    createdAt: PgColumn<
      Plain<Name, "created_at", true> & Moment & { columnType: "PgTimestamp"; driverParam: string }
    >;
  };
}>;

/** A table of stored answers, of either database. */
export type IdempotencyTable = SQLiteIdempotencyTable | PgIdempotencyTable;

/**
 * The table that holds the answers of writes that were sent under an `Idempotency-Key`: for your Drizzle schema, so that
 * your migrations make it, and for the option `idempotency` of the route. It has a row for each key of each caller: what was
 * asked, as a hash, and what was answered, as JSON. No resource may show it.
 *
 * @param dialect The database that the schema is for.
 * @param name What the table is called, `idempotency` by default.
 * @example
 * export const idempotency = idempotencyTable("sqlite");
 * export const idempotency = idempotencyTable("postgresql", "stored_answers");
 */
export function idempotencyTable<Name extends string = "idempotency">(
  dialect: "sqlite",
  name?: Name,
): SQLiteIdempotencyTable<Name>;
export function idempotencyTable<Name extends string = "idempotency">(
  dialect: "postgresql",
  name?: Name,
): PgIdempotencyTable<Name>;
export function idempotencyTable(
  dialect: "sqlite" | "postgresql",
  name: string = "idempotency",
): IdempotencyTable {
  if (dialect === "sqlite") return inSQLite(name);
  if (dialect === "postgresql") return inPostgreSQL(name);
  throw new RangeError('idempotencyTable: expected "sqlite" or "postgresql"');
}

const inSQLite = (name: string): SQLiteIdempotencyTable =>
  sqliteTable(
    name,
    {
      caller: text("caller").notNull(),
      key: text("key").notNull(),
      request: text("request").notNull(),
      answer: text("answer"),
      createdAt: integer("created_at", { mode: "timestamp_ms" }).notNull(),
    },
    (table) => [
      primaryKey({ columns: [table.caller, table.key] }),
      index(`${name}_created_at`).on(table.createdAt),
    ],
  );

const inPostgreSQL = (name: string): PgIdempotencyTable =>
  pgTable(
    name,
    {
      caller: pgText("caller").notNull(),
      key: pgText("key").notNull(),
      request: pgText("request").notNull(),
      answer: pgText("answer"),
      createdAt: timestamp("created_at", { withTimezone: true }).notNull(),
    },
    (table) => [
      pgKey({ columns: [table.caller, table.key] }),
      pgIndex(`${name}_created_at`).on(table.createdAt),
    ],
  );
