import type { Column, Table } from "drizzle-orm";
import { configOf, type IndexConfig, type TableConfig } from "../drizzle/drizzle.ts";
import type { ColumnInfo } from "./column.ts";

/** What of an index says which rows it finds. */
export interface Index {
  /** Its columns in order, by their names in the database; `undefined` where one is an expression. */
  readonly columns: readonly (string | undefined)[];
  /** Whether it holds some rows only. */
  readonly partial: boolean;
  /** Whether no two rows have the same values in it. */
  readonly unique: boolean;
  /** Whether it has rows in order, and so those of a range in one stretch. */
  readonly ordered: boolean;
}

const known = new WeakMap<Table, readonly Index[] | undefined>();

/** The indexes that the schema says a table has and that find equal values, keys among them; `undefined` for what is no table. */
export function indexesOf(table: Table): readonly Index[] | undefined {
  if (known.has(table)) return known.get(table);
  const config = configOf(table);
  const indexes = config && readIndexes(config);
  known.set(table, indexes);
  return indexes;
}

/**
 * Whether the schema has an index by which rows with given values are found: one that begins with one of the columns.
 * Rows of a filter may be found by an index of some rows only. What is no table is taken to have what it needs.
 */
export function isIndexed(table: Table, columns: readonly ColumnInfo[], filtered: boolean): boolean {
  const names = new Set<string | undefined>(columns.map(({ column }) => column.name));
  const indexes = indexesOf(table);
  return (
    indexes === undefined ||
    indexes.some(({ columns: [first], partial }) => names.has(first) && (filtered || !partial))
  );
}

function readIndexes({ columns, primaryKeys, uniqueConstraints, indexes }: TableConfig): readonly Index[] {
  return [
    ...columns.filter(({ primary, isUnique }) => primary || isUnique).map((column) => keyOf([column])),
    ...[...primaryKeys, ...uniqueConstraints].map((key) => keyOf(key.columns)),
    ...indexes.filter(({ config }) => findsEqual(config)).map(({ config }) => indexOf(config)),
  ];
}

const keyOf = (columns: readonly Column[]): Index => ({
  columns: columns.map(({ name }) => name),
  partial: false,
  unique: true,
  ordered: true,
});

const indexOf = ({ columns, where, unique = false, method = "btree" }: IndexConfig): Index => ({
  columns: columns.map((column) => ("name" in column ? String(column.name) : undefined)),
  partial: where !== undefined,
  unique,
  ordered: method === "btree",
});

/** Of PostgreSQL's methods two find equal values of any type. */
const findsEqual = ({ method = "btree" }: IndexConfig): boolean => method === "btree" || method === "hash";
