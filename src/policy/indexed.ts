import { type Column, is, type SQL, type Table } from "drizzle-orm";
import { getTableConfig as configOfPg, PgTable } from "drizzle-orm/pg-core";
import { getTableConfig as configOfSQLite, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { ColumnInfo } from "../schema/schema.ts";

/** What of an index says whether it finds rows by equal values. */
interface Key {
  /** The first of its columns, by its name in the database; `undefined` where it is an expression. */
  readonly first: string | undefined;
  /** Whether it holds some rows only. */
  readonly partial: boolean;
}

/**
 * Whether the schema has an index by which rows with given values are found: one that begins with one of the columns.
 * Rows of a filter may be found by an index of some rows only. What is no table is taken to have what it needs.
 */
export function isIndexed(table: Table, columns: readonly ColumnInfo[], filtered: boolean): boolean {
  const names = new Set<string | undefined>(columns.map(({ column }) => column.name));
  const keys = keysOf(table);
  return keys === undefined || keys.some(({ first, partial }) => names.has(first) && (filtered || !partial));
}

function keysOf(table: Table): readonly Key[] | undefined {
  if (is(table, SQLiteTable)) return allOf(configOfSQLite(table));
  return is(table, PgTable) ? allOf(configOfPg(table)) : undefined;
}

/** What the configurations of both databases have in common. */
interface Config {
  readonly columns: readonly Column[];
  readonly primaryKeys: readonly { readonly columns: readonly Column[] }[];
  readonly uniqueConstraints: readonly { readonly columns: readonly Column[] }[];
  readonly indexes: readonly { readonly config: IndexConfig }[];
}

interface IndexConfig {
  /** Columns and expressions. */
  readonly columns: readonly object[];
  readonly where?: SQL | undefined;
  readonly method?: string | undefined;
}

function allOf({ columns, primaryKeys, uniqueConstraints, indexes }: Config): readonly Key[] {
  const whole = (first: Column | undefined): Key => ({ first: first?.name, partial: false });
  return [
    ...columns.filter(({ primary, isUnique }) => primary || isUnique).map(whole),
    ...[...primaryKeys, ...uniqueConstraints].map((key) => whole(key.columns[0])),
    ...indexes.filter(({ config }) => findsEqual(config)).map(({ config }) => keyOf(config)),
  ];
}

const keyOf = ({ columns: [first], where }: IndexConfig): Key => ({
  first: first !== undefined && "name" in first ? String(first.name) : undefined,
  partial: where !== undefined,
});

/** Of PostgreSQL's methods two find equal values of any type. */
const findsEqual = ({ method = "btree" }: IndexConfig): boolean => method === "btree" || method === "hash";
