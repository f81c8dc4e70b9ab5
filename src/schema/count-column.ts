import { bigint, pgTable } from "drizzle-orm/pg-core";
import { integer, sqliteTable } from "drizzle-orm/sqlite-core";
import { type ColumnInfo, readColumn } from "./column.ts";
import type { DatabaseKind } from "./kind.ts";

const counting = (column: Parameters<typeof readColumn>[2]): ColumnInfo => ({
  ...readColumn("count", 0, column, []),
  foreign: false,
});

const COLUMNS: Readonly<Record<DatabaseKind, ColumnInfo>> = {
  sqlite: counting(sqliteTable("~count", { count: integer().notNull() }).count),
  postgresql: counting(pgTable("~count", { count: bigint({ mode: "number" }).notNull() }).count),
};

/** What a number of rows compares as: a column of whole numbers, which no table has. */
export const countColumn = (database: DatabaseKind): ColumnInfo => COLUMNS[database];
