import { unknownColumn } from "../error.ts";
import type { NodePolicy, OrderKey } from "../policy/policy.ts";
import type { Ordering } from "../request/request.ts";
import type { Projected } from "./project.ts";

/** The client's order, else the rule's, made total by the primary key so that pages never overlap. */
export function order(
  wish: readonly Ordering[] | undefined,
  policy: NodePolicy,
  projected: Projected,
  rows: boolean,
  path: string,
): readonly OrderKey[] {
  const keys =
    wish === undefined || wish.length === 0
      ? policy.orderBy
      : wish.map((ordering) => readKey(ordering, policy, path));
  // Computed fields alone may be aggregates, and those have no row to be ordered by.
  if (projected.columns.length === 0 && projected.extras.size > 0 && !rows) return keys;
  return [...keys, ...tieBreak(keys, policy)];
}

function readKey({ column, direction }: Ordering, policy: NodePolicy, path: string): OrderKey {
  const readable = policy.readable.get(column);
  if (readable === undefined) throw unknownColumn(column, path, policy.readable.keys());
  return { column: readable, direction };
}

function tieBreak(keys: readonly OrderKey[], { table }: NodePolicy): readonly OrderKey[] {
  const named = new Set(keys.map((key) => key.column));
  const unique = table.primaryKey.length > 0 ? table.primaryKey : [...table.columns.values()];
  return unique
    .filter((column) => !named.has(column))
    .map((column) => ({ column, direction: "asc" }) as const);
}
