import { invalidValue, quote, unknownColumn } from "../error.ts";
import { hasOrder, makeTotal, type NodePolicy, type OrderKey } from "../policy/policy.ts";
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
  const asked =
    wish !== undefined && wish.length > 0 ? wish.map((key) => readKey(key, policy, path)) : undefined;
  // Computed fields alone may be aggregates, and those have no row to be ordered by.
  const mayBeOne = projected.columns.length === 0 && projected.extras.size > 0 && !rows;
  if (mayBeOne && ![...projected.extras.keys()].every((name) => policy.ofOneRow.has(name)))
    return asked ?? policy.orderBy;
  return asked === undefined ? policy.totalOrder : makeTotal(asked, policy.table, policy.readable);
}

function readKey({ column, direction }: Ordering, policy: NodePolicy, path: string): OrderKey {
  const readable = policy.readable.get(column);
  if (readable === undefined) throw unknownColumn(column, path, policy.readable.keys());
  if (!hasOrder(readable)) throw invalidValue(`values of ${quote(column)} have no order`, path);
  return { column: readable, direction };
}
