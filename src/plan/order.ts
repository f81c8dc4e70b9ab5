import { invalidValue, quote } from "../error.ts";
import { hasOrder, type RelationPolicy, tieBreakers } from "../policy/policy.ts";
import type { Ordering } from "../request/request.ts";
import { countColumn } from "../schema/schema.ts";
import { COUNT } from "./count-value.ts";
import { type Expression, isCell, type Ordered, typeOf } from "./expression.ts";
import type { FilterTools } from "./filter.ts";
import { type Ground, relationIn, step, unknownName } from "./ground.ts";
import type { Mentions } from "./mentions.ts";
import type { Projected } from "./project.ts";
import { type SecuredRelation, securedBy } from "./secured.ts";

/** What an order is read with. */
export interface OrderTools extends FilterTools {
  /** Whether its rows are answered for more than what is computed of them. */
  readonly rows: boolean;
  /** Whether it says which rows come first, and not only how those are told apart that are there. */
  readonly list: boolean;
}

/** The client's order, else the rule's, made total by the primary key so that pages never overlap. */
export function order(
  wish: readonly Ordering[] | undefined,
  ground: Ground,
  { selected, extras }: Projected,
  tools: OrderTools,
  path: string,
): readonly Ordered[] {
  const { secured } = ground;
  const { policy } = secured;
  const asked =
    wish !== undefined && wish.length > 0 ? readKeys(wish, ground, tools, path) : keysOfRule(secured, tools);
  // Computed fields alone may be aggregates, and those have no row to be ordered by.
  const mayBeOne = selected.length === 0 && extras.size > 0 && !tools.rows;
  if (mayBeOne && ![...extras.keys()].every((name) => policy.ofOneRow.has(name)))
    return asked ?? secured.orderBy;
  return asked === undefined ? secured.totalOrder : makeTotal(asked, secured);
}

const readKeys = (
  wish: readonly Ordering[],
  ground: Ground,
  tools: FilterTools,
  path: string,
): readonly Ordered[] =>
  wish.map(({ key, direction, nulls }) => ({
    expression: readExpression(key, ground, tools, path),
    direction,
    nulls,
  }));

/** The keys of a rule's own order, where some of them lead through relations; to none of these rows, rows stand alike. */
function keysOfRule(
  secured: SecuredRelation,
  { mentions, list }: OrderTools,
): readonly Ordered[] | undefined {
  const { orderBy } = secured.policy;
  if (!list || orderBy.every(({ column }) => column !== undefined)) return undefined;
  return orderBy.flatMap((key) => {
    const { column, direction, nulls } = key;
    const expression = column === undefined ? keyOfRule(key.key, secured, mentions) : secured.seen(column);
    return expression === undefined ? [] : [{ expression, direction, nulls }];
  });
}

/** What a key of a rule's order says for this caller, to whom the rules on its way may let out nothing. */
function keyOfRule(key: string, secured: SecuredRelation, mentions: Mentions): Expression | undefined {
  const column = secured.table.columns.get(key);
  if (column !== undefined) return secured.seen(column);
  const relation = relationIn(key, { secured });
  if (relation === undefined) return undefined;
  const { policy, rest } = relation;
  if (policy.relation.kind === "many") return rest === COUNT ? counting(policy, mentions) : undefined;
  const value = keyOfRule(rest, securedBy(policy), mentions);
  return value && { kind: "path", column: value.column, link: mentions.link(policy), value };
}

const counting = (policy: RelationPolicy, mentions: Mentions): Expression => ({
  kind: "count",
  column: countColumn(policy.table.database),
  counted: { link: mentions.link(policy), where: undefined },
});

/**
 * What a key of an order says: a column, a path to one, or the number of rows of a relation.
 *
 * @throws QueryError for what is unknown, has no order, or may not be sorted by.
 */
function readExpression(key: string, ground: Ground, tools: FilterTools, path: string): Expression {
  const cell = ground.secured.readable.get(key);
  if (cell !== undefined) {
    if (!hasOrder(typeOf(cell))) throw invalidValue(`values of ${quote(key)} have no order`, path);
    return cell;
  }
  if (key === RANK && ground.secured.policy.search !== undefined) return rankOf(ground, path);
  const relation = relationIn(key, ground);
  if (relation === undefined) throw unknownName(key, ground, path);
  const { policy, rest } = relation;
  const { budget, mentions } = tools;
  budget.addCondition(path);
  if (policy.relation.kind === "many") {
    if (rest !== COUNT)
      throw invalidValue(
        `${quote(policy.relation.name)} leads to many rows`,
        path,
        "sort by how many: `.count`",
      );
    step(policy, ground, ["orderBy", "count"], path);
    return counting(policy, mentions);
  }
  if (rest === "") throw invalidValue(`${quote(key)} is a row`, path, "sort by a column of it");
  const next = step(policy, ground, ["orderBy"], path);
  const link = mentions.link(policy);
  const value = readExpression(rest, next, tools, path);
  return { kind: "path", column: value.column, link, value };
}

/** The word that means how well a row fits the words that are looked for. */
export const RANK = "search";

function rankOf({ secured, search }: Ground, path: string): Expression {
  if (search === undefined)
    throw invalidValue("nothing is looked for, so that no row fits better", path, "add search:'…'");
  return { kind: "rank", column: countColumn(secured.table.database), search };
}

function makeTotal(keys: readonly Ordered[], { table, policy, seen }: SecuredRelation): readonly Ordered[] {
  const named = new Set(keys.flatMap(({ expression }) => (isCell(expression) ? [expression.column] : [])));
  const rest = tieBreakers(table, policy.readable, named);
  return [...keys, ...rest.map((column): Ordered => ({ expression: seen(column), direction: "asc" }))];
}
