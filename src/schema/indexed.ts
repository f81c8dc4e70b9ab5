import type { Column, Table } from "drizzle-orm";
import { configOf, type IndexConfig, type TableConfig } from "../drizzle/drizzle.ts";
import type { ColumnInfo } from "./column.ts";

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
  const config = configOf(table);
  return (
    config === undefined ||
    keysOf(config).some(({ first, partial }) => names.has(first) && (filtered || !partial))
  );
}

function keysOf({ columns, primaryKeys, uniqueConstraints, indexes }: TableConfig): readonly Key[] {
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
