import type { ColumnInfo, TableInfo } from "../schema/schema.ts";
import type { OrderKey } from "./policy.ts";

/** Whether the database can sort by a column at all; PostgreSQL cannot by some types. */
export const hasOrder = ({ compares }: ColumnInfo): boolean => compares !== "nothing";

/** An order that leaves no two rows equal, so that pages never overlap. */
export function makeTotal(
  keys: readonly OrderKey[],
  table: TableInfo,
  readable: ReadonlyMap<string, ColumnInfo>,
): readonly OrderKey[] {
  const rest = tieBreakers(table, readable, new Set(keys.map(({ column }) => column)));
  return [...keys, ...rest.map((column): OrderKey => ({ column, direction: "asc" }))];
}

/**
 * What an order ends with: the primary key. Rows of a table without one are told apart by what the client may read, never
 * by what is hidden.
 */
export function tieBreakers(
  { primaryKey }: TableInfo,
  readable: ReadonlyMap<string, ColumnInfo>,
  named: ReadonlySet<ColumnInfo>,
): readonly ColumnInfo[] {
  const unique = primaryKey.length > 0 ? primaryKey : [...readable.values()].filter(hasOrder);
  return unique.filter((column) => !named.has(column));
}
