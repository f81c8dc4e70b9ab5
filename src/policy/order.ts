import type { TableInfo } from "../schema/schema.ts";
import type { OrderKey } from "./policy.ts";

/** An order that leaves no two rows equal, so that pages never overlap: it ends with the primary key, or with every column. */
export function makeTotal(
  keys: readonly OrderKey[],
  { primaryKey, columns }: TableInfo,
): readonly OrderKey[] {
  const named = new Set(keys.map(({ column }) => column));
  const unique = primaryKey.length > 0 ? primaryKey : [...columns.values()];
  const rest = unique.filter((column) => !named.has(column));
  return [...keys, ...rest.map((column): OrderKey => ({ column, direction: "asc" }))];
}
