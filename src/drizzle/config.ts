import { type Column, is, type SQL, type Table } from "drizzle-orm";
import { getTableConfig as configOfPg, PgTable } from "drizzle-orm/pg-core";
import { getTableConfig as configOfSQLite, SQLiteTable } from "drizzle-orm/sqlite-core";

/** What the configurations of a table of either database have in common. */
export interface TableConfig {
  readonly columns: readonly Column[];
  readonly primaryKeys: readonly { readonly columns: readonly Column[] }[];
  readonly uniqueConstraints: readonly { readonly columns: readonly Column[] }[];
  readonly foreignKeys: readonly ForeignKey[];
  readonly indexes: readonly { readonly config: IndexConfig }[];
}

/** A reference to rows of another table. */
export interface ForeignKey {
  reference(): {
    readonly columns: readonly Column[];
    readonly foreignColumns: readonly Column[];
    readonly foreignTable: Table;
  };
  /** What becomes of a row whose other is deleted, or gets another key. */
  readonly onDelete: string | undefined;
  readonly onUpdate: string | undefined;
}

/** An index. */
export interface IndexConfig {
  /** Columns and expressions. */
  readonly columns: readonly object[];
  readonly where?: SQL | undefined;
  readonly unique?: boolean | undefined;
  readonly method?: string | undefined;
}

/** What its author said of a table beside its columns; `undefined` for what is a table of neither database. */
export function configOf(table: Table): TableConfig | undefined {
  if (is(table, SQLiteTable)) return configOfSQLite(table);
  return is(table, PgTable) ? configOfPg(table) : undefined;
}
