import { invalidValue, quote, unknownColumn } from "../error.ts";
import { hasOrder, tieBreakers } from "../policy/policy.ts";
import type { Ordering } from "../request/request.ts";
import { columnExpression, type Ordered, typeOf } from "./expression.ts";
import type { Projected } from "./project.ts";
import type { SecuredRelation } from "./secured.ts";

/** The client's order, else the rule's, made total by the primary key so that pages never overlap. */
export function order(
  wish: readonly Ordering[] | undefined,
  secured: SecuredRelation,
  { selected, extras }: Projected,
  rows: boolean,
  path: string,
): readonly Ordered[] {
  const { policy } = secured;
  const asked =
    wish !== undefined && wish.length > 0 ? wish.map((key) => readKey(key, secured, path)) : undefined;
  // Computed fields alone may be aggregates, and those have no row to be ordered by.
  const mayBeOne = selected.length === 0 && extras.size > 0 && !rows;
  if (mayBeOne && ![...extras.keys()].every((name) => policy.ofOneRow.has(name)))
    return asked ?? secured.orderBy;
  return asked === undefined ? secured.totalOrder : makeTotal(asked, secured);
}

function readKey({ column, direction }: Ordering, { readable }: SecuredRelation, path: string): Ordered {
  const expression = readable.get(column);
  if (expression === undefined) throw unknownColumn(column, path, readable.keys());
  if (!hasOrder(typeOf(expression))) throw invalidValue(`values of ${quote(column)} have no order`, path);
  return { expression, direction };
}

function makeTotal(keys: readonly Ordered[], { table, policy }: SecuredRelation): readonly Ordered[] {
  const named = new Set(keys.map(({ expression }) => expression.column));
  const rest = tieBreakers(table, policy.readable, named);
  return [
    ...keys,
    ...rest.map((column): Ordered => ({ expression: columnExpression(column), direction: "asc" })),
  ];
}
