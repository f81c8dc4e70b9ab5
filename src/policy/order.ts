import type { ColumnInfo, TableInfo } from "../schema/schema.ts";
import type { AnyRule } from "./any.ts";
import { isMap } from "./keys.ts";
import type { FurtherKey, OrderKey } from "./policy.ts";

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

/** Whether a key is a column of the rows themselves. */
export const isOfColumn = (key: OrderKey | FurtherKey): key is OrderKey => key.column !== undefined;

/** Whether a key of a rule's order begins with a relation: of the table, or one that its author names. */
export function leadsOn(key: string, rule: AnyRule, { relations }: TableInfo): boolean {
  for (const first of beginningsOf(key))
    if (relations.has(first) || Object.hasOwn(rule.with ?? {}, first)) return true;
  return false;
}

/** What a key may begin with, the longest first: all of it, and what stands before each of its dots. */
export function* beginningsOf(key: string): Iterable<string> {
  for (let end = key.length; end > 0; end = key.lastIndexOf(".", end - 1)) yield key.slice(0, end);
}

/** What stands where a key's direction is expected. */
export const expectedSort = (wish: unknown): string =>
  isMap(wish)
    ? 'expected { sort, nulls }: "asc", "desc", 1 or -1, and "first" or "last"'
    : 'expected "asc", "desc", 1 or -1';
